/**
 * Goal: sessions of a real shop and made ones become carts, orders and messages, and the hub's books are Twilio's, Stripe's
 * and the shoppers' own: who left was written to step by step until they bought, what was paid is an order.
 * Method: a piece of `holdfast sessions` over real processes; the books themselves are shown differences that they must find.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, it } from "vitest"
import { settingsWith } from "../../actors/recovery/settings.ts"
import { BUILT_IN_TEMPLATES } from "../../config/recovery.ts"
import { LocalTwilio } from "../../scripts/carriers/twilio/server.ts"
import { compareBooks } from "../../scripts/shoppers/compare-books.ts"
import type { RecoveryAccount } from "../../scripts/shoppers/hub-books.ts"
import { runSessions } from "../../scripts/shoppers/run.ts"
import { makeSessions, readSessions, type Session } from "../../scripts/shoppers/sessions.ts"
import { withShorterDays } from "../../scripts/shoppers/shorter-days.ts"
import { Shopper } from "../../scripts/shoppers/shopper.ts"
import { Random } from "../../scripts/simulate/random.ts"
import { StripeServer } from "../../scripts/stripe/server.ts"

/** Session 12899770 and the end of session 4 of OTTO's published sample (CC BY 4.0). */
const OTTO = `{"session":4,"events":[{"aid":1193929,"ts":1661119199995,"type":"carts"},{"aid":881867,"ts":1661119212011,"type":"clicks"},{"aid":1193929,"ts":1661119235000,"type":"orders"}]}`

const HALF_HOUR_MS = 30 * 60_000
/** Left, and then bought; left, and then left with more in it. */
const BACK_TO_BUY: Session = {
  name: "back-to-buy",
  events: [
    { sku: "made-1", atMs: 0, type: "carts" },
    { sku: "made-1", atMs: HALF_HOUR_MS, type: "orders" }
  ]
}
const BACK_FOR_MORE: Session = {
  name: "back-for-more",
  events: [
    { sku: "made-1", atMs: 0, type: "carts" },
    { sku: "made-2", atMs: HALF_HOUR_MS, type: "carts" }
  ]
}

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
  it("are carts that are bought, or left and written to until the end of the sequence, by all books", async () => {
    const sessions = [BACK_TO_BUY, BACK_FOR_MORE, ...(await file(OTTO)), ...makeSessions(20, new Random(3))]
    const options = { speed: 300, atOnce: 7, graceMs: 5_000, shorterDays: 30_000 }
    const { figures, wrong } = await runSessions({ sessions, ...options })
    assert.deepEqual(wrong, [])
    assert.equal(figures.sessions, 23)
    assert.ok(figures.orders >= 5 && figures.paymentsDeclined > 0, JSON.stringify(figures))
    const { byStep, delayedByCaps, endings } = figures.sequences
    const { bought = 0, "cart-changed": changed = 0, completed = 0, running } = endings
    assert.ok(byStep.length === 3 && Math.min(...byStep) >= 5 && delayedByCaps > 0, JSON.stringify(figures))
    assert.ok(completed >= 5 && bought > 0 && changed > 0 && running === undefined, JSON.stringify(figures))
  }, 180_000)

  it("that cannot be read are refused by their line", async () => {
    await assert.rejects(file(`${OTTO}\n{"session":5}`), /line 2 is no session/)
    await assert.rejects(file(OTTO.replace("clicks", "stares")), /an event is "stares"/)
    assert.deepEqual(await file(""), [])
  })
})

