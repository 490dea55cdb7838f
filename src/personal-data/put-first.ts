/**
 * Values that are put only where nothing stands. Nobody looks before: of those who come for the first time, most, that is one
 * question fewer each, and what many put at once goes to the server at a stroke.
 */
import { Effect } from "effect"
import { EXPECTED, type NatsShape, WRONG_LAST_SEQUENCE } from "../../streams/nats/connection.ts"
import { GroupPublisher } from "../../streams/nats/group-publisher.ts"
import { bucketSubject } from "../../streams/subjects.ts"

/** `false`: a value stands there, or a marker in the place of one. */
export type PutFirst = (key: string, value: Uint8Array) => Promise<boolean>

const PUT_MS_MAX = 5_000
const NOTHING_THERE = { [EXPECTED]: "0" }

/** No batches: what is erased must not stand anywhere else in the server's files. */
export const putFirstIn = (nats: NatsShape, bucket: string): PutFirst => {
  const stream = new GroupPublisher({ nats, timeoutMs: PUT_MS_MAX, mayBatch: false })
  return (key, data) =>
    Effect.runPromise(
      Effect.matchEffect(stream.publish({ subject: bucketSubject(bucket, key), data, headers: NOTHING_THERE }), {
        onSuccess: () => Effect.succeed(true),
        onFailure: (failed) => (WRONG_LAST_SEQUENCE.has(failed.code) ? Effect.succeed(false) : Effect.fail(failed))
      })
    )
}
