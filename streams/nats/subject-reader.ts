/**
 * Reads what a stream holds of a subject, oldest first: all of it, up to the message that is the last when reading begins, or
 * what came since a time.
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

/** `subject` may have wildcards. Takes each message that came since. */
export const readSince = async (
  { manager }: Pick<NatsShape, "manager">,
  from: { readonly stream: string; readonly subject: string; readonly since: Date },
  take: (message: StoredMsg) => void
): Promise<void> => {
  const last = await manager.streams.getMessage(from.stream, { last_by_subj: from.subject })
  if (last === null || last.time < from.since) return
  const limits = { batch: READ_BATCH, max_bytes: READ_BYTES_MAX, next_by_subj: from.subject }
  let next: number | undefined
  while (next === undefined || next <= last.seq) {
    const place = next === undefined ? { start_time: from.since } : { seq: next }
    const before = next
    for await (const message of await manager.direct.getBatch(from.stream, { ...limits, ...place })) {
      next = message.seq + 1
      take(message)
    }
    if (next === before) return
  }
}