describe("the comparison of books", () => {
  const templates = BUILT_IN_TEMPLATES
  type All = Awaited<ReturnType<typeof sides>>
  const found = async (differ: (all: All) => unknown): Promise<string> => {
    const all = await sides()
    differ(all)
    return compareBooks(all).wrong.join("; ")
  }
  const sides = async () => {
    const [twilio, stripe] = [await LocalTwilio.start(), await StripeServer.start()]
    await Promise.all([twilio.close(), stripe.close()])
    const shop = { hubUrl: "", speed: 1, idleMs: 1, checkoutMs: 1, signal: new AbortController().signal }
    const shopper = new Shopper(shop, { name: "ada", events: [] }, 1)
    shopper.carts.push({ cart: "c", surelyLeft: 1, perhapsLeft: 0, paidMinor: 950 })
    const order = { orderId: "c", contents: 1, holdId: "h", paidMinor: 950, refundedMinor: 0, state: "placed" } as const
    const { customerId } = shopper
    const cart = { customerId, contents: 1, left: 1, abandonment: "c:1:5", strays: 0, versions: new Set([1, 2]) }
    const recovery: RecoveryAccount = {
      customerId,
      abandonment: { abandonmentId: "c:1:5", cartId: "c", cartVersion: 1, at: 5 },
      skipped: new Map(),
      endings: [{ reason: "bought", at: 10_000 }]
    }
    const attempt = {
      customerId,
      recoveryId: "r",
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
      recoveries: new Map([["r", recovery]]),
      decided: new Map([["c:1:5", "started"]]),
      wrong: []
    }
    const arrive = (createdMs: number, attemptId = "a-1", words = templates["reminder"]?.text ?? ""): void => {
      const link = `https://shop.example/cart/c?from=${attemptId}`
      const body = words.replace("{link}", link).replace("{items}", "a mug").replace("{offer} ", "")
      twilio.messages.push({ body, createdMs, sid: `SM${attemptId.slice(2)}`, direction: "outbound-api" } as never)
    }
    arrive(6)
    stripe.account.intents.set("pi", { id: "pi", status: "succeeded", amount_received: 950 })
    const settings = withShorterDays(settingsWith(templates), 1)
    const whole = { books, shoppers: [shopper], stripe, twilio, settings, isKilled: false, isPlayedOut: true }
    return { ...whole, arrive, attempt, cart, recovery }
  }

  it("finds nothing where nothing differs", async () => {
    assert.deepEqual(compareBooks(await sides()).wrong, [])
  })

  it("finds what differs, whichever side has it", async () => {
    assert.match(
      await found(({ arrive }) => arrive(7)),
      /a-1 arrived 2 times.*was written to 2 times within 72000000 ms/
    )
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

  it("finds what is wrong with a sequence", async () => {
    const HOUR_MS = 3_600_000
    const goesOn = ({ books, cart, recovery, shoppers, stripe }: All): void => {
      books.carts.set("c", { ...cart, order: undefined, orderedAt: undefined } as never)
      shoppers[0]!.carts[0]!.paidMinor = 0
      stripe.account.intents.clear()
      recovery.endings.splice(0, 1, { reason: "completed", at: 60 * HOUR_MS })
    }
    /** The second and third steps, after so many hours; `undefined`: it did not come. */
    const steps =
      (...hours: ReadonlyArray<number | undefined>) =>
      (all: All): void => {
        goesOn(all)
        for (const [index, hour] of hours.entries()) {
          if (hour === undefined) continue
          const [attemptId, step] = [`a-${index + 2}`, index + 1]
          const words = [templates["still-there"], templates["last-call"]][index]?.text
          all.books.attempts.set(attemptId, { ...all.attempt, step, receipt: `SM${index + 2}` })
          all.arrive(5 + hour * HOUR_MS, attemptId, words)
        }
      }
    assert.equal(await found(steps(22, 46)), "")
    assert.match(await found(steps(21, 46)), /^r: the step 1 came 3600000 ms too early$/)
    assert.match(await found(steps(22, undefined)), /^r: the step 2 was left out$/)
    assert.match(
      await found(steps(45, 46)),
      /written to 2 times within 72000000 ms; r: the step 2 came within the gap$/
    )
    const skipped = { at: 46 * HOUR_MS, refused: [{ channel: "sms", reason: "cap" }] } as const
    assert.match(
      await found((all) => {
        steps(22)(all)
        all.recovery.skipped.set(2, skipped)
      }),
      /^r: the step 2 was skipped \(cap\) with room in the caps$/
    )
    assert.equal(
      await found((all) => {
        steps(22)(all)
        all.recovery.skipped.set(2, skipped)
        Object.assign(all, { settings: { ...all.settings, contact: { ...all.settings.contact, caps: TWO_A_MONTH } } })
      }),
      ""
    )
    assert.match(await found(({ recovery }) => recovery.endings.pop()), /r has not ended/)
    assert.match(
      await found((all) => {
        goesOn(all)
        all.recovery.endings.splice(0, 1, { reason: "bought", at: 10_000 })
      }),
      /^r ended as bought, of which nobody else knows$/
    )
    assert.match(
      await found(({ twilio }) => Object.assign(twilio.messages[0]!, { body: "https://shop.example/cart/c?from=a-1" })),
      /is not its step 0/
    )
  })
})

const TWO_A_MONTH = [{ messagesMax: 2, windowMs: 30 * 86_400_000 }]
