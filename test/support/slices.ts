/**
 * How long the kernel lets threads run on end, in nanoseconds, as it tells of them.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { release } from "node:os"

const SLICE = /^se\.slice\s*:\s*(\d+)$/m

/** Linux since 6.12, with a Perl beside it. */
export const KNOWS_SLICES = ((): boolean => {
  const [major = 0, minor = 0] = release().split(".").map(Number)
  if (process.platform !== "linux" || major < 6 || (major === 6 && minor < 12)) return false
  return existsSync("/proc/self/sched") && spawnSync("perl", ["-e", "1"]).status === 0
})()

/** Of all threads of a process. */
export const slicesOf = (pid: number): ReadonlyArray<number> =>
  readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(SLICE.exec(readFileSync(`/proc/${pid}/task/${thread}/sched`, "utf8"))?.[1])
  )
