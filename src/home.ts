/**
 * The folder that a hub keeps its things in: one hub for a home, because two would start the same servers on the same data.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect } from "effect"
import { WrongSettings } from "./wrong-settings.ts"

/** Holds the process number of the hub that has the home. */
export const lockPath = (home: string): string => join(resolve(home), "hub.pid")

/** The process of the hub that runs in it; `undefined`: none does, whatever the lock says. */
export const runningHub = (home: string): number | undefined => {
  try {
    const pid = Number(readFileSync(lockPath(home), "utf8"))
    if (pid === process.pid) return undefined
    process.kill(pid, 0)
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("node") ? pid : undefined
  } catch {
    return undefined
  }
}

/** Held until the scope ends. Fails when a hub runs in it. */
export const claimHome = (home: string) =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      mkdirSync(resolve(home), { recursive: true })
      const running = runningHub(home)
      if (running !== undefined) {
        return Effect.fail(
          new WrongSettings({
            message: `A hub (process ${running}) already runs in ${resolve(home)}; stop it, or set HOLDFAST_HOME and PORT for another.`
          })
        )
      }
      writeFileSync(lockPath(home), String(process.pid))
      return Effect.succeed(lockPath(home))
    }),
    (lock) => Effect.sync(() => rmSync(lock, { force: true }))
  )
