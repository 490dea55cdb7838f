/**
 * Reads a stream from its first message to what is its last when reading begins, through an ordered consumer: it sees to gaps
 * itself, and what it cannot see, a server that never speaks again, is given up after a while.
 */
import { DeliverPolicy, type JsMsg } from "@nats-io/jetstream"
import type { NatsShape } from "../../streams/nats/connection.ts"
import type { Copied } from "./plan.ts"
import type { CopiedMessage } from "./stream-file.ts"

/** Messages that the server may send ahead: 25 MB of a journal under load. */
const AHEAD_MAX = 500
/** A server that is flooded with messages to store serves readers seconds later. */
const SILENCE_MS = 30_000

/** The server or the line fell silent; doing it again is safe. */
export class Silent extends Error {
  override readonly name = "Silent"
}

const copiedOf = (message: JsMsg): CopiedMessage => ({
  sequence: message.seq,
  atMs: Math.floor(Number(message.timestampNanos / 1_000_000n)),
  subject: message.subject,
  headers: [...(message.headers ?? [])].flatMap(([name, values]) =>
    values.map((value): readonly [string, string] => [name, value])
  ),
  data: message.data
})

/** Every message up to `lastSequence`, as long as `takes` says so; the first that it refuses ends it. */
export async function* readStream(
  { jetstream }: Pick<NatsShape, "jetstream">,
  { stream, subjects }: Copied,
  lastSequence: number,
  takes: (message: CopiedMessage) => boolean
): AsyncGenerator<CopiedMessage> {
  const consumer = await jetstream.consumers.get(stream, {
    filter_subjects: [subjects],
    deliver_policy: DeliverPolicy.All
  })
  if ((await consumer.info()).num_pending === 0) return
  const messages = await consumer.consume({ max_messages: AHEAD_MAX, idle_heartbeat: 1_000, expires: 5_000 })
  const iterator = messages[Symbol.asyncIterator]()
  try {
    for (;;) {
      const message = await heard(iterator.next(), stream)
      if (message.seq > lastSequence) return
      const copied = copiedOf(message)
      if (!takes(copied)) return
      yield copied
      if (message.seq === lastSequence || message.info.pending === 0) return
    }
  } finally {
    // Closing waits for whoever iterates, which is nobody any more.
    void messages.close()
    await iterator.return?.()
    await consumer.delete().catch(() => false)
  }
}

const heard = async (next: Promise<IteratorResult<JsMsg>>, stream: string): Promise<JsMsg> => {
  let patience: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_resolve, reject) => {
    const failed = new Silent(`NATS fell silent while ${stream} was read; try again.`)
    patience = setTimeout(() => reject(failed), SILENCE_MS)
  })
  try {
    const { done, value } = await Promise.race([next, silence])
    if (done === true) throw new Silent(`The line to NATS ended while ${stream} was read; try again.`)
    return value
  } finally {
    clearTimeout(patience)
  }
}
