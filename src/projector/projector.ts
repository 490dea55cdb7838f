/**
 * The hub's side of the projector thread: starts it, starts it again when it ends, tells it how far the journal reaches,
 * hands it the stock when Redis was emptied, and knows how far each projection is.
 */
import { Worker } from "node:worker_threads"
import { Effect, Layer } from "effect"
import { HANDED_COMMITS_MAX } from "../../config/limits.ts"
import { Postgres, type PostgresFailed } from "../../streams/postgres.ts"
import { CART_EVENTS_PROJECTION } from "../../streams/projections/cart-events.ts"
import { CARTS_PROJECTION } from "../../streams/projections/carts.ts"
import * as History from "../../streams/projections/history-queries.ts"
import { LEDGER } from "../../streams/projections/ledger.ts"
import * as Locations from "../../streams/projections/location-queries.ts"
import * as LowStock from "../../streams/projections/low-stock-queries.ts"
import * as Queries from "../../streams/projections/queries.ts"
import { RECOVERY_PROJECTION } from "../../streams/projections/recovery.ts"
import * as Figures from "../../streams/projections/recovery-figures.ts"
import * as Recoveries from "../../streams/projections/recovery-queries.ts"
import { REGISTER, type RegisterRow } from "../../streams/projections/register.ts"
import { STOCK_EVENTS_PROJECTION } from "../../streams/projections/stock-events.ts"
import { Recent, type RecentCommits } from "../../streams/recent-commits.ts"
import { Carts } from "../carts/layer.ts"
import { watchWindow } from "../carts/window.ts"
import type { HistoryReadModels } from "../gateway/http/history.ts"
import { type ProjectionLag, Projections } from "../gateway/projections.ts"
import { submitView } from "../gateway/requests.ts"
import type { PartitionHost } from "../host/host.ts"
import { StockHost } from "../host/layer.ts"
import { Recovery } from "../recovery/layer.ts"
import { serverLooks } from "./server-looks.ts"
import { sharedPages } from "./shared-pages.ts"
import { keepThread } from "../keep-thread.ts"
import { liveSettings } from "../live-settings.ts"
import { Busy } from "./busy.ts"
import { type HandedCommits, handedFrom } from "./handed.ts"
import {
  type FromThread,
  type KindName,
  KINDS,
  type StartedThread,
  type ThreadSettings,
  type ToThread
} from "./messages.ts"

export const projectorLayer = (settings: ThreadSettings) =>
  Layer.effect(Projections, acquire(settings)).pipe(Layer.provide(Postgres.layer(settings.postgresUrl)))

/** How long a list waits for what the journal had when it was asked for. */
const CATCH_UP_MS_MAX = 1_000
/** The first turn after a pause is told of so soon, with those right behind it. */
const TELL_SOON_MS = 5
/** Of others it is told so often: at 20 changes a second the thread took 24 ms of each second with a message for each. */
const TELL_EVERY_MS = 250

