/**
 * Goal: sessions of a real shop and made ones become carts, orders and messages, and the hub's books are Twilio's, Stripe's
 * and the shoppers' own: who left was written to once, who bought was not, what was paid is an order.
 * Method: a piece of `holdfast sessions` over real processes; the books themselves are shown differences that they must find.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, it } from "vitest"
import { LocalTwilio } from "../../scripts/carriers/twilio/server.ts"
import { compareBooks } from "../../scripts/shoppers/compare-books.ts"
import { runSessions } from "../../scripts/shoppers/run.ts"
import { makeSessions, readSessions, type Session } from "../../scripts/shoppers/sessions.ts"
import { Shopper } from "../../scripts/shoppers/shopper.ts"
import { Random } from "../../scripts/simulate/random.ts"
import { StripeServer } from "../../scripts/stripe/server.ts"

/** Session 12899770 and the end of session 4 of OTTO's published sample (CC BY 4.0). */
const OTTO = `{"session":4,"events":[{"aid":1193929,"ts":1661119199995,"type":"carts"},{"aid":881867,"ts":1661119212011,"type":"clicks"},{"aid":1193929,"ts":1661119235000,"type":"orders"}]}`

const file = async (text: string): Promise<ReadonlyArray<Session>> => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-sessions-"))
  try {
    writeFileSync(join(folder, "sessions.jsonl"), text)
    return await readSessions(join(folder, "sessions.jsonl"))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe("a shop's sessions", () => {
  it("are carts that are bought, or left and written to once, by all books", async () => {
    const sessions = [...(await file(OTTO)), ...makeSessions(20, new Random(3))]
    const { figures, wrong } = await runSessions({ sessions, speed: 300, atOnce: 7, graceMs: 5_000 })
    assert.deepEqual(wrong, [])
    assert.equal(figures.sessions, 21)
    assert.ok(figures.orders >= 5 && figures.paymentsDeclined > 0, JSON.stringify(figures))
    assert.ok(figures.messages >= 5, JSON.stringify(figures))
  }, 120_000)

  it("that cannot be read are refused by their line", async () => {
    await assert.rejects(file(`${OTTO}\n{"session":5}`), /line 2 is no session/)
    await assert.rejects(file(OTTO.replace("clicks", "stares")), /an event is "stares"/)
    assert.deepEqual(await file(""), [])
  })
})

describe("the comparison of books", () => {
  const sides = async () => {
    const [twilio, stripe] = [await LocalTwilio.start(), await StripeServer.start()]
    await Promise.all([twilio.close(), stripe.close()])
    const shop = { hubUrl: "", speed: 1, idleMs: 1, checkoutMs: 1, signal: new AbortController().signal }
    const shopper = new Shopper(shop, { name: "ada", events: [] }, 1)
    shopper.carts.push({ cart: "c", surelyLeft: 1, perhapsLeft: 0, paidMinor: 950 })
    const order = { orderId: "c", contents: 1, holdId: "h", paidMinor: 950, refundedMinor: 0, state: "placed" } as const
    const cart = { customerId: shopper.customerId, left: 1, abandonment: "c:1:5", strays: 0, versions: new Set([1, 2]) }
    const attempt = {
      customerId: shopper.customerId,
      abandonmentId: "c:1:5",
      step: 0,
      intendedAt: 5,
      retried: 0,
      outcomes: ["message-sent"],
      receipt: "SM1"
    }
    const books = {
      carts: new Map([["c", { ...cart, order: { ...order, paymentId: "pi" }, orderedAt: 10_000 }]]),
      attempts: new Map([["a-1", attempt]]),
      decided: new Map([["c:1:5", "started"]]),
      wrong: []
    }
    const arrive = (createdMs: number): void => {
      const body = "Still here: https://shop.example/cart/c?from=a-1"
      twilio.messages.push({ body, createdMs, sid: "SM1", direction: "outbound-api" } as never)
    }
    arrive(6)
    stripe.account.intents.set("pi", { id: "pi", status: "succeeded", amount_received: 950 })
    return { arrive, attempt, books, cart, shoppers: [shopper], stripe, twilio, isKilled: false }
  }

  it("finds nothing where nothing differs", async () => {
    assert.deepEqual(compareBooks(await sides()).wrong, [])
  })

  it("finds what differs, whichever side has it", async () => {
    const found = async (differ: (all: Awaited<ReturnType<typeof sides>>) => unknown): Promise<string> => {
      const all = await sides()
      differ(all)
      return compareBooks(all).wrong.join("; ")
    }
    assert.match(await found(({ arrive }) => arrive(7)), /a-1 arrived 2 times.*was written to 2 times/)
    assert.match(await found(({ twilio }) => twilio.messages.pop()), /SM1 in the hub, nothing at Twilio/)
    assert.match(await found(({ books }) => books.attempts.clear()), /which no attempt has sent/)
    assert.match(await found(({ attempt }) => attempt.outcomes.pop()), /has 0 outcomes/)
    assert.match(
      await found(({ arrive, twilio }) => twilio.messages.pop() && arrive(20_000)),
      /was bought 10000 ms before/
    )
    assert.match(await found(({ books }) => books.decided.clear()), /nothing was decided/)
    assert.match(await found(({ stripe }) => stripe.account.intents.clear()), /which Stripe has not/)
    assert.match(
      await found(({ stripe }) =>
        stripe.account.intents.set("po", { id: "po", status: "succeeded", amount_received: 1 })
      ),
      /po: 1 at Stripe, undefined in the hub/
    )
    assert.match(
      await found(({ shoppers }) => (shoppers[0]!.carts[0]!.surelyLeft = 2)),
      /was left 1 times, by the shopper 2/
    )
    assert.match(await found(({ books }) => books.carts.get("c")!.versions.delete(1)), /lacks versions/)
  })
})
