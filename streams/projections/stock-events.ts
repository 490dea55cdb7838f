/**
 * `stock.event.<sku>`: every change as a message of its own, for adapters and auditors.
 *
 * At least once, in version order for each SKU. The place to go on from stands in the stream itself: each message names
 * the first commit of the batch that it was published with, and a start publishes that batch again; the broker
 * recognises what it has by its message id.
 *
 * The stream is derived and can be published anew from the journal, so its writes are not fsynced one by one: the
 * journal has paid for that already.
 */
import { DiscardPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream"
import { nanos } from "@nats-io/transport-node"
import { Effect } from "effect"
import { alertOf } from "../../actors/alert/alert.ts"
import { DEFAULT_LOCATION } from "../../actors/sku/commands.ts"
import { isStockEvent, type StockEvent } from "../../actors/sku/events.ts"
import { publishAlert } from "../alerts.ts"
import type { StoredCommit } from "../codec.ts"
import { headersOf, type NatsShape, PublishFailed } from "../nats/connection.ts"
import { EVENT_SUBJECTS, eventSubject, STOCK_EVENTS } from "../subjects.ts"
import { type Projection, ProjectionFailed } from "./runner.ts"

export const STOCK_EVENTS_PROJECTION = "stock-events"
const FROM_HEADER = "Holdfast-From"
const PUBLISH_MS_MAX = 5_000
const KEPT_MS = 7 * 24 * 60 * 60_000
const GIB = 1024 ** 3

const failed = (detail: unknown) =>
  new ProjectionFailed({ projection: STOCK_EVENTS_PROJECTION, detail: String(detail) })

const attempt = <A>(act: () => Promise<A>): Effect.Effect<A, ProjectionFailed> =>
  Effect.tryPromise({ try: act, catch: failed })

const spec = {
  name: STOCK_EVENTS,
  subjects: [EVENT_SUBJECTS],
  storage: StorageType.File,
  discard: DiscardPolicy.Old,
  max_age: nanos(KEPT_MS),
  max_bytes: 8 * GIB,
  duplicate_window: nanos(2 * 60_000)
}

/** Where the server knows asynchronous writes (2.12, one copy) they are used; else the plain way is only slower. */
export const ensureStockEvents = async (nats: NatsShape): Promise<void> => {
  const streams = nats.manager.streams
  const known = await streams.info(STOCK_EVENTS).catch(() => undefined)
  if (known !== undefined) return
  const asynchronous = { ...spec, persist_mode: "async" } as Partial<StreamConfig> & typeof spec
  await streams.add(asynchronous).catch(() => streams.add(spec))
}

/** The contract's message; a field that has its default is written out, because readers know no defaults. */
export const stockEventMessage = (event: StockEvent, at: string): string => {
  const { sku, version, type, mutationId, physical, allocated, hash: _hash, ...rest } = event
  const located = "quantity" in event ? { locationId: DEFAULT_LOCATION } : {}
  return JSON.stringify({
    sku,
    version,
    type,
    at,
    mutationId,
    ...located,
    ...rest,
    ...("expiresAt" in event ? { expiresAt: new Date(event.expiresAt).toISOString() } : {}),
    available: physical - allocated,
    physical,
    allocated
  })
}

const encoder = new TextEncoder()

export const stockEventsProjection = (nats: NatsShape, nowMs: () => number): Projection => ({
  name: STOCK_EVENTS_PROJECTION,
  recordsMax: 200,
  gatherMs: 10,
  isWatched: false,
  prepare: attempt(() => ensureStockEvents(nats)),
  checkpoint: attempt(async () => {
    const { state } = await nats.manager.streams.info(STOCK_EVENTS)
    if (state.messages === 0) return { sequence: 0 }
    const last = await nats.manager.streams.getMessage(STOCK_EVENTS, { seq: state.last_seq })
    return { sequence: Math.max(0, Number(last?.header?.get(FROM_HEADER) ?? 1) - 1) }
  }),
  startOver: Effect.asVoid(attempt(() => nats.manager.streams.purge(STOCK_EVENTS))),
  apply: (commits) => {
    // A stream that has aged empty knows no place to go on from: what would age away at once is passed over.
    const oldest = nowMs() - KEPT_MS
    return attempt(() =>
      publishAll(
        nats,
        commits.filter((commit) => commit.at > oldest)
      )
    )
  }
})

/** What of it somebody should know of goes to the ALERTS stream as well. */
const publishAll = async (nats: NatsShape, commits: ReadonlyArray<StoredCommit>): Promise<void> => {
  const from = String(commits[0]?.sequence ?? 0)
  const published: Array<Promise<void>> = []
  for (const commit of commits) {
    const at = new Date(commit.at).toISOString()
    for (const record of commit.records) {
      if (isStockEvent(record)) published.push(publishOne(nats, record, at, from))
      else {
        const alert = alertOf(record, at)
        if (alert !== undefined) published.push(Effect.runPromise(publishAlert(nats, alert)))
      }
    }
  }
  await Promise.all(published)
}

const publishOne = (nats: NatsShape, event: StockEvent, at: string, from: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const fields = { "Nats-Msg-Id": `${encodeURIComponent(event.sku)}:${event.version}`, [FROM_HEADER]: from }
    const options = { headers: headersOf(fields), timeoutMs: PUBLISH_MS_MAX }
    nats.publisher.publish(
      eventSubject(event.sku),
      encoder.encode(stockEventMessage(event, at)),
      options,
      (outcome) => {
        if (outcome instanceof PublishFailed) reject(new Error(outcome.detail))
        else resolve()
      }
    )
  })
