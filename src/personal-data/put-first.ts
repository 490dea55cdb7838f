/**
 * Values that are put only where nothing stands. Nobody looks before: of those who come for the first time, most, that is one
 * question fewer each.
 */
import { Effect } from "effect"
import { EXPECTED, type NatsShape, publishAcked, WRONG_LAST_SEQUENCE } from "../../streams/nats/connection.ts"
import { bucketSubject } from "../../streams/subjects.ts"

/** `false`: a value stands there, or a marker in the place of one. Rejects with `PublishFailed`. */
export type PutFirst = (key: string, value: Uint8Array) => Promise<boolean>

const PUT_MS_MAX = 5_000
const NOTHING_THERE = { [EXPECTED]: "0" }

/** One by one, also what comes together: a batch is written to another place first, and what is erased must have stood nowhere else. */
export const putFirstIn =
  ({ publisher }: NatsShape, bucket: string): PutFirst =>
  (key, value) =>
    Effect.runPromise(
      publishAcked(publisher, bucketSubject(bucket, key), value, {
        headers: NOTHING_THERE,
        timeoutMs: PUT_MS_MAX
      }).pipe(
        Effect.as(true),
        Effect.catchIf(
          ({ code }) => WRONG_LAST_SEQUENCE.has(code),
          () => Effect.succeed(false)
        )
      )
    )
