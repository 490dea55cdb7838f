/**
 * Which process serves a data directory: a note beside the data, and whether it still tells the truth.
 *
 * Process numbers are used again, so a note counts only while that process names the directory in its command line.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

export interface ProcessNote {
  readonly pid: number
  readonly port: number
}

const notePath = (directory: string): string => join(directory, "holdfast-process.json")

export const writeNote = (directory: string, note: ProcessNote): void =>
  writeFileSync(notePath(directory), JSON.stringify(note))

export const removeNote = (directory: string): void => rmSync(notePath(directory), { force: true })

/** The process that was left behind with this directory's data and still runs; `undefined` when there is none. */
export const leftBehind = (directory: string): ProcessNote | undefined => {
  try {
    const note = JSON.parse(readFileSync(notePath(directory), "utf8")) as ProcessNote
    return isAlive(note.pid) && names(note.pid, directory) ? note : undefined
  } catch {
    return undefined
  }
}

/** Settles when the process has ended; not its parent, we can only ask again and again. Keeps no program alive. */
export const gone = async (pid: number): Promise<null> => {
  while (isAlive(pid)) await sleep(GONE_POLL_MS, undefined, { ref: false })
  return null
}

const GONE_POLL_MS = 200

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Another user's process answers EPERM, and it lives.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false
  }
  return !isZombie(pid)
}

/** A killed child of a killed hub may wait for ever for somebody to ask for its exit code. */
const isZombie = (pid: number): boolean => {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

/**
 * The directory or a file in it. Where there is no /proc the process number and, for whoever adopts it, the port's answer
 * must do.
 */
const names = (pid: number, directory: string): boolean => {
  const commandLine = `/proc/${pid}/cmdline`
  if (!existsSync(commandLine)) return true
  const given = readFileSync(commandLine, "utf8").split("\0")
  return given.some((argument) => argument === directory || argument.startsWith(`${directory}/`))
}
