/**
 * Goal: who leaves a cart is written to once, by a hub that may be killed at any moment; who says STOP never again; and no
 * number stands in a journal or a log.
 * Method: a real hub, whose carts are left after half a second, and the local Twilio.
 */
import assert from "node:assert/strict"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Pool } from "pg"
import { afterAll, beforeAll, describe, it } from "vitest"
import { isHeldOut } from "../../actors/recovery/holdout.ts"
import { POLICY_DEFAULT } from "../../actors/recovery/policy.ts"
import type { LocalTwilio } from "../../scripts/carriers/twilio/server.ts"
import { rebuild } from "../../scripts/rebuild/rebuild.ts"
import { noonZone } from "../../scripts/shoppers/hub-files.ts"
import { CUSTOMER_JOURNAL } from "../../streams/subjects.ts"
import { eventually, http, type TestHub } from "../support/hub.ts"
import { startTextingHub } from "../support/texting-hub.ts"

let twilio: LocalTwilio
let close: () => Promise<void>
let hub: TestHub
let count = 0

/** Nobody who is left alone so that lift can be measured. */
const newCustomer = (): string => {
  for (;;) {
    const customerId = `customer-${++count}`
    if (!isHeldOut(customerId, POLICY_DEFAULT)) return customerId
  }
}

const numberOf = (customerId: string): string => `+4477009${String(10_000 + Number(customerId.split("-")[1]))}`

const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
  const reply = await http(hub, "POST", path, { mutationId: `m${++count}`, ...body })
  assert.equal(reply.status, 200, JSON.stringify(reply.body))
  return reply.body
}

const meet = async (customerId: string, phone = numberOf(customerId)): Promise<void> => {
  const path = `/v1/customers/${customerId}/requests`
  await post(path, { type: "point", channel: "sms", address: phone, hasConsented: true })
  await post(path, { type: "settings", zone: noonZone() })
}

const leaveCart = async (customerId: string, cart = `cart-of-${customerId}`): Promise<void> => {
  const path = `/v1/carts/${cart}/requests`
  await post(path, { type: "add", sku: "MUG", name: "Blue mug", quantity: 1, unitPriceMinor: 950, currency: "GBP" })
  await post(path, { type: "sign-in", customerId })
}

const customer = async (customerId: string) => (await http(hub, "GET", `/v1/customers/${customerId}`)).body

interface Withheld {
  readonly reason: string
  readonly refused: ReadonlyArray<{ readonly channel: string; readonly reason: string }>
}

/** Nothing was begun for their cart, and why. */
const withheldFrom = async (customerId: string): Promise<Withheld> =>
  (
    await eventually(
      () => customer(customerId),
      ({ withheld }) => withheld !== undefined,
      10_000
    )
  )["withheld"] as Withheld

const textsTo = (phone: string) =>
  eventually(
    async () => twilio.sent(phone),
    (sent) => sent.length > 0,
    15_000
  )

beforeAll(async () => {
  ;({ hub, twilio, close } = await startTextingHub())
}, 60_000)

afterAll(async () => {
  await close()
}, 30_000)

const stored = async (stream: string): Promise<string> => {
  const connection = await connect({ servers: hub.nats.url })
  const manager = await jetstreamManager(connection)
  const { state } = await manager.streams.info(stream)
  let text = ""
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage(stream, { seq })
    if (message !== null) text += message.string()
  }
  await connection.close()
  return text
}

