/**
 * The journal on JetStream: one subject a partition, one message a commit.
 *
 * A commit to one partition is one publish, fenced by the expected last sequence of its subject. A turn that touches
 * several partitions is one atomic batch, each message with its own fence. Where the idea is from: NATS ADR-50 (atomic
 * batch publish) and the optimistic concurrency headers of JetStream.
 */
import { type CompletionResult, DeliverPolicy, type JsMsg, type StoredMsg } from "@nats-io/jetstream"
import { Effect, Layer } from "effect"
import type { JournalRecord } from "../actors/sku/events.ts"
import { decodeCommit, type StoredCommit } from "./codec.ts"
import {
  type Append,
  AppendUncertain,
  Journal,
  type JournalShape,
  JournalUnavailable,
  type ReadBounds,
  type ScanRange,
  type Settled,
  type Visit
} from "./journal.ts"
import { EXPECTED, Nats, type NatsShape, PublishFailed, WRONG_LAST_SEQUENCE } from "./nats/connection.ts"
import { headersOf } from "./nats/headers.ts"
import { sendBatch } from "./nats/publish-batch.ts"
import { journalSubject, journalSubjects, type KindNames, partitionOfSubject, STOCK } from "./subjects.ts"

/**
 * After this an append's fate is looked up; when the line breaks, at once. An fsync takes 0.3 ms here and tens of
 * milliseconds on a slow volume; a server that is silent does not say so, and waiting longer only lengthens the outage.
 */
const APPEND_TIMEOUT_MS = 1_000
/** A scan that hears nothing for so long is given up and reported. */
const SCAN_SILENCE_MS = 10_000
/** A read is one answer of a few megabytes: a server that takes longer has died on the way. */
const READ_PATIENCE = "10 seconds"
/**
 * Commits that the server may send ahead of the visitor: 25 MB under load, when a commit is 50 KB. Not bounded by bytes:
 * a pull that ends at a message too large for what is left of it was seen to stall for three seconds.
 */
const SCAN_AHEAD_MAX = 500

export const journalNats: Layer.Layer<Journal, never, Nats> = Layer.effect(
  Journal,
  Effect.map(Nats, (nats) => Journal.of(journalOf(nats, STOCK)))
)

/** Where a kind's journal is. */
interface Place {
  readonly nats: NatsShape
  readonly names: KindNames
}

export const journalOf = <R = JournalRecord>(nats: NatsShape, names: KindNames): JournalShape<R> => {
  const place = { nats, names }
  return {
    append: (appends, settled) => append(place, appends, settled),
    last: (partition) => readOne<R>(place, "last", { last_by_subj: journalSubject(names, partition) }),
    get: (sequence) => readOne<R>(place, "get", { seq: sequence }),
    lastSequence: lastSequence(place),
    read: (fromSequence, bounds) => read<R>(place, fromSequence, bounds),
    scan: (range, visit) => scan<R>(place, range, visit)
  }
}

const append = (place: Place, appends: ReadonlyArray<Append>, settled: Settled): void => {
  const [only] = appends
  if (only === undefined) return settled([])
  if (appends.length > 1) return appendBatch(place, appends, settled)
  const { partition, expectedSequence, bytes } = only
  const options = { headers: headersOf({ [EXPECTED]: String(expectedSequence) }), timeoutMs: APPEND_TIMEOUT_MS }
  place.nats.publisher.publish(journalSubject(place.names, partition), bytes, options, (outcome) =>
    settled(outcome instanceof PublishFailed ? uncertain(outcome) : [outcome.seq])
  )
}

/** The messages of a batch get consecutive sequences; the acknowledgement names the last. */
const appendBatch = ({ nats, names }: Place, appends: ReadonlyArray<Append>, settled: Settled): void => {
  const messages = appends.map(({ partition, bytes, expectedSequence }) => ({
    subject: journalSubject(names, partition),
    data: bytes,
    headers: expectedSequence === undefined ? {} : { [EXPECTED]: String(expectedSequence) }
  }))
  sendBatch(nats, messages, APPEND_TIMEOUT_MS, (outcome) =>
    settled(
      outcome instanceof PublishFailed
        ? uncertain(outcome)
        : appends.map((_, index) => outcome.seq - appends.length + 1 + index)
    )
  )
}

const uncertain = (failed: PublishFailed): AppendUncertain =>
  new AppendUncertain({
    reason: WRONG_LAST_SEQUENCE.has(failed.code) ? "conflict" : failed.reason,
    detail: failed.detail
  })

const unavailable = (operation: string) => (cause: unknown) =>
  new JournalUnavailable({ operation, detail: String(cause) })

const lineBroke = (operation: string): JournalUnavailable => unavailable(operation)("the line broke before an answer")

