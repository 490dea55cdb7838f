/**
 * Goal: consent, quiet hours, caps, one text in the United States, one recovery at a time and one outcome an attempt hold
 * for any history.
 * Method: shoppers who leave, buy, answer, opt out, change, give and take back consent at random over weeks, with a
 * provider that fails at random; every message is judged by rules written down here a second time.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import type { Channel } from "../../../actors/recovery/channel.ts"
import {
  type Answer,
  type AnyEvent,
  DAY,
  HOUR,
  mail,
  MINUTE,
  phone,
  Shopper,
  UK_PHONE,
  US_PHONE
} from "../../support/recovery.ts"
import { runs } from "../../support/runs.ts"

const parameters = runs(300)

type Move = (shopper: Shopper) => void

const PHONES = [US_PHONE, UK_PHONE]
const ringing: ReadonlyArray<Channel> = ["sms", "whatsapp"]
const address = fc.constantFrom(...PHONES)

const point = fc.oneof(
  fc.record({ address, channel: fc.constantFrom(...ringing) }).map((one) => phone(one.address, one.channel)),
  fc.constant(mail())
)

const failures = ["permanent", "refused", "throttled", "temporary"] as const

const answer: fc.Arbitrary<Answer> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Answer>("sent") },
  { weight: 1, arbitrary: fc.constant<Answer>("lost") },
  {
    weight: 2,
    arbitrary: fc.record({ class: fc.constant("unknown" as const), hasArrived: fc.boolean() })
  },
  {
    weight: 3,
    arbitrary: fc.record({
      class: fc.constantFrom(...failures),
      retryMs: fc.integer({ min: MINUTE, max: 6 * HOUR })
    })
  }
)

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.integer({ min: 1, max: 40 * 60 }).map((minutes) => (shopper: Shopper) => {
      shopper.until(shopper.at + minutes * MINUTE)
    })
  },
  {
    weight: 4,
    arbitrary: fc.constant((shopper: Shopper) => {
      shopper.changes().leaves()
    })
  },
  { weight: 2, arbitrary: fc.constant((shopper: Shopper) => void shopper.leaves()) },
  { weight: 1, arbitrary: fc.constant((shopper: Shopper) => void shopper.buys()) },
  { weight: 1, arbitrary: fc.constant((shopper: Shopper) => void shopper.buysUnheard()) },
  { weight: 1, arbitrary: fc.constant((shopper: Shopper) => void shopper.replies()) },
  { weight: 1, arbitrary: address.map((from) => (shopper: Shopper) => void shopper.saysStop(from)) },
  { weight: 2, arbitrary: address.map((from) => (shopper: Shopper) => void shopper.saysStart(from)) },
  {
    weight: 2,
    arbitrary: fc.tuple(point, fc.boolean()).map(([one, hasConsent]) => (shopper: Shopper) => {
      const consentedAt = hasConsent ? shopper.at : undefined
      shopper.take([{ type: "contact-point-set", at: shopper.at, point: { ...one, consentedAt } }])
    })
  }
)

const life = fc.record({
  start: fc.integer({ min: Date.parse("2026-02-20"), max: Date.parse("2026-12-01") }),
  zone: fc.constantFrom("America/New_York", "Europe/London", "Australia/Lord_Howe", undefined),
  preferred: fc.subarray<Channel>(["email", "whatsapp", "sms"]),
  points: fc.array(point, { minLength: 1, maxLength: 3 }),
  answers: fc.array(answer, { minLength: 1, maxLength: 12 }),
  moves: fc.array(move, { minLength: 1, maxLength: 30 })
})

const live = ({
  start,
  zone,
  preferred,
  points,
  answers,
  moves
}: typeof life extends fc.Arbitrary<infer A> ? A : never) => {
  const shopper = new Shopper(new Date(start).toISOString(), {
    points,
    preferred,
    ...(zone === undefined ? {} : { zone }),
    answer: (_channel, nth) => answers[nth % answers.length] ?? "sent"
  })
  for (const step of moves) step(shopper)
  shopper.until(shopper.at + 10 * DAY)
  return shopper
}

interface Message {
  readonly attemptId: string
  readonly recoveryId: string
  readonly abandonmentId: string
  readonly channel: Channel
  readonly address: string
  readonly at: number
}

/** Messages that may have reached somebody, each at the time of its last call; that it went may be found out later. */
const messagesOf = (events: ReadonlyArray<AnyEvent>): ReadonlyArray<Message> =>
  events.flatMap((event) => {
    if (event.type !== "message-sent" && !(event.type === "message-failed" && !event.isUnsent)) return []
    const { attemptId } = event
    const called = events.findLast(
      (one) => (one.type === "message-intended" || one.type === "message-retried") && one.attemptId === attemptId
    )
    const at = called?.at ?? event.at
    const intended = events.find((one) => one.type === "message-intended" && one.attemptId === attemptId)
    assert.ok(intended?.type === "message-intended", "what was sent was intended before")
    return [{ ...intended, at }]
  })

