/**
 * One folder for all that a test run makes, and the end of it: whatever still runs in it, after a crash or a kill as
 * well, is ended and everything is deleted. What belongs to a run is known by the folder's name, in a process's command
 * line (servers) or environment (hubs and browsers, which are told to keep their files there).
 */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isReachable } from "./home.mjs"

const PREFIX = "holdfast-run-"

/** As root, PostgreSQL runs as another user, who has to reach its files. */
const baseFolder = () => (process.getuid?.() !== 0 || isReachable(tmpdir()) ? tmpdir() : "/tmp")

const read = (path) => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === "EPERM"
  }
}

/** Other processes of this machine that name the folder. Without /proc none are found, and only ends in order clean up. */
const processesIn = (folder) =>
  (existsSync("/proc") ? readdirSync("/proc") : [])
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`].some((path) => read(path).includes(folder)))
    .map(Number)

/** Ends what still runs in the folder and deletes it. Nothing in it is worth an orderly end. */
export const clearRunFolder = (folder) => {
  for (const pid of processesIn(folder)) {
    try {
      process.kill(pid, "SIGKILL")
    } catch {
      // It has ended meanwhile, or another user's process only mentions the folder.
    }
  }
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  } catch {
    // What cannot be deleted now is deleted by the next run.
  }
}

const owner = (folder) => Number(read(join(folder, "owner")))

/** Runs of this user whose owner was killed; others' folders cannot be read or deleted, and are left alone. */
const clearAbandoned = (base) => {
  for (const name of readdirSync(base)) {
    const folder = join(base, name)
    if (name.startsWith(PREFIX) && owner(folder) > 0 && !isAlive(owner(folder))) clearRunFolder(folder)
  }
}

/** A new folder, in which programs that are given `TMPDIR` keep everything. */
export const makeRunFolder = () => {
  const base = baseFolder()
  clearAbandoned(base)
  const folder = mkdtempSync(join(base, PREFIX))
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, "owner"), String(process.pid))
  return folder
}