const acquire = Effect.fnUntraced(function* (settings: ThreadSettings) {
  const host = yield* StockHost
  const recent = yield* Recent
  const pool = yield* Postgres
  const carts = yield* Carts
  const customers = yield* Recovery
  const projector = new Projector({ host, recent }, carts, customers)
  yield* Effect.forkScoped(projector.keep(settings))
  const onFound = (count: number) => void (carts.window.found += count)
  yield* Effect.forkScoped(watchWindow({ pool, host: carts.host, nowMs: Date.now, onFound }))

  const caughtUp = Effect.suspend(() => projector.catchesUp(LEDGER, host.standing.sequence, CATCH_UP_MS_MAX))
  const asked = <A>(read: Effect.Effect<A, PostgresFailed>) =>
    Effect.mapError(read, () => "PostgreSQL does not answer now; stock is not affected. Try again.")
  const list = <A>(read: Effect.Effect<A, PostgresFailed>) => Effect.andThen(caughtUp, asked(read))
  /** That there is nothing is said only by a ledger that has everything. */
  const momentOf: HistoryReadModels["momentOf"] = (sku, query) =>
    Effect.gen(function* () {
      const isWhole = yield* caughtUp
      const found = yield* asked(History.momentOf(pool, sku, query))
      if (found !== undefined || isWhole) return found
      return yield* Effect.fail("The ledger is behind what the hub has decided; stock is not affected. Try again.")
    })
  /** What carts and customers have in their journals is in it. */
  const ofRecovery = <A>(read: Effect.Effect<A, PostgresFailed>) =>
    projector.catchesUp(RECOVERY_PROJECTION, customers.host.standing.sequence, CATCH_UP_MS_MAX).pipe(
      Effect.andThen(projector.catchesUp(CARTS_PROJECTION, carts.host.standing.sequence, CATCH_UP_MS_MAX)),
      Effect.andThen(read),
      Effect.mapError(() => "PostgreSQL does not answer now; recovery itself is not affected. Try again.")
    )
  return Projections.of({
    incidents: (query) => list(Queries.incidents(pool, query)),
    alerts: (query) => list(Queries.alerts(pool, query)),
    history: {
      ledger: (sku, query) => list(History.ledger(pool, sku, query)),
      momentOf,
      levels: (sku, query) => list(History.levels(pool, sku, query)),
      causes: (sku, versions) => list(History.causes(pool, sku, versions)),
      placesOf: (sku, versions) => list(History.placesOf(pool, sku, versions))
    },
    locations: {
      locations: yield* sharedPages((query) => list(Locations.locations(pool, query))),
      stockAt: (query) => list(Locations.stockAt(pool, query))
    },
    lowStock: {
      raised: (query) => list(LowStock.raised(pool, query)),
      raisedOf: (sku) => list(LowStock.raisedOf(pool, sku)),
      sold: (query) => list(LowStock.sold(pool, query))
    },
    recovery: {
      currencies: (period) => ofRecovery(Figures.currencies(pool, period)),
      counted: (period, what) => ofRecovery(Figures.countRecoveries(pool, period, what)),
      endings: (period) => ofRecovery(Figures.countEndings(pool, period)),
      queue: (query) => ofRecovery(Recoveries.queue(pool, query)),
      queueCounts: (atMs) => ofRecovery(Recoveries.queueCounts(pool, atMs)),
      suppressed: (query) => ofRecovery(Recoveries.suppressed(pool, query)),
      suppressedCount: ofRecovery(Recoveries.suppressedCount(pool)),
      timeline: (customerId, query) => ofRecovery(Recoveries.timeline(pool, customerId, query))
    },
    servers: yield* serverLooks(pool, settings.redisUrl),
    lags: () => projector.lags(Date.now())
  })
})

interface Position {
  readonly sequence: number
  /** Of the commit there, in milliseconds since the epoch; 0 where it is not known. */
  readonly at: number
}

const NOWHERE: Position = { sequence: 0, at: 0 }

/** Of one kind of actors, what the projector has to know. */
interface Followed {
  readonly host: {
    readonly standing: { readonly sequence: number }
    readonly isBusy: boolean
    readonly onCommits: (listener: () => void) => void
  }
  readonly recent: Pick<RecentCommits, "timeOf" | "recordsAfter" | "textOf">
}

const PROJECTIONS = {
  stock: [REGISTER, LEDGER, STOCK_EVENTS_PROJECTION],
  cart: [CARTS_PROJECTION, CART_EVENTS_PROJECTION],
  customer: [RECOVERY_PROJECTION]
} as const

const kindOf = (projection: string): KindName =>
  KINDS.find((kind) => PROJECTIONS[kind].some((name) => name === projection)) ?? "stock"

class Projector {
  private readonly followed: Readonly<Record<KindName, Followed>>
  private readonly positions = new Map<string, Position>()
  /** How far the thread was told that each journal reaches. */
  private readonly told: Record<KindName, number> = { stock: 0, cart: 0, customer: 0 }
  private readonly pages: RegisterPages
  private worker: Worker | undefined
  private readonly busy = new Busy()
  private telling = false
  private toldAtMs = Number.NEGATIVE_INFINITY

  constructor(stock: Followed & { readonly host: PartitionHost }, cart: Followed, customer: Followed) {
    this.followed = { stock, cart, customer }
    this.pages = new RegisterPages(stock.host)
    for (const kind of KINDS) {
      const { host } = this.followed[kind]
      host.onCommits(() => this.onCommits(kind, host.isBusy))
    }
  }

  /** Keeps a thread running until interrupted. What it had not applied when it ended, the next one applies. */
  keep(settings: ThreadSettings): Effect.Effect<never> {
    return keepThread({
      name: "projector",
      start: () => this.start(settings),
      stop: () => this.tell({ type: "stop" })
    })
  }

  lags(nowMs: number): ReadonlyArray<ProjectionLag> {
    return KINDS.flatMap((kind) => PROJECTIONS[kind].map((name) => this.lag(name, this.followed[kind], nowMs)))
  }

