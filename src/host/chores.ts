/**
 * What a host does by the clock: ends what is due, whatever becomes of the broker's timers, and tends the actors.
 *
 * All hosts look at the same moments. Three that looked twenty times a second, each when it suited it, woke an idle process seventy
 * times a second; and what was just asleep finds nothing of its own in the processor's caches.
 */
import { Effect } from "effect"
import { DUE_LOOK_EVERY_MS, IDLE_LOOK_EVERY_MS } from "../../config/limits.ts"
import type { ActorBook } from "./kind.ts"
import type { HubMail } from "./mail.ts"

/** What they need of a host, whatever its kind. */
interface Tended {
  readonly book: { readonly deadlines: Pick<ActorBook["deadlines"], "dueBy"> }
  readonly submit: (mail: HubMail) => void
  /** True when there is more of that to do. */
  readonly tend: () => boolean
}

export const chores = (host: Tended): Effect.Effect<never> => {
  const { deadlines } = host.book
  let everyMs = DUE_LOOK_EVERY_MS
  return Effect.forever(
    Effect.map(
      Effect.suspend(() => nextBeat(everyMs)),
      (at) => {
        const isMoreLeft = host.tend()
        if (deadlines.dueBy(at, 1).length > 0) host.submit({ kind: "due" })
        const endsSoon = deadlines.dueBy(at + IDLE_LOOK_EVERY_MS, 1).length > 0
        everyMs = isMoreLeft || endsSoon ? DUE_LOOK_EVERY_MS : IDLE_LOOK_EVERY_MS
      }
    )
  )
}

/** Waits for the next multiple of `everyMs` on the clock; milliseconds since the epoch. */
const nextBeat = (everyMs: number): Effect.Effect<number> =>
  Effect.clockWith((clock) =>
    Effect.map(Effect.sleep(everyMs - (clock.currentTimeMillisUnsafe() % everyMs)), () =>
      clock.currentTimeMillisUnsafe()
    )
  )
