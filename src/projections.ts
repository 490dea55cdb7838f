/**
 * Everything derived from the journal beside the sockets, as one service: the Redis register, the PostgreSQL ledger and
 * read models, the STOCK_EVENTS stream. Each runs on its own; one that is held up holds up nobody else.
 */
import { Effect, Layer } from "effect"
import { Redis } from "ioredis"
import { CommitFeed } from "../streams/feed.ts"
import { Nats } from "../streams/nats/connection.ts"
import { Postgres, type PostgresFailed } from "../streams/postgres.ts"
import { ledgerProjection } from "../streams/projections/ledger.ts"
import * as Queries from "../streams/projections/queries.ts"
import {
  checkRegister,
  registerProjection,
  type RegisterRow,
  type RegisterSource
} from "../streams/projections/register.ts"
import { ProjectionFailed, ProjectionRunner } from "../streams/projections/runner.ts"
import { stockEventsProjection } from "../streams/projections/stock-events.ts"
import { Projections } from "./gateway/projections.ts"
import { submitView } from "./gateway/requests.ts"
import type { PartitionHost } from "./host/host.ts"
import { StockHost } from "./host/layer.ts"

export const projectionsLayer = (urls: { readonly redis: string; readonly postgres: string }) =>
  Layer.effect(Projections, acquire(urls.redis)).pipe(Layer.provide(Postgres.layer(urls.postgres)))

/** How long a list waits for what the journal had when it was asked for. */
const CATCH_UP_MS_MAX = 1_000

const acquire = Effect.fnUntraced(function* (redisUrl: string) {
  const host = yield* StockHost
  const feed = yield* CommitFeed
  const nats = yield* Nats
  const pool = yield* Postgres
  const redis = yield* redisClient(redisUrl)
  const options = { feed, isBusy: () => host.isBusy }
  const register = new ProjectionRunner(registerProjection(redis, registerSource(host)), options)
  const ledger = new ProjectionRunner(ledgerProjection(pool), options)
  const events = new ProjectionRunner(stockEventsProjection(nats), options)
  yield* Effect.forkScoped(keepRegister(register, redis))
  yield* Effect.forkScoped(ledger.run)
  yield* Effect.forkScoped(events.run)

  const list = (read: Effect.Effect<Queries.Page, PostgresFailed>) =>
    Effect.andThen(ledger.caughtUp(feed.lastSequence(), CATCH_UP_MS_MAX), read).pipe(
      Effect.mapError(() => "PostgreSQL does not answer now; stock is not affected. Try again.")
    )
  return Projections.of({
    incidents: (query) => list(Queries.incidents(pool, query)),
    alerts: (query) => list(Queries.alerts(pool, query)),
    ledger: (sku, query) => list(Queries.ledger(pool, sku, query)),
    lags: () => [register, ledger, events].map((runner) => runner.lag(Date.now()))
  })
})

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
        retryStrategy: (times) => Math.min(2_000, times * 100)
      })
      redis.on("error", () => undefined)
      // A Redis that is not there yet holds up its projection, not the hub.
      await redis.connect().catch(() => undefined)
      return redis
    }),
    (redis) => Effect.sync(() => redis.disconnect())
  )

/** Runs the register, and starts it afresh when Redis has lost its data: its checkpoint is then gone, and it rebuilds. */
const keepRegister = (register: ProjectionRunner, redis: Redis): Effect.Effect<never> => {
  const check = Effect.forever(
    Effect.andThen(
      Effect.sleep("1 second"),
      checkRegister(redis, () => register.sequence)
    )
  )
  // A Redis that does not answer is no Redis that has lost its data: the runner itself tries on.
  return Effect.forever(
    Effect.andThen(Effect.ignore(Effect.raceFirst(register.run, check)), Effect.sleep("100 millis"))
  )
}

/** SKUs read between two commands. */
const PAGE_SKUS = 500

const registerSource = (host: PartitionHost): RegisterSource => ({
  lastSequence: () => host.standing.sequence,
  all: Effect.map(
    view(host, () => [...host.book.skus()]),
    (skus) => {
      const { sequence } = host.standing
      const pages: Array<Effect.Effect<ReadonlyArray<RegisterRow>, ProjectionFailed>> = []
      for (let first = 0; first < skus.length; first += PAGE_SKUS) {
        const some = skus.slice(first, first + PAGE_SKUS)
        pages.push(view(host, () => some.flatMap((sku) => rowOf(host, sku))))
      }
      return { sequence, pages }
    }
  )
})

const rowOf = (host: PartitionHost, sku: string): ReadonlyArray<RegisterRow> => {
  const state = host.book.peek(sku)
  if (state === undefined) return []
  const { version, physical, allocated, settings } = state
  return [{ sku, version, physical, allocated, safetyThreshold: settings.safetyThreshold }]
}

const view = <A>(host: PartitionHost, look: () => A): Effect.Effect<A, ProjectionFailed> =>
  Effect.callback((resume) => {
    submitView(host, look, (outcome) =>
      resume(
        "value" in outcome
          ? Effect.succeed(outcome.value)
          : Effect.fail(new ProjectionFailed({ projection: "redis-register", detail: "the hub takes no turns now" }))
      )
    )
  })