  private lag(name: string, { host, recent }: Followed, nowMs: number): ProjectionLag {
    const { sequence, at } = this.positions.get(name) ?? NOWHERE
    const oldestAtMs = recent.timeOf(sequence + 1) ?? at
    if (host.standing.sequence <= sequence) return { name, lagEvents: 0, lagSeconds: 0 }
    const lagSeconds = oldestAtMs === 0 ? 0 : Math.max(0, nowMs - oldestAtMs) / 1_000
    return { name, lagEvents: recent.recordsAfter(sequence), lagSeconds }
  }

  /** Waits until everything up to `sequence` is applied; false when that takes longer than `patienceMs`. */
  catchesUp(name: string, sequence: number, patienceMs: number): Effect.Effect<boolean> {
    return Effect.gen({ self: this }, function* () {
      const isThere = () => (this.positions.get(name) ?? NOWHERE).sequence >= sequence
      if (isThere()) return true
      this.tellHeads()
      this.tell({ type: "hurry", kind: kindOf(name), sequence })
      for (let waitedMs = 0; !isThere(); waitedMs += 5) {
        if (waitedMs >= patienceMs) return false
        yield* Effect.sleep("5 millis")
      }
      return true
    })
  }

  private start(settings: ThreadSettings): Worker {
    const started: StartedThread = { ...settings, live: liveSettings(), busy: this.busy.memory }
    const worker = new Worker(new URL("thread.js", import.meta.url), { workerData: started })
    worker.on("message", (message: FromThread) => this.hear(message))
    worker.once("exit", () => (this.worker = undefined))
    this.worker = worker
    this.tellHeads()
    return worker
  }

  private hear(message: FromThread): void {
    if (message.type === "applied") this.positions.set(message.name, message)
    else this.pages.answer(message.page, (answer) => this.tell(answer))
  }

  private onCommits(kind: KindName, isBusy: boolean): void {
    this.busy.note(kind, isBusy)
    if (this.telling) return
    this.telling = true
    const restMs = this.toldAtMs + TELL_EVERY_MS - performance.now()
    setTimeout(
      () => {
        this.telling = false
        this.tellHeads()
      },
      Math.max(TELL_SOON_MS, restMs)
    )
  }

  private tellHeads(): void {
    this.toldAtMs = performance.now()
    const transferred: Array<ArrayBuffer> = []
    const heads = KINDS.map((kind) => {
      const { sequence } = this.followed[kind].host.standing
      const commits = this.handed(kind, sequence)
      this.told[kind] = sequence
      if (commits === undefined) return { kind, sequence }
      transferred.push(commits.texts.buffer)
      return { kind, sequence, commits }
    })
    this.tell({ type: "heads", heads }, transferred)
  }

  /** Only what a projection may come to soon: a thread that does not get to its messages is not sent more and more of them. */
  private handed(kind: KindName, until: number): HandedCommits | undefined {
    const nearest = Math.max(...PROJECTIONS[kind].map((name) => (this.positions.get(name) ?? NOWHERE).sequence))
    if (until - nearest > HANDED_COMMITS_MAX) return undefined
    return handedFrom(this.followed[kind].recent, this.told[kind], until)
  }

  private tell(message: ToThread, transferred: ReadonlyArray<ArrayBuffer> = []): void {
    this.worker?.postMessage(message, transferred)
  }
}

/** SKUs looked at between two commands. */
const PAGE_SKUS = 500

/** The whole stock in pages, each as it is when it is asked for; the sequence is that of the first. */
class RegisterPages {
  private readonly host: PartitionHost
  private skus: ReadonlyArray<string> = []
  private sequence = 0

  constructor(host: PartitionHost) {
    this.host = host
  }

  answer(page: number, reply: (answer: ToThread) => void): void {
    submitView(
      this.host,
      () => {
        if (page === 0) {
          this.skus = [...this.host.book.skus()]
          this.sequence = this.host.standing.sequence
        }
        const some = this.skus.slice(page * PAGE_SKUS, (page + 1) * PAGE_SKUS)
        return some.flatMap((sku) => this.rowOf(sku))
      },
      (outcome) => {
        if (!("value" in outcome)) return reply({ type: "no-page" })
        const isLast = (page + 1) * PAGE_SKUS >= this.skus.length
        reply({ type: "page", page: { sequence: this.sequence, rows: outcome.value, isLast } })
        if (isLast) this.skus = []
      }
    )
  }

  private rowOf(sku: string): ReadonlyArray<RegisterRow> {
    const state = this.host.book.peek(sku)
    if (state === undefined) return []
    const { version, physical, allocated, settings } = state
    return [{ sku, version, physical, allocated, safetyThreshold: settings.safetyThreshold }]
  }
}
