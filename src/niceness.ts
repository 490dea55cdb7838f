/**
 * What is derived steps back for what decides: where there is more to do than processors, the hub and its journal go first.
 * It is on Linux that a thread has a priority of its own, and that every session of processes has one as a whole
 * (sched(7), autogroups), without which a server alone in its session would weigh as much as the hub with all its threads.
 */
import { readlinkSync, writeFileSync } from "node:fs"
import { getPriority, setPriority } from "node:os"

export const NICENESS = 10

/** Elsewhere, or where it is not allowed: fairness is lost, nothing else. */
const tried = (act: () => void): void => {
  try {
    act()
  } catch {
    // As before.
  }
}

/** Never forward, where all of it was told to step back further. */
const stepBack = (id: number): void => setPriority(id, Math.max(NICENESS, getPriority(id)))

/** The thread that calls it. */
export const stepBackThread = (): void =>
  tried(() => {
    const [, threadId] = /task\/(\d+)$/.exec(readlinkSync("/proc/thread-self")) ?? []
    if (threadId !== undefined) stepBack(Number(threadId))
  })

/** A process that leads a session of its own, before it has started others. */
export const stepBackSession = (pid: number): void => {
  tried(() => stepBack(pid))
  tried(() => writeFileSync(`/proc/${pid}/autogroup`, String(NICENESS)))
}
