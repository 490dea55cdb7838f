/**
 * The projector thread: everything derived from the journal beside the sockets. The Redis register, the PostgreSQL
 * ledger and read models, the STOCK_EVENTS stream, the delivery of alerts; each runs on its own, and one that is held up holds up nobody else.
 *
 * A thread of its own because its work is as large as the hub's and can wait: here it has a heap and an event loop of
 * its own, so it costs no turn a pause, and the kernel is told that the hub goes first. It reads the journal like any
 * other consumer; of the hub it learns only how far the journal reaches, whether it is busy, and the stock when Redis was emptied.
 */
import { parentPort, workerData } from "node:worker_threads"
import { Deferred, Effect, Layer } from "effect"
import { Redis } from "ioredis"
import type { CartRecord } from "../../actors/cart/events.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import { DeadLetters } from "../../streams/dead-letters.ts"
import { Journal, type JournalShape } from "../../streams/journal.ts"
import { journalNats, journalOf } from "../../streams/journal.nats.ts"
import { Nats } from "../../streams/nats/connection.ts"
import { migrate, Postgres } from "../../streams/postgres.ts"
import { cartEventsProjection } from "../../streams/projections/cart-events.ts"
import { CARTS_PROJECTION, cartsProjection } from "../../streams/projections/carts.ts"
import { Head } from "../../streams/projections/head.ts"
import { LEDGER, LEDGER_SETTINGS, ledgerProjection } from "../../streams/projections/ledger.ts"
import { rebuildLedger } from "../../streams/projections/ledger-rebuild.ts"
import {
  REGISTER,
  type RegisterPage,
  registerProjection,
  type RegisterSource
} from "../../streams/projections/register.ts"
import { RECOVERY_PROJECTION, recoveryProjection } from "../../streams/projections/recovery.ts"
import { type Projection, ProjectionFailed, ProjectionRunner } from "../../streams/projections/runner.ts"
import { stockEventsProjection } from "../../streams/projections/stock-events.ts"
import { CART, CUSTOMER } from "../../streams/subjects.ts"
import { deliverAlerts } from "../alerts/delivery.ts"
import { sinksOf } from "../alerts/sinks/sinks.ts"
import { takeLiveSettings } from "../live-settings.ts"
import { logging } from "../logging.ts"
import { stepBackThread } from "../scheduling.ts"
import { Busy } from "./busy.ts"
import { Handed, readingHanded } from "./handed.ts"
import type { FromThread, KindName, StartedThread, ThreadSettings, ToThread } from "./messages.ts"

const say = (message: FromThread): void => parentPort?.postMessage(message)

/** What the hub answered last; one question at a time. */
class Hub {
  readonly heads: Readonly<Record<KindName, Head>>
  readonly handed = {
    stock: new Handed(),
    cart: new Handed<CartRecord>(),
    customer: new Handed<CustomerRecord>()
  }
  readonly stopped = Deferred.makeUnsafe<void>()
  private waiting: Deferred.Deferred<RegisterPage, ProjectionFailed> | undefined

  constructor(busy: Busy) {
    const headOf = (kind: KindName) => new Head(() => busy.isBusy(kind))
    this.heads = { stock: headOf("stock"), cart: headOf("cart"), customer: headOf("customer") }
  }

  readonly page: RegisterSource = (page) =>
    Effect.suspend(() => {
      this.waiting = Deferred.makeUnsafe<RegisterPage, ProjectionFailed>()
      say({ type: "ask-page", page })
      return Deferred.await(this.waiting)
    })

  hear(message: ToThread): void {
    if (message.type === "heads") {
      for (const { kind, sequence, commits } of message.heads) {
        if (commits !== undefined) this.handed[kind].take(commits)
        this.heads[kind].advance(sequence)
      }
    } else if (message.type === "hurry") this.heads[message.kind].hurry(message.sequence)
    else if (message.type === "stop") Deferred.doneUnsafe(this.stopped, Effect.void)
    else if (this.waiting !== undefined) {
      const failure = new ProjectionFailed({ projection: REGISTER, detail: "the hub takes no turns now" })
      Deferred.doneUnsafe(this.waiting, message.type === "page" ? Effect.succeed(message.page) : Effect.fail(failure))
      this.waiting = undefined
    }
  }
}

