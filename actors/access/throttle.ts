/**
 * Who has failed to sign in waits before trying again: a few tries are free, then each failure doubles the wait.
 *
 * Kept per user name and per address, so neither one name from many addresses nor many names from one address can be
 * tried quickly. Nobody is ever locked out for longer than a quarter of an hour: a stranger who fails on purpose must not
 * be able to keep an administrator out for good.
 */
export interface Failures {
  readonly count: number
  /** Milliseconds since the epoch. */
  readonly lastAt: number
}

/** Typing errors happen. */
export const FREE_TRIES = 5
/** Behind one address may be a whole office, and what one of them gets right says nothing of the others. */
export const FREE_TRIES_OF_ADDRESS = 20
export const WAIT_MS_MIN = 1_000
export const WAIT_MS_MAX = 15 * 60_000
/** After so long without a failure all is forgotten. */
export const FORGIVEN_MS = 60 * 60_000

export const failedAgain = (before: Failures | undefined, at: number): Failures => ({
  count: (before === undefined || isForgiven(before, at) ? 0 : before.count) + 1,
  lastAt: at
})

/** A try that was counted before it was known to be right. */
export const oneLess = ({ count, lastAt }: Failures): Failures => ({ count: count - 1, lastAt })

/** Milliseconds to wait before the next try; 0: now. */
export const waitMs = (failures: Failures | undefined, at: number, freeTries = FREE_TRIES): number => {
  if (failures === undefined || failures.count < freeTries || isForgiven(failures, at)) return 0
  const restMs = Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** Math.min(failures.count - freeTries, 30))
  return Math.max(0, failures.lastAt + restMs - at)
}

const isForgiven = ({ lastAt }: Failures, at: number): boolean => at - lastAt >= FORGIVEN_MS