/** What is asked ends with the line that it is asked over. */
const ask = <A>(
  { breaks }: NatsShape,
  operation: string,
  question: () => Promise<A>
): Effect.Effect<A, JournalUnavailable> =>
  breaks.orBroken(Effect.tryPromise({ try: question, catch: unavailable(operation) }), () => lineBroke(operation))

/** Reads through the stream's leader: a replica may be behind. */
const readOne = <R>(
  { nats, names }: Place,
  operation: string,
  query: { readonly seq: number } | { readonly last_by_subj: string }
): Effect.Effect<StoredCommit<R> | undefined, JournalUnavailable> =>
  Effect.map(
    ask(nats, operation, () => nats.manager.streams.getMessage(names.journal, query)),
    (message) => (message === null ? undefined : stored<R>(message.subject, message.seq, message.data))
  )

const stored = <R>(subject: string, sequence: number, data: Uint8Array): StoredCommit<R> => ({
  ...decodeCommit<R>(data),
  partition: partitionOfSubject(subject),
  sequence,
  sizeBytes: data.length
})

const lastSequence = ({ nats, names }: Place): Effect.Effect<number, JournalUnavailable> =>
  Effect.map(
    ask(nats, "lastSequence", () => nats.manager.streams.info(names.journal)),
    (info) => info.state.last_seq
  )

/** What the client makes of the server's "no results"; its class is not exported. */
const isNothingThere = (error: Error | undefined): boolean =>
  error !== undefined && "code" in error && error.code === 404

/** A batch of direct gets: nothing stands at the server between two reads that would have to be cleared away. */
const read = <R>(
  { nats, names }: Place,
  fromSequence: number,
  { commitsMax, bytesMax }: ReadBounds
): Effect.Effect<ReadonlyArray<StoredCommit<R>>, JournalUnavailable> =>
  Effect.callback<ReadonlyArray<StoredCommit<R>>, JournalUnavailable>((resume) => {
    const commits: Array<StoredCommit<R>> = []
    let unreadable: unknown
    const settle = (failure: unknown): void =>
      resume(failure === undefined ? Effect.succeed(commits) : Effect.fail(unavailable("read")(failure)))
    const callback = (done: CompletionResult | null, message: StoredMsg): void => {
      if (done !== null) return settle(unreadable ?? (isNothingThere(done.err) ? undefined : done.err))
      try {
        commits.push(stored<R>(message.subject, message.seq, message.data))
      } catch (cause) {
        unreadable ??= cause
      }
    }
    const asked = nats.manager.direct.getBatch(names.journal, {
      seq: fromSequence,
      batch: commitsMax,
      max_bytes: bytesMax,
      callback
    })
    asked.catch(settle)
    return Effect.promise(() => asked.then((answer) => answer.stop()).catch(() => undefined))
  }).pipe(
    Effect.timeoutOrElse({
      duration: READ_PATIENCE,
      orElse: () => Effect.fail(unavailable("read")("the journal fell silent"))
    }),
    (reading) => nats.breaks.orBroken(reading, () => lineBroke("read"))
  )

const scan = <R>(place: Place, range: ScanRange, visit: Visit<R>): Effect.Effect<void, JournalUnavailable> =>
  Effect.flatMap(lastSequence(place), (last) => {
    const until = Math.min(range.untilSequence, last)
    if (range.fromSequence > until) return Effect.void
    return Effect.tryPromise({
      try: (signal) => consumeUntil(place, range.fromSequence, until, visit, signal),
      catch: unavailable("scan")
    })
  })

/** An ordered consumer sees to gaps itself; what it cannot see is a server that never speaks again. */
const consumeUntil = async <R>(
  { nats, names }: Place,
  from: number,
  until: number,
  visit: Visit<R>,
  signal: AbortSignal
): Promise<void> => {
  const consumer = await nats.jetstream.consumers.get(names.journal, {
    filter_subjects: [journalSubjects(names)],
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from
  })
  const cleanups: Array<() => void> = []
  try {
    await new Promise<void>((resolve, reject) => {
      let heardAt = performance.now()
      let ended = false
      const watch = setInterval(() => {
        if (performance.now() - heardAt > SCAN_SILENCE_MS) reject(new Error("the journal fell silent during a scan"))
      }, 1_000)
      cleanups.push(() => clearInterval(watch))
      signal.addEventListener("abort", () => reject(new Error("interrupted")), { once: true })
      const callback = (message: JsMsg): void => {
        heardAt = performance.now()
        if (message.seq > until) return
        try {
          if (ended || visit(stored<R>(message.subject, message.seq, message.data)) === false) ended = true
        } catch (cause) {
          reject(cause as Error)
        }
        if (ended || message.seq === until) resolve()
      }
      consumer
        .consume({ max_messages: SCAN_AHEAD_MAX, idle_heartbeat: 1_000, expires: 5_000, callback })
        .then((messages) => cleanups.push(() => void messages.close()), reject)
    })
  } finally {
    for (const cleanup of cleanups) cleanup()
    await consumer.delete().catch(() => false)
  }
}