const hourIn = (zone: string, at: number): number =>
  Number(new Date(at).toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", hourCycle: "h23" }).slice(0, 2))

describe("for any history", () => {
  it("nobody is written to at night, nor more often than the caps allow", () => {
    fc.assert(
      fc.property(life, (lived) => {
        const messages = messagesOf(live(lived).events)
        for (const { channel, at, address: to } of messages) {
          const zones =
            lived.zone !== undefined
              ? [lived.zone]
              : to === UK_PHONE
                ? ["Europe/London"]
                : ["America/New_York", "America/Chicago", "America/Los_Angeles", "Pacific/Honolulu"]
          if (channel !== "email")
            for (const zone of zones) assert.ok(hourIn(zone, at) >= 8 && hourIn(zone, at) < 20, zone)
          const within = (ms: number) => messages.filter((other) => other.at <= at && other.at > at - ms)
          assert.ok(within(19 * HOUR).length <= 1, "one a day")
          assert.ok(within(7 * DAY - HOUR).length <= 3, "three a week")
          assert.ok(within(7 * DAY - HOUR).filter((other) => other.channel === "sms").length <= 2, "two texts a week")
        }
      }),
      parameters
    )
  })

  it("nobody is written to where they did not agree, or after they said stop", () => {
    fc.assert(
      fc.property(life, (lived) => {
        const { events } = live(lived)
        const agreed = new Set(lived.points.map((one) => `${one.channel} ${one.address}`))
        const closed = new Set<string>()
        let isOut = false
        const calls = new Map<string, string>()
        for (const event of events) {
          if (event.type === "contact-point-set") {
            const key = `${event.point.channel} ${event.point.address}`
            if (event.point.consentedAt === undefined) agreed.delete(key)
            else agreed.add(key)
          }
          if (event.type === "opted-out") isOut = true
          if (event.type === "opted-in") {
            isOut = false
            // Agreed anew where it was said; what was agreed elsewhere before is gone.
            agreed.clear()
            agreed.add(`${event.channel} ${event.address}`)
          }
          if (event.type === "address-suppressed") closed.add(event.address)
          if (event.type === "address-reopened") closed.delete(event.address)
          if (event.type === "message-intended") calls.set(event.attemptId, `${event.channel} ${event.address}`)
          // Calls follow these two at once; that one was made may be found out later.
          if (event.type === "message-intended" || event.type === "message-retried") {
            const to = calls.get(event.attemptId) ?? ""
            assert.ok(agreed.has(to), `${to} did not agree`)
            assert.ok(!isOut && !closed.has(to.split(" ")[1] ?? ""), `${to} had said stop`)
          }
        }
      }),
      parameters
    )
  })

  it("a number of the United States gets one text for an abandonment, within 48 hours", () => {
    fc.assert(
      fc.property(life, (lived) => {
        const shopper = live(lived)
        const left = new Map(
          shopper.all("recovery-started").map(({ abandonment }) => [abandonment.abandonmentId, abandonment])
        )
        const texts = messagesOf(shopper.events).filter((one) => one.channel === "sms" && one.address === US_PHONE)
        assert.equal(new Set(texts.map((one) => one.abandonmentId)).size, texts.length)
        for (const text of texts) {
          assert.ok(text.at - (left.get(text.abandonmentId)?.at ?? 0) < 48 * HOUR)
        }
      }),
      parameters
    )
  })

  it("one recovery runs at a time, an attempt has one outcome, and after the end nothing is intended", () => {
    fc.assert(
      fc.property(life, (lived) => {
        const { events, arrived } = live(lived)
        let running: string | undefined
        const open = new Set<string>()
        for (const event of events) {
          if (event.type === "recovery-started") {
            assert.equal(running, undefined)
            running = event.recoveryId
          }
          if (event.type === "recovery-ended") {
            assert.equal(event.recoveryId, running)
            running = undefined
          }
          if (event.type === "message-intended") {
            assert.equal(event.recoveryId, running)
            open.add(event.attemptId)
          }
          if (event.type === "message-retried") assert.equal(event.recoveryId, running)
          if (event.type === "message-sent" || event.type === "message-failed" || event.type === "message-skipped") {
            assert.ok(open.delete(event.attemptId), "an outcome without an intent, or a second one")
          }
        }
        assert.deepEqual([...open], [], "an attempt without an outcome")
        assert.equal(new Set(arrived).size, arrived.length, "a message that arrived twice")
      }),
      parameters
    )
  })
})
