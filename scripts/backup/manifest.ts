/**
 * What a backup holds: written last, so a folder without it is no backup. It carries the checksum of every file, and its own
 * beside it, which finds what was cut off or altered by accident; it is no signature.
 */
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import type { ConsumerConfig, StreamConfig } from "@nats-io/jetstream"
import { writeDurably } from "../../src/durable-file.ts"
import { checksumOf, Damaged } from "./stream-file.ts"

export interface BackedUpConsumer {
  readonly name: string
  readonly config: ConsumerConfig
  /** All up to this sequence of the stream were acknowledged. */
  readonly acknowledged: number
}

export interface BackedUpStream {
  readonly name: string
  readonly config: StreamConfig
  readonly messages: number
  /** Of the first message, or the one that comes next in an empty stream. */
  readonly firstSequence: number
  readonly lastSequence: number
  /** None is missing between: it gets the same sequences again. */
  readonly isWhole: boolean
  readonly consumers: ReadonlyArray<BackedUpConsumer>
  /** SHA-256 of `<name>.gz`. */
  readonly sha256: string
}

export interface BackupManifest {
  readonly v: 1
  /** ISO 8601: the moment up to which the journals are copied, by the NATS server's clock. */
  readonly cutAt: string
  readonly natsVersion: string
  /** Tells master keys apart and says nothing of them; `null` where none was at hand. */
  readonly masterKey: string | null
  readonly streams: ReadonlyArray<BackedUpStream>
}

const NAME = "manifest.json"
const CHECKSUM = "manifest.sha256"

export const streamPath = (folder: string, name: string): string => join(folder, `${name}.gz`)

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

export const writeManifest = (folder: string, manifest: BackupManifest): void => {
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`
  writeDurably(join(folder, CHECKSUM), `${sha256(text)}  ${NAME}\n`)
  writeDurably(join(folder, NAME), text)
}

/** Reads it and every file of the backup once. Fails with `Damaged` when anything is not as it was written. */
export const checkedManifest = async (folder: string): Promise<BackupManifest> => {
  const path = join(folder, NAME)
  if (!existsSync(path)) throw new Damaged(`There is no backup in ${folder}: it has no ${NAME}, which is written last.`)
  const text = readFileSync(path, "utf8")
  const [expected] = existsSync(join(folder, CHECKSUM)) ? readFileSync(join(folder, CHECKSUM), "utf8").split(" ") : []
  if (sha256(text) !== expected) throw new Damaged(`${path} is not as it was written: take another copy of the backup.`)
  const manifest = JSON.parse(text) as BackupManifest
  if (manifest.v !== 1)
    throw new Damaged(`${path} is of version ${String(manifest.v)}, which this release cannot read.`)
  for (const { name, sha256: written } of manifest.streams) {
    const file = streamPath(folder, name)
    if (!existsSync(file)) throw new Damaged(`${file} is missing: take another copy of the backup.`)
    if ((await checksumOf(file)) !== written) {
      throw new Damaged(`${file} is not as it was written: take another copy of the backup.`)
    }
  }
  return manifest
}

/** Whether something is in the folder already. */
export const isTaken = async (folder: string): Promise<boolean> =>
  existsSync(folder) && (await readdir(folder)).length > 0
