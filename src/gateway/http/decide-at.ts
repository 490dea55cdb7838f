/**
 * One decision at a desk, the same whatever it is about: stored behind what it was made on, then told of as it stands.
 */
import { Effect } from "effect"
import type { Desk } from "../../../streams/desk.ts"
import type { Refusal, RefusalCode } from "../protocol.ts"

type Decided<Event> =
  | { readonly ok: true; readonly event: Event | undefined }
  | { readonly ok: false; readonly code: RefusalCode; readonly message: string }

interface At<Event> {
  readonly desk: Desk<Event>
  readonly subject: string
  /** The sentence for the client while the desk cannot be read or written. */
  readonly unreadable: string
}

/** What is the newest then; `undefined`: nothing was ever decided. Fails with the refusal, or with that sentence. */
export const decideAt = <Event>(
  { desk, subject, unreadable }: At<Event>,
  decide: (newest: Event | undefined) => Decided<Event>
): Effect.Effect<Event | undefined, Refusal | string> =>
  desk
    .change<Effect.Effect<Event | undefined, Refusal>>(subject, (newest) => {
      const decided = decide(newest)
      return decided.ok
        ? { event: decided.event, answer: Effect.succeed(decided.event ?? newest) }
        : { event: undefined, answer: Effect.fail(decided) }
    })
    .pipe(
      Effect.mapError(() => unreadable),
      Effect.flatten
    )
