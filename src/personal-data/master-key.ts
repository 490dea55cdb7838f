/**
 * The master key: from `PERSONAL_DATA_KEY`, else from `personal-data.key` in the hub's home, which is made at the first start and
 * readable by its owner alone. Whoever has it and the NATS data can read everything; without it nobody can, the hub not
 * either, so it is kept apart from the backups of the data.
 */
import { createHmac, randomBytes } from "node:crypto"
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs"
import { dirname, join } from "node:path"
import { KEY_BYTES } from "./sealing.ts"

/** The message names the file or the variable, and never the key. */
export class WrongMasterKey extends Error {
  override readonly name = "WrongMasterKey"
}

/** Tells keys apart, and says nothing of them. */
export const keyFingerprint = (key: Buffer): string =>
  createHmac("sha256", key).update("holdfast master key").digest("hex").slice(0, 16)

export const MASTER_KEY_FILE = "personal-data.key"
const OTHERS = 0o077

/** `mayMake`: where there is none one is made; for the hub alone. Throws `WrongMasterKey`. */
export const masterKey = (given: string | undefined, home: string, mayMake: boolean): Buffer => {
  if (given !== undefined && given !== "") {
    return decoded(given, "PERSONAL_DATA_KEY must be 32 bytes in base64, as `openssl rand -base64 32` prints.")
  }
  const path = join(home, MASTER_KEY_FILE)
  try {
    return readFrom(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
    if (!mayMake) throw new WrongMasterKey(`There is no ${path}: set HOLDFAST_HOME to the hub's, or PERSONAL_DATA_KEY.`)
    make(path)
    return readFrom(path)
  }
}

const decoded = (text: string, otherwise: string): Buffer => {
  const key = Buffer.from(text.trim(), "base64")
  if (key.length !== KEY_BYTES || !/^[A-Za-z0-9+/]{43}=$/.test(text.trim())) throw new WrongMasterKey(otherwise)
  return key
}

const readFrom = (path: string): Buffer => {
  const text = readFileSync(path, "utf8")
  if ((statSync(path).mode & OTHERS) !== 0) {
    throw new WrongMasterKey(`${path} can be read by others: run chmod 600 on it, and think of who may have read it.`)
  }
  return decoded(text, `${path} holds no key of 32 bytes in base64: put back the one that the data was sealed with.`)
}

/** Whole or not at all, and never over another: of two hubs that start at once one makes it and both read it. */
const make = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true })
  const draft = `${path}.${randomBytes(4).toString("hex")}`
  const file = openSync(draft, "wx", 0o600)
  try {
    writeSync(file, `${randomBytes(KEY_BYTES).toString("base64")}\n`)
    fsyncSync(file)
    linkSync(draft, path)
    // What is sealed with it must not outlive it.
    const folder = openSync(dirname(path), "r")
    fsyncSync(folder)
    closeSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
  } finally {
    closeSync(file)
    rmSync(draft, { force: true })
  }
}
