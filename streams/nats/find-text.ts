/**
 * Reads a whole stream for the messages that hold one of some texts. Slow by nature (some 200,000 messages a second): for what is
 * asked seldom, such as all that there is of one customer.
 */
import type { StoredMsg } from "@nats-io/jetstream"
import type { NatsShape } from "./connection.ts"

const READ_BATCH = 5_000
const READ_BYTES_MAX = 8 * 1024 * 1024

export const findText = async (
  { manager }: Pick<NatsShape, "manager">,
  stream: string,
  texts: ReadonlyArray<string>,
  take: (message: StoredMsg) => void
): Promise<void> => {
  const needles = texts.map((text) => Buffer.from(text))
  const { state } = await manager.streams.info(stream)
  let next = Math.max(1, state.first_seq)
  while (next <= state.last_seq) {
    let count = 0
    for await (const message of await manager.direct.getBatch(stream, {
      seq: next,
      batch: READ_BATCH,
      max_bytes: READ_BYTES_MAX
    })) {
      next = message.seq + 1
      count++
      const { buffer, byteOffset, byteLength } = message.data
      const bytes = Buffer.from(buffer, byteOffset, byteLength)
      if (needles.some((needle) => bytes.includes(needle))) take(message)
    }
    if (count === 0) return
  }
}
