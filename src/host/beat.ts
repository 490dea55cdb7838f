/**
 * Chores on a common beat. Three hosts that looked at their clock twenty times a second, each when it suited it, woke an idle
 * process seventy times a second; and what was just asleep finds nothing of its own in the processor's caches.
 */
import { Effect } from "effect"

/** Waits for the next multiple of `everyMs` on the clock, when all with that beat wake together; milliseconds since the epoch. */
export const nextBeat = (everyMs: number): Effect.Effect<number> =>
  Effect.clockWith((clock) =>
    Effect.map(Effect.sleep(everyMs - (clock.currentTimeMillisUnsafe() % everyMs)), () =>
      clock.currentTimeMillisUnsafe()
    )
  )
