/**
 * Makes a stream as it was: its settings, its messages in order, and for a stream without gaps the same sequences. Where it may
 * a thousand messages go as one atomic batch: one by one each would wait for an fsync of its own.
 */
import type { StreamConfig } from "@nats-io/jetstream"
import { DeliverPolicy } from "@nats-io/jetstream"
import { Effect } from "effect"
import { type NatsShape, type PublishAck, publishAcked } from "../../streams/nats/connection.ts"
import { publishBatch } from "../../streams/nats/publish-batch.ts"
import type { BackedUpStream } from "./manifest.ts"
import type { CopiedMessage } from "./stream-file.ts"

/** It could not be restored; the message says what to do. */
export class RestoreFailed extends Error {
  override readonly name = "RestoreFailed"
}

/** The server's own bound of a batch; of large messages fewer. */
const BATCH_MESSAGES_MAX = 1_000
const BATCH_BYTES_MAX = 16 * 1024 * 1024
const PUBLISH_MS_MAX = 30_000
/** What the publisher asked of the server then; it would be asked again, and be wrong. */
const ASKED = /^Nats-(Expected-|Batch-|Msg-Id$)/
/** Marks that the server takes one by one. */
const ALONE = /^Nats-/

/** `_nats.…` is the server's own. */
const metadataOf = ({ metadata = {} }: StreamConfig): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).filter(([name]) => !name.startsWith("_nats.")))

/** `persist_mode` is known to the server and not yet to the client's types. */
const isAsynchronous = (config: StreamConfig): boolean => (config as { persist_mode?: string }).persist_mode === "async"

/** Answers whether its messages may go in batches. */
const made = async ({ manager }: NatsShape, of: BackedUpStream, replicas: number): Promise<boolean> => {
  const { config } = of
  const isBatched = of.isWhole && !isAsynchronous(config)
  await manager.streams.add({
    ...config,
    metadata: metadataOf(config),
    num_replicas: replicas,
    ...(of.isWhole ? { first_seq: of.firstSequence } : {}),
    ...(isBatched ? { allow_atomic: true } : {})
  })
  return isBatched
}

/** Groups what may go together. */
async function* groups(
  messages: AsyncIterable<CopiedMessage>,
  isBatched: boolean
): AsyncGenerator<ReadonlyArray<CopiedMessage>> {
  let group: Array<CopiedMessage> = []
  let bytes = 0
  for await (const message of messages) {
    const isAlone = !isBatched || message.headers.some(([name]) => ALONE.test(name))
    if (group.length > 0 && (isAlone || bytes + message.data.length > BATCH_BYTES_MAX)) {
      yield group
      group = []
      bytes = 0
    }
    group.push(message)
    bytes += message.data.length
    if (!isAlone && group.length < BATCH_MESSAGES_MAX) continue
    yield group
    group = []
    bytes = 0
  }
  if (group.length > 0) yield group
}

const asPublished = ({ subject, headers, data }: CopiedMessage) => ({
  subject,
  data,
  headers: Object.fromEntries(headers)
})

/** Groups under way at once where the server need not store them together; they arrive in order all the same. */
const UNDER_WAY_MAX = 256

export const writeStream = async (
  nats: NatsShape,
  of: BackedUpStream,
  messages: AsyncIterable<CopiedMessage>,
  replicas: number
): Promise<void> => {
  const isBatched = await made(nats, of, replicas)
  const underWay: Array<Promise<void>> = []
  for await (const group of groups(unasked(messages), isBatched)) {
    const stored = publish(nats, group).then((ack) => agrees(of, group, ack))
    // Whoever waits for the one before it hears of it first.
    stored.catch(() => undefined)
    underWay.push(stored)
    if (underWay.length >= (group.length > 1 ? 1 : UNDER_WAY_MAX)) await underWay.shift()
  }
  await Promise.all(underWay)
  await settle(nats, of, isBatched)
}

async function* unasked(messages: AsyncIterable<CopiedMessage>): AsyncGenerator<CopiedMessage> {
  for await (const message of messages) {
    yield { ...message, headers: message.headers.filter(([name]) => !ASKED.test(name)) }
  }
}

const publish = (nats: NatsShape, group: ReadonlyArray<CopiedMessage>): Promise<PublishAck> => {
  const [only] = group
  const sent =
    group.length === 1 && only !== undefined
      ? publishAcked(nats.publisher, only.subject, only.data, { ...asPublished(only), timeoutMs: PUBLISH_MS_MAX })
      : publishBatch(nats, group.map(asPublished), PUBLISH_MS_MAX)
  return Effect.runPromise(
    Effect.mapError(
      sent,
      ({ reason, detail }) =>
        new RestoreFailed(
          `NATS did not take ${only?.subject ?? ""} (${reason}: ${detail}): empty the server and try again.`
        )
    )
  )
}

const agrees = (of: BackedUpStream, group: ReadonlyArray<CopiedMessage>, { seq }: PublishAck): void => {
  const last = group.at(-1)?.sequence
  if (!of.isWhole || seq === last) return
  throw new RestoreFailed(
    `${of.name} got sequence ${seq} where it had ${String(last)}: something else publishes to this server; stop that, empty it and try again.`
  )
}

/** What only the making needed is taken back; what was acknowledged stays so. */
const settle = async ({ manager }: NatsShape, of: BackedUpStream, isBatched: boolean): Promise<void> => {
  if (isBatched && of.config.allow_atomic !== true) await manager.streams.update(of.name, { allow_atomic: false })
  for (const { config, acknowledged } of of.isWhole ? of.consumers : []) {
    const { deliver_policy: _policy, opt_start_seq: _start, opt_start_time: _time, ...kept } = config
    const from = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: acknowledged + 1 }
    await manager.consumers.add(of.name, { ...kept, ...from })
  }
}
