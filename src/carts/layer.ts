/**
 * Carts as a service: their host on a journal of its own, the steps that they ask of the stock, their facts.
 */
import { Context, Effect, Layer } from "effect"
import { CartBook } from "../../actors/cart/book.ts"
import type { CartRecord } from "../../actors/cart/events.ts"
import type { CartKeep } from "../../actors/cart/rest.ts"
import { available, findLocation, isBundle } from "../../actors/sku/state.ts"
import { DEFAULT_LOCATION } from "../../actors/sku/commands.ts"
import { DeadLetters } from "../../streams/dead-letters.ts"
import { purgeFacts, readFacts, type StoredFact } from "../../streams/facts.ts"
import { journalOf } from "../../streams/journal.nats.ts"
import { Nats } from "../../streams/nats/connection.ts"
import { RecentCommits } from "../../streams/recent-commits.ts"
import { snapshotsOf } from "../../streams/snapshots.ts"
import { CART, skuOfSubject } from "../../streams/subjects.ts"
import { timersOf } from "../../streams/timers.ts"
import { factReader } from "../host/facts.ts"
import type { PartitionHost } from "../host/host.ts"
import { acquireHost, StockHost } from "../host/layer.ts"
import type { HostOptions } from "../host/options.ts"
import { PaymentsService } from "../payments/layer.ts"
import { current } from "../tracing/tracing.ts"
import { decodeCartFact, decodeCartName } from "./decode.ts"
import { CartFollowers } from "./followers.ts"
import { forgetting } from "./forgetting.ts"
import { cartKind } from "./kind.ts"
import type { CartMail } from "./mail.ts"
import { CartRequests, cartHash } from "./requests.ts"
import { PaymentLinks } from "./payment-links.ts"
import { takePayments } from "./payments.ts"
import { Repaying } from "./repaying.ts"
import { Steps } from "./steps.ts"
import { traceCarts } from "./traced.ts"
import { type AvailableOf, CART_FACT } from "./turn.ts"

export type CartPartitions = PartitionHost<CartRecord, CartMail, CartBook>

export interface CartsShape {
  readonly host: CartPartitions
  readonly requests: CartRequests
  readonly steps: Steps
  readonly recent: RecentCommits<CartRecord>
  readonly followers: CartFollowers
  /** `undefined`: payments are not set up. */
  readonly links: PaymentLinks | undefined
  readonly repaying: Repaying | undefined
  /** What the rolling window has found since the start. */
  readonly window: { found: number }
}

export class Carts extends Context.Service<Carts, CartsShape>()("holdfast/src/carts/Carts") {
  static readonly layer = (options: HostOptions, keep: CartKeep) => Layer.effect(Carts, acquire(options, keep))
}

const acquire = Effect.fnUntraced(function* (options: HostOptions, keep: CartKeep) {
  const nats = yield* Nats
  const stock = yield* StockHost
  const deadLetters = yield* DeadLetters
  const recent = new RecentCommits<CartRecord>()
  const availableOf = availableIn(stock)
  const host = yield* acquireHost({
    kind: cartKind(availableOf),
    options,
    ports: {
      journal: journalOf<CartRecord>(nats, CART),
      recent,
      timers: yield* timersOf(nats, CART),
      deadLetters
    },
    snapshots: snapshotsOf(nats, CART)
  })
  host.onCommits(traceCarts)
  const left = [...host.book.waiting].map((cart) => [cart, host.book.peek(cart)?.steps ?? []] as const)
  const steps = new Steps({ stock, carts: host, later: (ms, act) => void setTimeout(act, ms).unref() }, left)
  host.onCommits((commits) => steps.onCommits(commits))
  steps.start()
  yield* Effect.forkScoped(readFacts(nats, CART, factReader(host, deadLetters, { source: CART_FACT, read: readFact })))
  const purge = Effect.suspend(() => purgeFacts(nats, CART, host.standing.facts))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep("1 minute"), purge)))
  yield* Effect.forkScoped(forgetting(host, keep, Date.now))
  const followers = new CartFollowers({ host, availableOf, nowMicros })
  stock.onCommits((commits) => followers.onStock(commits))
  const { payments, repayments } = yield* PaymentsService
  const links =
    payments === undefined ? undefined : new PaymentLinks({ nats, host, links: payments.links, nowMs: Date.now })
  const repaying =
    payments === undefined || repayments === undefined
      ? undefined
      : new Repaying({ nats, host, payments, repayments, nowMs: Date.now })
  if (links !== undefined) yield* Effect.forkScoped(links.run)
  if (repaying !== undefined) {
    yield* Effect.forkScoped(repaying.run)
    yield* Effect.forkScoped(takePayments({ nats, host, deadLetters, repaying, nowMs: Date.now }))
  }
  return Carts.of({
    links,
    repaying,
    host,
    requests: new CartRequests(host),
    steps,
    recent,
    followers,
    window: { found: 0 }
  })
})

const nowMicros = (): number => Math.round((performance.timeOrigin + performance.now()) * 1_000)

/** What the stock's actors say at this moment; the hold that a checkout makes is what counts in the end. */
export const availableIn =
  (stock: PartitionHost): AvailableOf =>
  ({ sku, locationId = DEFAULT_LOCATION }) => {
    const state = stock.book.peek(sku)
    if (state === undefined) return undefined
    const place = isBundle(state) ? state : (findLocation(state, locationId) ?? { physical: 0, allocated: 0 })
    return Math.min(Number.MAX_SAFE_INTEGER, available(place) + state.settings.backorderLimit)
  }

const readFact = (fact: StoredFact, body: unknown) => {
  const cart = decodeCartName(skuOfSubject(fact.subject))
  if (!cart.ok) return cart
  const decoded = decodeCartFact(cart.value, body)
  if (!decoded.ok) return decoded
  current()?.received(decoded.value, { name: "cart.fact", parent: fact.traceparent, atMs: performance.now() })
  return { ok: true, command: decoded.value, hash: cartHash(decoded.value) } as const
}
