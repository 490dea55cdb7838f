/**
 * Carts and the stock that they hold, over two journals in trouble: hubs crash between what a cart asks of the stock, what
 * the stock decides, and what the cart is told.
 *
 * Shoppers fill carts, begin checkouts, change their minds and pay; payments are told until they are taken, as they are in
 * a hub. A run ends quietly, and then the two journals, folded anew, must agree.
 */
import { Clock, Duration, Effect, Exit, FiberSet, Scope } from "effect"
import { TestClock } from "effect/testing"
import type { CartCommand } from "../../actors/cart/commands.ts"
import type { CartRecord } from "../../actors/cart/events.ts"
import type { JournalRecord } from "../../actors/sku/events.ts"
import { fingerprint } from "../../actors/sku/fingerprint.ts"
import { CartRequests } from "../../src/carts/requests.ts"
import { cartKind } from "../../src/carts/kind.ts"
import type { CartPartitions } from "../../src/carts/layer.ts"
import { Steps } from "../../src/carts/steps.ts"
import { type Claim, claim } from "../../src/host/claim.ts"
import type { PartitionHost } from "../../src/host/host.ts"
import { stockKind } from "../../src/host/stock-kind.ts"
import { DeadLetters } from "../../streams/dead-letters.ts"
import { RecentCommits } from "../../streams/recent-commits.ts"
import { Snapshots } from "../../streams/snapshots.ts"
import { cartViolations, OPENING_UNITS, SKUS } from "./cart-invariants.ts"
import { type Faults, type FaultyJournal, makeFaultyJournal, noFaults } from "./faulty-journal.ts"
import { Random } from "./random.ts"

export interface CartReport {
  readonly violations: ReadonlyArray<string>
  readonly crashes: number
  readonly orders: number
  readonly merged: number
  readonly faults: ReadonlyMap<string, number>
}

const CRASH = 0.06
const CARTS = 8
const HOLD_MS = 3_600_000

interface World {
  readonly random: Random
  readonly stock: FaultyJournal
  readonly carts: FaultyJournal<CartRecord>
  /** Payments that no hub has taken yet. */
  readonly payments: Map<string, CartCommand>
  readonly partitions: number
  count: number
}

interface Hub {
  readonly scope: Scope.Closeable
  readonly stock: PartitionHost
  readonly carts: CartPartitions
  readonly requests: CartRequests
}

export const simulateCarts = Effect.fnUntraced(function* ({
  partitions = 1,
  seed,
  steps
}: {
  /** Of the carts' journal; the stock's has one. */
  readonly partitions?: number
  readonly seed: number
  readonly steps: number
}) {
  const random = new Random(seed)
  const trouble: Faults = {
    lostAck: 0.05,
    lostAppend: 0.03,
    lateAppend: 0.02,
    spuriousConflict: 0.02,
    failedRead: 0.05,
    latencyMsMax: 5
  }
  let current = noFaults
  const faults = new Proxy(trouble, { get: (_, name) => Reflect.get(current, name) as number })
  const run = Effect.runForkWith(yield* Effect.context())
  const world: World = {
    random,
    stock: makeFaultyJournal<JournalRecord>(random, faults, run),
    carts: makeFaultyJournal<CartRecord>(random, faults, run),
    payments: new Map(),
    partitions,
    count: 0
  }
  let crashes = 0
  let hub = yield* startHub(world, 0)
  for (const sku of SKUS) receive(hub, sku)
  yield* pass(200)
  current = trouble
  for (let step = 1; step <= steps; step++) {
    for (let acts = random.integer(1, 4); acts > 0; acts--) act(world, hub)
    yield* pass(random.integer(1, 60))
    tend(hub)
    if (!random.chance(CRASH) && hub.stock.isOpen && hub.carts.isOpen) continue
    crashes++
    yield* Scope.close(hub.scope, Exit.void)
    hub = yield* startHub(world, step)
  }
  current = noFaults
  for (let round = 0; round < 30; round++) {
    yield* pass(400)
    tend(hub)
    if (!hub.stock.isOpen || !hub.carts.isOpen) {
      yield* Scope.close(hub.scope, Exit.void)
      hub = yield* startHub(world, steps + round + 1)
    }
    tellPayments(world, hub)
  }
  yield* pass(1_000)
  yield* Scope.close(hub.scope, Exit.void)
  const untold = [...world.payments.keys()].map((id) => `the payment ${id} was never taken`)
  const { violations, orders, merged } = cartViolations(world.stock.memory.stored, world.carts.memory.stored)
  const struck = new Map(world.stock.struck)
  for (const [fault, count] of world.carts.struck) struck.set(fault, (struck.get(fault) ?? 0) + count)
  const report: CartReport = { violations: [...untold, ...violations], crashes, orders, merged, faults: struck }
  return report
})

const tend = (hub: Hub): void => {
  hub.stock.tend()
  hub.carts.tend()
  hub.stock.submit({ kind: "due" })
  hub.carts.submit({ kind: "due" })
}

const receive = (hub: Hub, sku: string): void => {
  const command = {
    type: "receipt",
    sku,
    mutationId: "opening",
    quantity: OPENING_UNITS,
    locationId: "default"
  } as const
  const hash = fingerprint(command)
  hub.stock.submit({ kind: "command", command, hash, factSequence: 0, receivedAtMs: 0, reply: () => undefined })
}

