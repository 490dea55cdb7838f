/**
 * How long to wait before the next try to connect.
 *
 * Exponential, with half of each wait left to chance: after a hub restarts, a thousand open pages spread their
 * returns instead of arriving in step. The caller brings the random number, so the arithmetic can be tested.
 */

export const RETRY = {
  /** The first wait is 125 to 250 ms: a hub that merely restarted its socket is back before anybody reads "offline". */
  baseMs: 250,
  /** A hub that is down for an hour is asked at most every 5 to 10 s. */
  capMs: 10_000
} as const

/** `attempt` counts from 0, `random` is in [0, 1). Milliseconds, from half of the step's ceiling up to all of it. */
export const retryDelayMs = (attempt: number, random: number): number => {
  const ceilingMs = Math.min(RETRY.capMs, RETRY.baseMs * 2 ** Math.min(attempt, 16))
  return Math.round(ceilingMs / 2 + (random * ceilingMs) / 2)
}
