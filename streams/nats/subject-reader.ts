/**
 * Reads all that a stream holds of one subject, oldest first, up to the message that is the last when reading begins.
 */
import type { StoredMsg } from "@nats-io/jetstream"
import type { NatsShape } from "./connection.ts"

const READ_BATCH = 500
const READ_BYTES_MAX = 8 * 1024 * 1024

export const readSubject = async (
  { manager }: Pick<NatsShape, "manager">,
  stream: string,
  subject: string
): Promise<ReadonlyArray<StoredMsg>> => {
  const last = await manager.streams.getMessage(stream, { last_by_subj: subject })
  if (last === null) return []
  const messages: Array<StoredMsg> = []
  let next = 1
  while (next <= last.seq) {
    const batch = await manager.direct.getBatch(stream, {
      seq: next,
      batch: READ_BATCH,
      max_bytes: READ_BYTES_MAX,
      next_by_subj: subject
    })
    let count = 0
    for await (const message of batch) {
      if (message.seq > last.seq) continue
      messages.push(message)
      next = message.seq + 1
      count++
    }
    if (count === 0) break
  }
  return messages
}