/** Commands are not kept while Redis is away: they fail, and the projection tries its batch again. */
const redisClient = (url: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const redis = new Redis(url, {
        lazyConnect: true,
        maxRetriesPerRequest: 0,
        enableOfflineQueue: false,
        connectTimeout: 2_000,
        commandTimeout: 10_000,
        // A network that has forgotten the line does not say so: what is silent for so long is opened again.
        socketTimeout: 10_000,
        retryStrategy: (times) => Math.min(2_000, times * 100)
      })
      redis.on("error", () => undefined)
      // A Redis that is not there yet holds up its projection, not the hub.
      await redis.connect().catch(() => undefined)
      return redis
    }),
    (redis) => Effect.sync(() => redis.disconnect())
  )

const lastSequenceFor = (projection: string, journal: JournalShape) =>
  Effect.mapError(journal.lastSequence, ({ detail }) => new ProjectionFailed({ projection, detail }))

const project = Effect.fnUntraced(function* (settings: ThreadSettings, hub: Hub) {
  const journal = yield* Journal
  const nats = yield* Nats
  const deadLetters = yield* DeadLetters
  const pool = yield* Postgres
  const redis = yield* redisClient(settings.redisUrl)
  const { stock: head, cart, customer } = hub.heads
  const prepare = (projection: string) =>
    Effect.mapError(migrate(settings.postgresUrl), ({ detail }) => new ProjectionFailed({ projection, detail }))
  const projections: ReadonlyArray<Projection> = [
    registerProjection(redis, hub.page, lastSequenceFor(REGISTER, journal)),
    ledgerProjection(pool, {
      prepare: prepare(LEDGER),
      rebuild: rebuildLedger({ url: settings.postgresUrl, journal, head })
    }),
    stockEventsProjection(nats, Date.now)
  ]
  const onApplied = (name: string, { sequence, at }: { readonly sequence: number; readonly at: number }) =>
    say({ type: "applied", name, sequence, at })
  for (const projection of projections) {
    const ofStock = { journal: readingHanded(journal, hub.handed.stock), head, onApplied }
    yield* Effect.forkScoped(new ProjectionRunner(projection, ofStock).run)
  }
  const ofCarts = [cartEventsProjection(nats, Date.now), cartsProjection(pool, prepare(CARTS_PROJECTION))]
  for (const projection of ofCarts) {
    const carts = { journal: readingHanded(journalOf<CartRecord>(nats, CART), hub.handed.cart), head: cart, onApplied }
    yield* Effect.forkScoped(new ProjectionRunner(projection, carts).run)
  }
  const journalOfCustomers = readingHanded(journalOf<CustomerRecord>(nats, CUSTOMER), hub.handed.customer)
  const customers = { journal: journalOfCustomers, head: customer, onApplied }
  const ofCustomers = recoveryProjection(pool, prepare(RECOVERY_PROJECTION))
  yield* Effect.forkScoped(new ProjectionRunner(ofCustomers, customers).run)
  for (const sink of sinksOf(settings.alerts)) {
    yield* Effect.forkScoped(deliverAlerts({ nats, deadLetters, sink, random: Math.random }))
    yield* Effect.addFinalizer(() => Effect.sync(() => sink.close?.()))
  }
  yield* Deferred.await(hub.stopped)
})

const settings = workerData as StartedThread
takeLiveSettings(settings.live)
const servers = Layer.mergeAll(
  Postgres.layerForBatches(settings.postgresUrl, LEDGER_SETTINGS),
  journalNats,
  DeadLetters.layerNats
).pipe(Layer.provideMerge(Nats.layer(settings.natsUrl)))
const hub = new Hub(new Busy(settings.busy))

stepBackThread()
parentPort?.on("message", (message: ToThread) => hub.hear(message))
await Effect.runPromise(
  Effect.scoped(project(settings, hub)).pipe(Effect.provide(Layer.provideMerge(servers, logging)))
)
parentPort?.close()
