/**
 * Several messages to one stream that are stored together or not at all (NATS ADR-50, atomic batch publish), over one round trip.
 * The client's own batch drops what each message expects, and waits once more.
 */
import { nuid } from "@nats-io/transport-node"
import { Effect } from "effect"
import { type NatsShape, type PublishAck, PublishFailed } from "./connection.ts"
import { headersOf } from "./headers.ts"

export interface BatchMessage {
  readonly subject: string
  readonly data: Uint8Array
  /** Of two messages to one subject only the first may say what it expects. */
  readonly headers?: Readonly<Record<string, string>>
}

/** `settled` is told as by `AckPublisher.publish`, of all of them: the acknowledgement is the last message's. */
export const sendBatch = (
  { connection, publisher }: Pick<NatsShape, "connection" | "publisher">,
  messages: ReadonlyArray<BatchMessage>,
  timeoutMs: number,
  settled: (outcome: PublishAck | PublishFailed) => void
): void => {
  const id = nuid.next()
  const fields = (index: number) => ({
    "Nats-Batch-Id": id,
    "Nats-Batch-Sequence": String(index + 1),
    ...messages[index]?.headers
  })
  const last = messages.length - 1
  // A closed connection throws; the last message says so as a failure.
  for (const [index, { data, subject }] of connection.isClosed() ? [] : messages.slice(0, last).entries()) {
    connection.publish(subject, data, { headers: headersOf(fields(index)) })
  }
  const { data, subject } = messages[last] as BatchMessage
  const headers = headersOf({ ...fields(last), "Nats-Batch-Commit": "1" })
  publisher.publish(subject, data, { headers, timeoutMs }, settled)
}

/**
 * The acknowledgement is the last message's; all got consecutive sequences. One message at least. Fails as `publishAcked` does,
 * for all of them.
 */
export const publishBatch = (
  nats: Pick<NatsShape, "connection" | "publisher">,
  messages: ReadonlyArray<BatchMessage>,
  timeoutMs: number
): Effect.Effect<PublishAck, PublishFailed> =>
  Effect.callback((resume) =>
    sendBatch(nats, messages, timeoutMs, (outcome) =>
      resume(outcome instanceof PublishFailed ? Effect.fail(outcome) : Effect.succeed(outcome))
    )
  )