describe("a hub whose shoppers leave", () => {
  it("writes to them once, with their cart's link, and knows what became of it", async () => {
    const ada = newCustomer()
    await meet(ada)
    await leaveCart(ada)
    const [message] = await textsTo(numberOf(ada))
    assert.match(
      message?.body ?? "",
      /You left Blue mug.*https:\/\/shop\.example\/cart\/cart-of-customer-\d+\?from=r\w+-1/
    )
    await twilio.settle()
    const seen = await eventually(
      () => customer(ada),
      ({ recovery }) => (recovery as { readonly step: number } | undefined)?.step === 1
    )
    assert.equal((seen["messages"] as ReadonlyArray<unknown>).length, 1)
    assert.equal(twilio.sent(numberOf(ada)).length, 1)
  }, 30_000)

  it("is killed while Twilio has the message and no answer came: it is found, and not sent again", async () => {
    const eve = newCustomer()
    await meet(eve)
    twilio.faults.ask("act-then-hang")
    await leaveCart(eve)
    await textsTo(numberOf(eve))
    await hub.crash()
    await eventually(
      () => customer(eve),
      ({ recovery }) => (recovery as { readonly step: number } | undefined)?.step === 1,
      15_000
    )
    assert.equal(twilio.sent(numberOf(eve)).length, 1)
  }, 60_000)

  it("is killed between the cart's being left and its being noticed: the customer is written to all the same", async () => {
    const ben = newCustomer()
    await meet(ben)
    await leaveCart(ben)
    await hub.crash()
    await textsTo(numberOf(ben))
    assert.equal(twilio.sent(numberOf(ben)).length, 1)
  }, 60_000)

  it("hears STOP, and does not write again, not even for another cart", async () => {
    const kim = newCustomer()
    await meet(kim)
    await leaveCart(kim)
    await textsTo(numberOf(kim))
    const heard = await twilio.write(`${hub.url}/v1/outreach/texts/inbound`, numberOf(kim), "Stop texting me please")
    assert.equal(heard.status, 200)
    const seen = await eventually(
      () => customer(kim),
      ({ optedOutAt }) => optedOutAt !== undefined
    )
    assert.deepEqual((seen["recovery"] as { readonly ended: { readonly reason: string } }).ended.reason, "opted-out")
    assert.equal((seen["points"] as ReadonlyArray<{ readonly suppressed: string }>)[0]?.suppressed, "opted-out")
    await post(`/v1/carts/cart-of-${kim}/requests`, { type: "touch" })
    assert.equal((await withheldFrom(kim)).reason, "opted-out")
    assert.equal(twilio.sent(numberOf(kim)).length, 1)
  }, 30_000)

  it("takes a number that turns out to be dead off everybody's list", async () => {
    const [max, sue] = [newCustomer(), newCustomer()]
    const phone = numberOf(max)
    twilio.failures.set(phone, 30_005)
    await meet(max, phone)
    await leaveCart(max)
    await textsTo(phone)
    await twilio.settle()
    await meet(sue, phone.replace("+44", "+44 ").replace(" ", ""))
    const seen = await eventually(
      () => customer(sue),
      ({ points }) => (points as ReadonlyArray<{ readonly suppressed?: string }>)[0]?.suppressed !== undefined
    )
    assert.equal((seen["points"] as ReadonlyArray<{ readonly suppressed: string }>)[0]?.suppressed, "undeliverable")
    await leaveCart(sue)
    assert.deepEqual(
      (await withheldFrom(sue)).refused.find(({ channel }) => channel === "sms"),
      { channel: "sms", reason: "suppressed" }
    )
    assert.equal(twilio.sent(phone).length, 1)
  }, 30_000)

  it("writes to nobody who has not agreed", async () => {
    const tom = newCustomer()
    const path = `/v1/customers/${tom}/requests`
    await post(path, { type: "point", channel: "sms", address: numberOf(tom), hasConsented: false })
    await leaveCart(tom)
    const { reason, refused } = await withheldFrom(tom)
    assert.equal(reason, "nothing-to-reach")
    assert.equal(refused.find(({ channel }) => channel === "sms")?.reason, "no-consent")
    assert.equal(twilio.sent(numberOf(tom)).length, 0)
  }, 30_000)

  it("says what is wrong with what it is told, and repeats its answers", async () => {
    const path = "/v1/customers/someone/requests"
    const wrong: ReadonlyArray<readonly [body: object, said: RegExp]> = [
      [{}, /type/],
      [{ type: "point", channel: "pigeon", address: "a", hasConsented: true }, /channel as one of sms/],
      [{ type: "point", channel: "sms", address: "0171", hasConsented: true }, /E\.164/],
      [{ type: "point", channel: "email", address: "a@b, c@d.example", hasConsented: true }, /one e-mail address/],
      [{ type: "point", channel: "sms", address: "+447700900123" }, /hasConsented/],
      [{ type: "settings", zone: "Mars/Olympus" }, /IANA/]
    ]
    for (const [body, said] of wrong) {
      const reply = await http(hub, "POST", path, { mutationId: "w", ...body })
      assert.equal(reply.status, 400)
      assert.match(String(reply.body["message"]), said)
    }
    const body = {
      mutationId: "same",
      type: "point",
      channel: "email",
      address: "Ada@Shop.example",
      hasConsented: true
    }
    assert.deepEqual((await http(hub, "POST", path, body)).body, { ok: true, changed: true })
    const again = (await http(hub, "POST", path, { ...body, address: "ada@shop.example" })).body
    assert.deepEqual(again, { ok: true, changed: false, replayed: true })
    const other = await http(hub, "POST", path, { ...body, hasConsented: false })
    assert.deepEqual([other.status, other.body["code"]], [409, "mutation_conflict"])
    assert.equal((await http(hub, "GET", "/v1/customers/nobody")).status, 404)
  })

  it("tells what is due, who is not written to, and a customer's whole story, with addresses masked", async () => {
    const lea = newCustomer()
    await meet(lea)
    await leaveCart(lea)
    await textsTo(numberOf(lea))
    const { body } = await eventually(
      () => http(hub, "GET", `/v1/customers/${lea}/timeline`),
      ({ body: shown }) => JSON.stringify(shown).includes("message-sent")
    )
    const told = (body["items"] as ReadonlyArray<Record<string, unknown>>).toReversed()
    assert.deepEqual(
      told.map(({ type }) => type),
      [
        "contact-point-set",
        "contact-settings-set",
        "recovery-started",
        "step-decided",
        "message-intended",
        "message-sent"
      ]
    )
    assert.equal(told[4]?.["address"], `•••${numberOf(lea).slice(-2)}`)
    assert.equal(told[5]?.["segments"], 1)
    assert.ok(!JSON.stringify(body).includes("pd1."))
    assert.equal((await http(hub, "GET", "/v1/customers/nobody/timeline")).status, 404)
    const { body: due } = await http(hub, "GET", "/v1/recovery/queue?limit=200")
    const queued = (due["items"] as ReadonlyArray<Record<string, unknown>>).find(({ customerId }) => customerId === lea)
    assert.deepEqual([queued?.["step"], queued?.["phase"], queued?.["messages"]], [1, "waiting", 1])
    const { body: list } = await http(hub, "GET", "/v1/recovery/suppressed")
    const addresses = (list["items"] as ReadonlyArray<{ readonly address: string }>).map(({ address }) => address)
    assert.equal(list["count"], addresses.length)
    assert.ok(addresses.length >= 2 && addresses.every((address) => /^•••\d\d$/.test(address)), addresses.join())
  }, 30_000)

  it("counts what came of it, says when there is not enough to say, and counts the same when it is made again", async () => {
    const figures = async () => (await http(hub, "GET", "/v1/recovery/figures?by=channel&windowDays=1")).body
    const before = await figures()
    const { verdict, saying } = before["total"] as { readonly verdict: string; readonly saying: string }
    assert.equal(verdict, "not-enough-yet")
    assert.match(saying, /Not enough yet: 0 customers/)
    const [texts] = before["groups"] as ReadonlyArray<{ readonly group: string; readonly messages: number }>
    assert.equal(texts?.group, "sms")
    const { begun, left, withheld, written } = before["funnel"] as {
      readonly [name: string]: number
    } & { readonly withheld: Readonly<Record<string, number>> }
    assert.equal(written, texts?.messages)
    assert.ok(begun !== undefined && left !== undefined && begun < left)
    assert.ok((withheld["opted-out"] ?? 0) >= 1 && (withheld["nothing-to-reach"] ?? 0) >= 2)
    const pool = new Pool({ connectionString: hub.databaseUrl, max: 1 })
    await pool.query("DELETE FROM recovery_messages; UPDATE recoveries SET left_at = now() - interval '1 year'")
    await pool.end()
    await rebuild("recovery", {
      urls: { nats: hub.nats.url, redis: hub.redis.url, postgres: hub.databaseUrl },
      patienceMs: 20_000,
      onProgress: () => undefined
    })
    const { from: _from, to: _to, ...again } = await figures()
    const { from: _wasFrom, to: _wasTo, ...was } = before
    assert.deepEqual(again, was)
    for (const [query, path] of [
      ["from=yesterday", "from"],
      ["from=2026-11-02&to=2026-11-01", "from"],
      ["from=2020-01-01", "from"],
      ["by=colour", "by"],
      ["windowDays=0", "windowDays"],
      ["currency=pounds", "currency"]
    ] as const) {
      const { body, status } = await http(hub, "GET", `/v1/recovery/figures?${query}`)
      assert.deepEqual([status, body["path"]], [400, path], query)
    }
    assert.equal((await http(hub, "GET", "/v1/recovery/queue?limit=1000")).status, 400)
  }, 30_000)

  it("keeps no number in its customers' journal or in its log", async () => {
    const journal = await stored(CUSTOMER_JOURNAL)
    assert.ok(journal.includes("message-intended") && journal.includes("pd1."))
    const output = hub.output()
    for (const text of [journal, output]) {
      for (let one = 1; one <= count; one++) assert.ok(!text.includes(numberOf(`customer-${one}`).slice(3)))
      assert.ok(!text.toLowerCase().includes("ada@shop.example"))
    }
  })
})