/** What one shopper does; nobody insists on an answer. */
const act = (world: World, hub: Hub): void => {
  const { random } = world
  const cart = `c${random.integer(0, CARTS - 1)}`
  const on = { cart, mutationId: `m${++world.count}` }
  const sku = SKUS[random.integer(0, SKUS.length - 1)] ?? ""
  const state = hub.carts.book.peek(cart)
  const dice = random.integer(0, 9)
  const ask = (command: CartCommand): void => hub.requests.submit(command, 0, () => undefined)
  if (state === undefined || dice < 3)
    ask({ type: "add", ...on, sku, quantity: 1, unitPriceMinor: 100, currency: "GBP" })
  else if (dice < 4) ask({ type: "set", ...on, sku, quantity: random.integer(0, 2) })
  else if (dice < 7) ask({ type: "checkout", ...on, ttlMs: HOLD_MS })
  else if (dice < 8 && random.chance(0.5)) ask({ type: "cancel-checkout", ...on })
  else if (dice < 8) ask({ type: "sign-in", ...on, customerId: `anna${random.integer(0, 2)}` })
  else if (state.status === "checkout") {
    const { contents, totals } = state
    const paymentId = `p${world.count}`
    world.payments.set(paymentId, {
      type: "paid",
      ...on,
      contents,
      paymentId,
      amountMinor: totals.totalMinor,
      currency: "GBP"
    })
    tellPayments(world, hub)
  }
}

/** Whoever told of a payment tells it again until it is taken. */
const tellPayments = (world: World, hub: Hub): void => {
  for (const [id, command] of world.payments) {
    hub.requests.submit(command, 0, (answer) => {
      if (answer.ok) world.payments.delete(id)
    })
  }
}

/** Lets time pass, and what time has woken run. */
const pass = Effect.fnUntraced(function* (ms: number) {
  for (let passed = 0; passed < ms; passed += 5) {
    yield* TestClock.adjust(Duration.millis(5))
    yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
  }
})

const noTimers = { arm: () => undefined, watch: () => Effect.never }

const startHub = Effect.fnUntraced(function* (world: World, step: number) {
  const scope = yield* Scope.make()
  const start = yield* Scope.provide(FiberSet.makeRuntime<never>(), scope)
  const later = yield* Scope.provide(FiberSet.makeRuntime<never>(), scope)
  const common = {
    options: {
      owner: `hub${step}`,
      partitions: 1,
      idempotencyWindowMs: 24 * 3_600_000,
      idempotencyIdsMax: 1_000_000,
      flightsMax: 2,
      followingCommandsMin: 1,
      stagedAnswersMin: 1,
      snapshotEveryRecords: 1_000_000
    } as const,
    snapshots: yield* Snapshots.use((shape) => Effect.succeed(shape)).pipe(Effect.provide(Snapshots.layerMemory)),
    clock: yield* Clock.Clock,
    start
  }
  const deadLetters = yield* DeadLetters.use((shape) => Effect.succeed(shape)).pipe(
    Effect.provide(DeadLetters.layerMemory)
  )
  const bounds = { bytesMax: 4_000, commitsMax: 8 }
  const up = <A>(claiming: Effect.Effect<A, unknown>) => comeUp(Effect.forkIn(claiming, scope))
  const ports = { timers: noTimers, deadLetters }
  const stock = yield* up(
    claim({
      ...common,
      kind: stockKind(20),
      ports: { ...ports, journal: world.stock, recent: new RecentCommits(bounds) }
    })
  )
  const availableOf = ({ sku }: { readonly sku: string }) => {
    const state = stock.book.peek(sku)
    return state === undefined ? undefined : state.physical - state.allocated
  }
  const ofCarts: Claim<CartRecord, Parameters<CartPartitions["submit"]>[0], CartPartitions["book"]> = {
    ...common,
    options: { ...common.options, partitions: world.partitions, flightsMax: world.partitions === 1 ? 2 : 1 },
    kind: cartKind(availableOf),
    ports: { ...ports, journal: world.carts, recent: new RecentCommits<CartRecord>(bounds) }
  }
  const carts = yield* up(claim(ofCarts))
  const left = [...carts.book.waiting].map((cart) => [cart, carts.book.peek(cart)?.steps ?? []] as const)
  const again = (ms: number, doIt: () => void) => void later(Effect.andThen(Effect.sleep(ms), Effect.sync(doIt)))
  const doing = new Steps({ stock, carts, later: again }, left)
  carts.onCommits((commits) => doing.onCommits(commits))
  doing.start()
  return { scope, stock, carts, requests: new CartRequests(carts) } satisfies Hub
})

const comeUp = Effect.fnUntraced(function* <A>(
  forked: Effect.Effect<{ readonly pollUnsafe: () => Exit.Exit<A, unknown> | undefined }>
) {
  const claiming = yield* forked
  for (let waited = 0; claiming.pollUnsafe() === undefined && waited < 200; waited++) yield* pass(20)
  const claimed = claiming.pollUnsafe()
  if (claimed === undefined) return yield* Effect.die(new Error("the hub did not come up"))
  return yield* Effect.orDie(claimed)
})
