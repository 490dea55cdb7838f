/**
 * A channel's log for people: its records from the newest back, page by page, read straight from the stream.
 *
 * What a rewriting of the log says once more (between its two marks) has happened before and is passed over; what was dropped by one
 * is not there any more, so the log reaches back as far as the last rewriting at least.
 */
import { Effect, Schema } from "effect"
import type { ChannelRecord } from "../actors/channel/records.ts"
import type { ChannelCommit } from "./channel-log.ts"
import type { NatsShape } from "./nats/connection.ts"
import { storedAt } from "./stored-at.ts"
import { CHANNELS, channelLogSubject } from "./subjects.ts"

export class LogUnreadable extends Schema.TaggedError<LogUnreadable>()("LogUnreadable", { detail: Schema.String }) {}

export interface LogQuery {
  readonly channel: string
  /** A sequence of the stream: only what is older. */
  readonly before: number | undefined
  /** Records at least, where there are so many; a commit is told whole. */
  readonly limit: number
  readonly fits: (record: ChannelRecord) => boolean
}

export interface LogRecord {
  readonly sequence: number
  /** When it was stored, ISO 8601. */
  readonly at: string
  readonly record: ChannelRecord
}

export interface LogPage {
  readonly items: ReadonlyArray<LogRecord>
  /** The `before` of the page that follows. */
  readonly next?: number
}

/** Places of the stream, of all channels, that are looked through at a stroke, and for one page. */
const STROKE = 512
const STROKES_MAX = 16
const STROKE_BYTES_MAX = 8 * 1024 * 1024

export const readLogPage = (nats: NatsShape, query: LogQuery): Effect.Effect<LogPage, LogUnreadable> =>
  Effect.tryPromise({
    try: () => pageOf(nats, query),
    catch: (cause) => new LogUnreadable({ detail: String(cause) })
  })

const pageOf = async (nats: NatsShape, { before, channel, fits, limit }: LogQuery): Promise<LogPage> => {
  const subject = channelLogSubject(channel)
  const last = await nats.manager.streams.getMessage(CHANNELS, { last_by_subj: subject })
  const { state } = await nats.manager.streams.info(CHANNELS)
  if (last === null) return { items: [] }
  const items: Array<LogRecord> = []
  let bound = Math.min(before ?? Number.MAX_SAFE_INTEGER, last.seq + 1)
  let isRetold = false
  for (let strokes = 0; strokes < STROKES_MAX && bound > state.first_seq; strokes++) {
    const from = Math.max(state.first_seq, bound - STROKE)
    const commits = await commitsBetween(nats, { subject, from, before: bound })
    bound = from
    for (const { at, records, sequence } of commits.toReversed()) {
      for (const record of records.toReversed()) {
        if (record.type === "base-end") isRetold = true
        else if (record.type === "base-begin") isRetold = false
        else if (!isRetold && record.type !== "cursor" && fits(record)) items.push({ sequence, at, record })
      }
      if (items.length >= limit && !isRetold) return { items, next: sequence }
    }
  }
  return bound > state.first_seq ? { items, next: bound } : { items }
}

interface Between {
  readonly subject: string
  readonly from: number
  readonly before: number
}

interface Told extends ChannelCommit {
  readonly sequence: number
  readonly at: string
}

/** Oldest first. */
const commitsBetween = async (
  { manager }: NatsShape,
  { before, from, subject }: Between
): Promise<ReadonlyArray<Told>> => {
  const commits: Array<Told> = []
  let next = from
  while (next < before) {
    const limits = { seq: next, batch: STROKE, max_bytes: STROKE_BYTES_MAX, next_by_subj: subject }
    const place = next
    for await (const message of await manager.direct.getBatch(CHANNELS, limits)) {
      next = message.seq + 1
      if (message.seq >= before) return commits
      commits.push({ ...message.json<ChannelCommit>(), sequence: message.seq, at: storedAt(message) })
    }
    if (next === place) return commits
  }
  return commits
}
