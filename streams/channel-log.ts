/**
 * The logs of the channels: one subject each in the CHANNELS stream, one message a commit of many records, fenced by the
 * subject's expected last sequence, so that of two hubs that work a channel the second to write learns of it.
 *
 * A log is rewritten from time to time: the owner says everything once more between two marks and drops what is older,
 * so a reader has at most two tellings to read.
 */
import { Context, Effect, Layer, Schema } from "effect"
import type { ChannelRecord } from "../actors/channel/records.ts"
import { EXPECTED, Nats, type NatsShape, publishAcked, WRONG_LAST_SEQUENCE } from "./nats/connection.ts"
import { readSubject } from "./nats/subject-reader.ts"
import { CHANNELS, channelLogSubject } from "./subjects.ts"

export interface ChannelCommit {
  /** Recognised by its writer when an acknowledgement was lost. */
  readonly id: string
  readonly records: ReadonlyArray<ChannelRecord>
}

/** `lost`: another hub writes this log now. `unavailable`: it was not stored, or nobody knows; trying again is safe. */
export class LogFailed extends Schema.TaggedError<LogFailed>()("LogFailed", {
  reason: Schema.Literals(["lost", "unavailable"]),
  detail: Schema.String
}) {}

export interface ChannelLogShape {
  /** All records from the last whole base on, oldest first, and the log's last sequence (0: empty). */
  readonly read: (
    channel: string,
    take: (record: ChannelRecord) => void
  ) => Effect.Effect<{ readonly lastSequence: number; readonly baseSequence: number }, LogFailed>
  /** Stores a commit behind `expectedSequence`. Appending the same commit again is once. Answers its sequence. */
  readonly append: (
    channel: string,
    expectedSequence: number,
    commit: ChannelCommit
  ) => Effect.Effect<number, LogFailed>
  /** Drops what is before `sequence`. */
  readonly trim: (channel: string, sequence: number) => Effect.Effect<void, LogFailed>
}

export class ChannelLog extends Context.Service<ChannelLog, ChannelLogShape>()("holdfast/streams/ChannelLog") {
  static readonly layerMemory: Layer.Layer<ChannelLog> = Layer.sync(ChannelLog, () => memory())
  static readonly layerNats: Layer.Layer<ChannelLog, never, Nats> = Layer.effect(
    ChannelLog,
    Effect.map(Nats, (nats) => inNats(nats))
  )
}

interface Stored extends ChannelCommit {
  readonly sequence: number
}

const isMark = (type: "base-begin" | "base-end") => (record: ChannelRecord) => record.type === type

/** Hands over the records from the last base that has its end; the commit in which it begins. */
const replay = (commits: ReadonlyArray<Stored>, take: (record: ChannelRecord) => void): number => {
  const lastEnd = commits.findLastIndex((commit) => commit.records.some(isMark("base-end")))
  const begin = commits.slice(0, lastEnd + 1).findLastIndex((commit) => commit.records.some(isMark("base-begin")))
  const from = Math.max(0, begin)
  for (const commit of commits.slice(from)) for (const record of commit.records) take(record)
  return commits[from]?.sequence ?? 0
}

const memory = (): ChannelLogShape => {
  const logs = new Map<string, Array<Stored>>()
  let last = 0
  const of = (channel: string): Array<Stored> => logs.get(channel) ?? logs.set(channel, []).get(channel) ?? []
  return {
    read: (channel, take) =>
      Effect.sync(() => {
        const commits = of(channel)
        return { baseSequence: replay(commits, take), lastSequence: commits.at(-1)?.sequence ?? 0 }
      }),
    append: (channel, expectedSequence, { id, records }) =>
      Effect.suspend(() => {
        const commits = of(channel)
        const newest = commits.at(-1)
        if (newest?.id === id) return Effect.succeed(newest.sequence)
        if ((newest?.sequence ?? 0) !== expectedSequence) return Effect.fail(lost(channel))
        // As text, as a server would keep it: what the caller changes later must not change it.
        commits.push({ id, records: JSON.parse(JSON.stringify(records)) as typeof records, sequence: ++last })
        return Effect.succeed(last)
      }),
    trim: (channel, sequence) =>
      Effect.sync(
        () =>
          void logs.set(
            channel,
            of(channel).filter((commit) => commit.sequence >= sequence)
          )
      )
  }
}

const lost = (channel: string): LogFailed =>
  new LogFailed({ reason: "lost", detail: `another hub has taken over the channel ${channel}` })

const APPEND_TIMEOUT_MS = 2_000

const inNats = (nats: NatsShape): ChannelLogShape => ({
  read: (channel, take) =>
    Effect.tryPromise({
      try: async () => {
        const commits = await readAll(nats, channelLogSubject(channel))
        return { baseSequence: replay(commits, take), lastSequence: commits.at(-1)?.sequence ?? 0 }
      },
      catch: (cause) => new LogFailed({ reason: "unavailable", detail: String(cause) })
    }),
  append: (channel, expectedSequence, commit) => append(nats, channel, expectedSequence, commit),
  trim: (channel, sequence) =>
    Effect.tryPromise({
      try: () => nats.manager.streams.purge(CHANNELS, { filter: channelLogSubject(channel), seq: sequence }),
      catch: (cause) => new LogFailed({ reason: "unavailable", detail: String(cause) })
    })
})

const append = (nats: NatsShape, channel: string, expectedSequence: number, commit: ChannelCommit) => {
  const subject = channelLogSubject(channel)
  const bytes = new TextEncoder().encode(JSON.stringify({ v: 1, ...commit }))
  return publishAcked(nats.publisher, subject, bytes, {
    headers: { [EXPECTED]: String(expectedSequence) },
    timeoutMs: APPEND_TIMEOUT_MS
  }).pipe(
    Effect.map((ack) => ack.seq),
    Effect.catch((failed) =>
      WRONG_LAST_SEQUENCE.has(failed.code)
        ? mineAfterAll(nats, channel, commit.id)
        : Effect.fail(new LogFailed({ reason: "unavailable", detail: failed.detail }))
    )
  )
}

/** A repeat of what was stored is refused as well: the last message tells whose it is. */
const mineAfterAll = (nats: NatsShape, channel: string, id: string) =>
  Effect.tryPromise({
    try: () => nats.manager.streams.getMessage(CHANNELS, { last_by_subj: channelLogSubject(channel) }),
    catch: (cause) => new LogFailed({ reason: "unavailable", detail: String(cause) })
  }).pipe(
    Effect.flatMap((message) =>
      message?.json<ChannelCommit>().id === id ? Effect.succeed(message.seq) : Effect.fail(lost(channel))
    )
  )

const readAll = async (nats: NatsShape, subject: string): Promise<ReadonlyArray<Stored>> => {
  const messages = await readSubject(nats, CHANNELS, subject)
  return messages.map((message) => ({ ...message.json<ChannelCommit>(), sequence: message.seq }))
}
