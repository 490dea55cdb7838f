/**
 * The page's wall clock with a resolution finer than a millisecond.
 *
 * `Date.now()` counts whole milliseconds, too coarse for a latency below one; `performance.now()` is fine-grained but
 * stands still while the machine sleeps. So the fine clock is used and set by the coarse one when they drift apart.
 */

/** Above this the two clocks disagree about more than rounding: the machine slept, or its clock was set. */
const DRIFT_MS_MAX = 5

let offsetMs = performance.timeOrigin

/** Milliseconds since the epoch, with a fraction. */
export const nowMs = (): number => {
  const fineMs = offsetMs + performance.now()
  const coarseMs = Date.now()
  if (Math.abs(fineMs - coarseMs) <= DRIFT_MS_MAX) return fineMs
  offsetMs = coarseMs - performance.now()
  return coarseMs
}
