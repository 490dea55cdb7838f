/**
 * A stream of events, one message for each change of an actor, for adapters and auditors.
 *
 * At least once, in version order for each actor. The place to go on from stands in the stream itself: each message names
 * the first commit of the batch that it was published with, and a start publishes that batch again; the broker
 * recognises what it has by its message id.
 *
 * The stream is derived and can be published anew from the journal, so its writes are not fsynced one by one: the
 * journal has paid for that already.
 */
import { DiscardPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream"
import { nanos } from "@nats-io/transport-node"
import { Effect } from "effect"
import type { Alert } from "../../actors/alert/alert.ts"
import { publishAlert } from "../alerts.ts"
import type { StoredCommit } from "../codec.ts"
import type { NatsShape } from "../nats/connection.ts"
import { CountedPublisher } from "../nats/counted-publisher.ts"
import type { BatchMessage } from "../nats/publish-batch.ts"
import { type Projection, ProjectionFailed, VISIT_MS } from "./runner.ts"

const FROM_HEADER = "Holdfast-From"
const PUBLISH_MS_MAX = 5_000
/** The first change after a pause goes out at once; of those that keep coming each batch cost 2 ms of a core, be it of one. */
const GATHER_MS = 250
const KEPT_MS = 7 * 24 * 60 * 60_000
const GIB = 1024 ** 3

export interface EventMessage {
  readonly subject: string
  /** The same each time that the message is published. */
  readonly id: string
  readonly body: Uint8Array
}

export interface EventStream<R> {
  /** The projection's name. */
  readonly name: string
  readonly stream: string
  readonly subjects: string
  /** `at`: ISO 8601. `undefined`: not for this stream. */
  readonly messageOf: (record: R, at: string) => EventMessage | undefined
  /** What of it somebody should know of; for the ALERTS stream. */
  readonly alertOf: (record: R, at: string) => Alert | undefined
}

/** Where the server knows asynchronous writes (2.12, one copy) they are used; else the plain way is only slower. */
const ensureStream = async (nats: NatsShape, { stream, subjects }: EventStream<never>): Promise<void> => {
  const spec = {
    name: stream,
    subjects: [subjects],
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(KEPT_MS),
    max_bytes: 8 * GIB,
    duplicate_window: nanos(2 * 60_000)
  }
  const { streams } = nats.manager
  const known = await streams.info(stream).catch(() => undefined)
  if (known !== undefined) return
  const asynchronous = { ...spec, persist_mode: "async" } as Partial<StreamConfig> & typeof spec
  await streams.add(asynchronous).catch(() => streams.add(spec))
}

export const eventStreamProjection = <R>(nats: NatsShape, of: EventStream<R>, nowMs: () => number): Projection<R> => {
  const attempt = <A>(act: () => Promise<A>): Effect.Effect<A, ProjectionFailed> =>
    Effect.tryPromise({
      try: act,
      catch: (cause) => new ProjectionFailed({ projection: of.name, detail: String(cause) })
    })
  const { streams } = nats.manager
  const publisher = new CountedPublisher(nats, PUBLISH_MS_MAX)
  return {
    name: of.name,
    recordsMax: 500,
    goesInSteps: false,
    gatherMs: GATHER_MS,
    visitMs: VISIT_MS,
    isWatched: false,
    prepare: attempt(() => {
      publisher.forget()
      return ensureStream(nats, of as EventStream<never>)
    }),
    checkpoint: attempt(async () => {
      const { state } = await streams.info(of.stream)
      if (state.messages === 0) return { sequence: 0 }
      const last = await streams.getMessage(of.stream, { seq: state.last_seq })
      return { sequence: Math.max(0, Number(last?.header?.get(FROM_HEADER) ?? 1) - 1) }
    }),
    startOver: Effect.asVoid(attempt(() => streams.purge(of.stream))),
    apply: (commits) => {
      // A stream that has aged empty knows no place to go on from: what would age away at once is passed over.
      const oldest = nowMs() - KEPT_MS
      return attempt(() =>
        publishAll(
          nats,
          publisher,
          of,
          commits.filter((commit) => commit.at > oldest)
        )
      )
    }
  }
}

const publishAll = async <R>(
  nats: NatsShape,
  publisher: CountedPublisher,
  of: EventStream<R>,
  commits: ReadonlyArray<StoredCommit<R>>
): Promise<void> => {
  const from = String(commits[0]?.sequence ?? 0)
  const messages: Array<BatchMessage> = []
  const alerts: Array<Promise<void>> = []
  for (const commit of commits) {
    const at = new Date(commit.at).toISOString()
    for (const record of commit.records) {
      const message = of.messageOf(record, at)
      if (message !== undefined) messages.push(stamped(message, from))
      const alert = of.alertOf(record, at)
      if (alert !== undefined) alerts.push(Effect.runPromise(publishAlert(nats, alert)))
    }
  }
  await Promise.all([publisher.publish(messages), ...alerts])
}

const stamped = ({ subject, id, body }: EventMessage, from: string): BatchMessage => ({
  subject,
  data: body,
  headers: { "Nats-Msg-Id": id, [FROM_HEADER]: from }
})
