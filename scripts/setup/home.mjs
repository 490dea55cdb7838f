/**
 * Where the hub keeps what it makes. As root, PostgreSQL runs as another user, who must be able to reach its files and
 * its programs: a home below a closed directory (such as /root) keeps those two in a folder of /var/lib/holdfast instead.
 */
import { randomBytes } from "node:crypto"
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { SetupFailed } from "./say.mjs"

const OUTSIDE = "/var/lib/holdfast"

/** The hub's home: `HOLDFAST_HOME`, or `.holdfast` where it is started. */
export const homeDirectory = () => resolve(process.env["HOLDFAST_HOME"] || ".holdfast")

/** Throws `SetupFailed` when nothing can be kept there. */
export const ensureHome = (home) => {
  try {
    mkdirSync(home, { recursive: true })
    accessSync(home, constants.W_OK)
  } catch (error) {
    throw new SetupFailed(`Nothing can be written in ${home} (${error.code}); set HOLDFAST_HOME to a folder of yours.`)
  }
}

/** Whether everybody may pass through every directory down to `path`. */
export const isReachable = (path) => {
  for (let directory = resolve(path); ; directory = dirname(directory)) {
    // A directory that is not there yet is made with the umask of `keepReachable`.
    if (existsSync(directory) && (statSync(directory).mode & 0o001) === 0) return false
    if (directory === dirname(directory)) return true
  }
}

/** As root, what is made from here on can be reached by others; secrets are given closed modes of their own. */
export const keepReachable = () => {
  if (process.getuid?.() === 0) process.umask(0o022)
}

/**
 * The home itself, or as root its stand-in that other users can reach. The home holds a pointer to the stand-in: whoever
 * deletes a home and makes a new one must not find the old one's ledger behind it.
 */
export const reachableHome = (home) => {
  if (process.getuid?.() !== 0 || isReachable(home)) return resolve(home)
  const pointer = join(home, "reachable-home")
  if (existsSync(pointer)) return readFileSync(pointer, "utf8").trim()
  const outside = join(OUTSIDE, randomBytes(6).toString("hex"))
  mkdirSync(outside, { recursive: true })
  mkdirSync(home, { recursive: true })
  writeFileSync(join(outside, "home"), `${resolve(home)}\n`)
  writeFileSync(pointer, `${outside}\n`)
  return outside
}

export const toolsDirectory = (home) => join(reachableHome(home), "tools")
