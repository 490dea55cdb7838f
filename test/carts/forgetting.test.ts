/**
 * Goal: a hub forgets carts that have rested for long, and nothing of what is promised goes with them: the journal, the events
 * and PostgreSQL keep them, money that is owed keeps its cart, and the same id begins a new one, also after kill -9.
 * Method: a real hub with the usual settings, whose clock is moved on by months.
 */
import assert from "node:assert/strict"
import { jetstream } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { Effect } from "effect"
import { Pool } from "pg"
import { afterAll, beforeAll, it } from "vitest"
import { type CartEvent, type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import { journalOf } from "../../streams/journal.nats.ts"
import { Nats } from "../../streams/nats/connection.ts"
import { CART } from "../../streams/subjects.ts"
import { hubClock } from "../support/clock.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Between two looks at who sleeps; a cart does so after two. */
const SWEEP_MS = 31_000
const RESTING = ["left", "emptied", "merged", "merged-into"]
const LASTING = ["bought", "coded", "owing"]

const clock = hubClock()
let hub: TestHub
let nats: NatsConnection
let pool: Pool
let count = 0

beforeAll(async () => {
  hub = await startHub(clock.environment)
  nats = await connect({ servers: hub.nats.url })
  pool = new Pool({ connectionString: hub.databaseUrl, max: 1 })
})
afterAll(async () => {
  await pool.end()
  await nats.close()
  await hub.stop()
  clock.close()
})

const ask = async (cart: string, body: Record<string, unknown>) => {
  const reply = await http(hub, "POST", `/v1/carts/${cart}/requests`, { mutationId: `m${++count}`, ...body })
  assert.equal(reply.status, 200, JSON.stringify(reply.body))
  return reply.body
}
const add = { type: "add", sku: "mug", quantity: 1, unitPriceMinor: 1_000, currency: "GBP" }
const see = (cart: string) => http(hub, "GET", `/v1/carts/${cart}`)
const isKnown = async (cart: string): Promise<boolean> => (await see(cart)).status === 200
const knownOf = async (carts: ReadonlyArray<string>) => {
  const known = await Promise.all(carts.map(async (cart) => [cart, await isKnown(cart)] as const))
  return known.filter(([, is]) => is).map(([cart]) => cart)
}

const pay = async (cart: string, paymentId: string, { contents, totals }: Record<string, unknown>): Promise<void> => {
  const amountMinor = (totals as { readonly totalMinor: number }).totalMinor
  const paid = { type: "paid", mutationId: paymentId, contents, paymentId, amountMinor, currency: "GBP" }
  assert.equal((await http(hub, "POST", `/v1/carts/${cart}/facts`, paid)).status, 202)
}

const buy = async (cart: string): Promise<Record<string, unknown>> => {
  const held = await ask(cart, { type: "checkout" })
  await pay(cart, `pay-${cart}`, held)
  await eventually(
    async () => (await see(cart)).body["order"] as { readonly state?: string } | undefined,
    (order) => order?.state === "placed"
  )
  return held
}

const metrics = async (): Promise<string> =>
  (await fetch(`${hub.url}/metrics`, { headers: { connection: "close" } })).text()
const cartsMetric = async (name: string): Promise<number> =>
  Number(new RegExp(`^holdfast_carts${name} (\\d+)$`, "m").exec(await metrics())?.[1])

/**
 * Nobody asks for the carts in that time, so that all of them sleep: only those may be forgotten. What has happened before is
 * published first: it would be too old for it afterwards.
 */
const passes = async (days: number): Promise<void> => {
  await eventually(metrics, (text) => !/^holdfast_projection_lag_events\S* [^0]/m.test(text))
  clock.pass(days * DAY_MS)
  await eventually(
    async () => {
      clock.pass(SWEEP_MS)
      return cartsMetric("_awake")
    },
    (awake) => awake === 0
  )
}

/** What the journal has, with its times. */
const journaled = async (): Promise<ReadonlyArray<CartEvent & { readonly decidedAt: number }>> => {
  const found: Array<CartEvent & { readonly decidedAt: number }> = []
  const scan = Effect.flatMap(Nats, (connected) =>
    journalOf<CartRecord>(connected, CART).scan(
      { fromSequence: 1, untilSequence: Number.MAX_SAFE_INTEGER },
      ({ at, records }) => {
        for (const record of records) if (isCartEvent(record)) found.push({ ...record, decidedAt: at })
      }
    )
  )
  await Effect.runPromise(Effect.provide(scan, Nats.layer(hub.nats.url)))
  return found
}

const published = async (cart: string): Promise<ReadonlyArray<string>> => {
  const consumer = await jetstream(nats).consumers.get("CART_EVENTS", { filter_subjects: [`cart.event.${cart}`] })
  const { num_pending: pending } = await consumer.info()
  const types: Array<string> = []
  if (pending === 0) return types
  for await (const message of await consumer.fetch({ max_messages: pending, expires: 5_000 })) {
    types.push(message.json<{ readonly type: string }>().type)
  }
  return types
}

it("carts that rest are forgotten in time, those with money owed are not, and an id begins above what it was", async () => {
  await http(hub, "POST", "/v1/stock/mug/facts", { type: "receipt", mutationId: "r", quantity: 100 })
  const once = { mutationId: "p", kind: "percentage", basisPoints: 1_000, usesMax: 1 }
  assert.equal((await http(hub, "POST", "/v1/promotions/ONCE", once)).status, 200)
  for (const cart of [...RESTING, ...LASTING]) await ask(cart, add)
  await ask("emptied", { type: "remove", sku: "mug" })
  for (const cart of ["merged-into", "merged"]) await ask(cart, { type: "sign-in", customerId: "anna" })
  assert.equal((await see("merged")).body["status"], "merged")
  await ask("coded", { type: "apply-code", code: "ONCE" })
  for (const cart of ["bought", "coded"]) await buy(cart)
  await pay("owing", "twice", await buy("owing"))
  const owing = await eventually(
    async () => (await see("owing")).body,
    ({ strays }) => strays !== undefined
  )

  await passes(1)
  for (const cart of ["left", "merged-into"]) {
    await eventually(
      async () => (await see(cart)).body,
      ({ abandonedAt }) => abandonedAt !== undefined
    )
  }
  await passes(58)
  assert.deepEqual(await knownOf([...RESTING, ...LASTING]), [...RESTING, ...LASTING])
  const versions = new Map<string, number>()
  for (const cart of RESTING) versions.set(cart, Number((await see(cart)).body["version"]))
  await hub.crash()
  await passes(2)
  await eventually(
    () => cartsMetric(""),
    (carts) => carts === LASTING.length
  )
  assert.deepEqual(await knownOf(RESTING), [])
  await passes(342)
  await eventually(
    () => cartsMetric(""),
    (carts) => carts === LASTING.length - 1
  )
  assert.deepEqual((await see("owing")).body, owing)
  const late = { type: "refunded", mutationId: "late", paymentId: "pay-bought", refundedMinor: 1_000 }
  const refused = await http(hub, "POST", "/v1/carts/bought/facts", late)
  assert.deepEqual([refused.status, refused.body["code"]], [400, "unknown_cart"])
  nats.publish("cart.fact.bought", JSON.stringify(late))
  await eventually(
    async () => (await http(hub, "GET", "/v1/dead-letters")).body["items"] as ReadonlyArray<Record<string, unknown>>,
    (letters) => letters.some(({ code }) => code === "unknown_cart")
  )

  await hub.crash()
  assert.deepEqual(await knownOf([...RESTING, ...LASTING]), ["coded", "owing"])
  assert.equal((await http(hub, "GET", "/v1/promotions/ONCE")).body["uses"], 1)
  const again = await ask("left", { ...add, quantity: 3 })
  assert.ok(Number(again["version"]) > (versions.get("left") ?? Infinity) + 1, "not above the version that forgot it")
  const { body: begun } = await see("left")
  assert.equal(begun["version"], again["version"])
  await hub.crash()
  assert.deepEqual((await see("left")).body, begun)

  await whatIsKept(again)
}, 60_000)

/** Everything that was ever decided is in the journal and was published, and PostgreSQL has a row of each cart. */
const whatIsKept = async (again: Record<string, unknown>): Promise<void> => {
  const events = await journaled()
  for (const cart of [...RESTING, "bought"]) {
    const own = events.filter((event) => event.cart === cart)
    assert.deepEqual(
      own.map(({ version }) => version).toSorted((a, b) => a - b),
      own.map(({ version }) => version),
      cart
    )
    const end = own.findIndex(({ type }) => type === "forgotten")
    const restedMs = (own[end]?.decidedAt ?? 0) - (own[end - 1]?.decidedAt ?? Infinity)
    const keptDays = cart === "bought" ? 400 : 60
    assert.ok(restedMs >= keptDays * DAY_MS - MINUTE_MS, `${cart} was forgotten after ${restedMs / DAY_MS} days`)
    const told = await eventually(
      () => published(cart),
      ({ length }) => length === own.length
    )
    assert.deepEqual(
      told,
      own.map(({ type }) => type)
    )
  }
  const rows = await eventually(
    async () => (await pool.query<{ cart: string; version: string }>("SELECT cart, version FROM carts")).rows,
    (found) => found.some(({ cart, version }) => cart === "left" && version === String(again["version"]))
  )
  assert.deepEqual(rows.map(({ cart }) => cart).toSorted(), [...RESTING, ...LASTING].toSorted())
}
