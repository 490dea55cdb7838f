/**
 * Goal: nobody is written to at night where they are, whatever the clocks do there and whatever is known of the place.
 * Method: the nights of clock changes by hand, and any moment in any zone against what `Intl` shows there.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { HOURS_DEFAULT, isOpen, opening } from "../../../actors/recovery/hours.ts"
import {
  clocksOfCountry,
  countriesOfPhone,
  instantOf,
  isZone,
  offsetMs,
  zonesOfCountry
} from "../../../actors/recovery/zone.ts"
import { mail, phone, Shopper } from "../../support/recovery.ts"
import { runs } from "../../support/runs.ts"

const at = (zone: string) => [{ zone, hours: HOURS_DEFAULT }]

/** The wall clock there, by a way that the code does not use. */
const clock = (zone: string, moment: number): string =>
  new Date(moment).toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" })

const ZONES = [
  "Europe/London",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kolkata",
  "Pacific/Apia",
  "Pacific/Honolulu",
  "America/St_Johns",
  "Africa/Casablanca"
]

describe("a night in which the clocks change", () => {
  it.each([
    ["Europe/London", "spring", "2026-03-28T23:50:00Z", "2026-03-29T07:00:00Z"],
    ["Europe/London", "autumn", "2026-10-24T22:50:00Z", "2026-10-25T08:00:00Z"],
    ["America/New_York", "spring", "2026-03-08T04:50:00Z", "2026-03-08T12:00:00Z"],
    ["America/New_York", "autumn", "2026-11-01T03:50:00Z", "2026-11-01T13:00:00Z"],
    ["Australia/Lord_Howe", "autumn, half an hour", "2026-04-04T12:50:00Z", "2026-04-04T21:30:00Z"],
    ["Australia/Lord_Howe", "spring, half an hour", "2026-10-03T13:20:00Z", "2026-10-03T21:00:00Z"],
    ["Asia/Kolkata", "never", "2026-03-28T18:20:00Z", "2026-03-29T02:30:00Z"]
  ])("22. Abandoned at 23:50 in %s (%s): one text at 08:00", (zone, _change, left, morning) => {
    assert.equal(clock(zone, Date.parse(left)), "23:50")
    assert.equal(clock(zone, Date.parse(morning)), "08:00")
    const shopper = new Shopper(left, { zone }).leaves().until(morning)
    assert.deepEqual(shopper.sent, [`sms ${new Date(morning).toISOString()}`])
  })
})

describe("opening hours", () => {
  it("open at the first moment that is open everywhere the customer may be", () => {
    const zone = fc.constantFrom(...ZONES)
    const moment = fc.integer({ min: Date.parse("2024-01-01"), max: Date.parse("2030-01-01") })
    // Openings in the small hours can fall into the hour that the clocks leave out.
    const hours = fc.record({
      opensMinute: fc.integer({ min: 20, max: 48 }).map((quarters) => quarters * 15),
      closesMinute: fc.integer({ min: 60, max: 96 }).map((quarters) => quarters * 15),
      closedDays: fc.subarray([0, 3, 6])
    })
    const places = fc.array(fc.record({ zone, hours }), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(places, moment, (where, from) => {
        const opens = opening(where, from)
        const isOpenAll = (when: number) => where.every((place) => isOpen(place, when))
        const last = opens ?? from + 3 * 86_400_000
        if (opens !== undefined) assert.ok(opens >= from && isOpenAll(opens))
        for (let when = Math.ceil(from / 900_000) * 900_000; when < last; when += 900_000) {
          assert.equal(isOpenAll(when), false, `open already at ${new Date(when).toISOString()}`)
        }
      }),
      runs(200)
    )
  })

  it("are what the wall clock shows", () => {
    const moment = fc.integer({ min: Date.parse("2024-01-01"), max: Date.parse("2030-01-01") })
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), moment, (zone, when) => {
        const shown = clock(zone, when)
        assert.equal(isOpen({ zone, hours: HOURS_DEFAULT }, when), shown >= "08:00" && shown < "20:00")
      }),
      runs(1_000)
    )
  })

  it("that no moment has in all places never come", () => {
    const places = [...at("Pacific/Auckland"), ...at("America/Sao_Paulo"), ...at("Europe/London")]
    assert.equal(opening(places, 0), undefined)
  })

  it("that fall into the hour which the clocks leave out begin after it; of a doubled hour they begin with the first", () => {
    const wall = (text: string) => Date.parse(`${text}Z`)
    assert.equal(instantOf("Europe/London", wall("2026-03-29T01:30")), Date.parse("2026-03-29T01:30Z"))
    assert.equal(instantOf("Europe/London", wall("2026-10-25T01:30")), Date.parse("2026-10-25T00:30Z"))
  })
})

describe("where somebody is", () => {
  it("is told by the phone's country, and by all that share the number when it does not say", () => {
    assert.deepEqual(countriesOfPhone("+12125550123"), ["US"])
    assert.deepEqual(countriesOfPhone("+14165550123"), ["CA"])
    assert.deepEqual(countriesOfPhone("+17875550123"), ["PR"])
    assert.deepEqual([...countriesOfPhone("+447700900123")].sort(), ["GB", "GG", "IM", "JE"])
    assert.deepEqual(countriesOfPhone("07911 123456"), [])
    assert.deepEqual(zonesOfCountry("IN"), ["Asia/Calcutta"])
    assert.deepEqual(zonesOfCountry("ZZ"), [])
    assert.deepEqual(zonesOfCountry("nonsense"), [])
    assert.equal(isZone("Europe/London"), true)
    assert.equal(isZone("Europe/Londn"), false)
  })

  it("is one zone for each clock that a country shows, and no clock is left out", () => {
    for (const [country, clocks] of [
      ["US", 8],
      ["GB", 1],
      ["AU", 10]
    ] as const) {
      for (const day of ["2026-01-15", "2026-03-07", "2026-04-04", "2026-07-01", "2026-10-03", "2026-10-31"]) {
        const from = Date.parse(`${day}T00:00:00Z`)
        const few = clocksOfCountry(country, from)
        assert.ok(few.length <= clocks, `${country} ${day}: ${few.length}`)
        for (let moment = from; moment < from + 9 * 86_400_000; moment += 3_600_000) {
          const shown = (zones: ReadonlyArray<string>) =>
            [...new Set(zones.map((zone) => offsetMs(zone, moment)))].sort()
          assert.deepEqual(shown(few), shown(zonesOfCountry(country)), new Date(moment).toISOString())
        }
      }
    }
  })

  it("and unknown within the United States, is everywhere in it: eight in Hawaii and not yet eight in New York's evening", () => {
    const shopper = new Shopper("2026-07-02T03:50:00Z").leaves().until("2026-07-03T00:00:00Z")
    // 08:00 in Honolulu, which has no summer time.
    assert.deepEqual(shopper.sent, ["sms 2026-07-02T18:00:00.000Z"])
  })

  it("and not known at all keeps everything that rings silent, unless the shop says where its customers are", () => {
    const points = [{ ...phone("+12125550123", "whatsapp"), countries: [] }, mail()]
    const preferred = ["whatsapp"] as const
    const unknown = new Shopper("2026-07-01T09:00:00Z", { points, preferred }).leaves()
    assert.equal(unknown.all("step-decided")[0]?.refused[0]?.reason, "place-unknown")
    assert.deepEqual(unknown.sent, ["email 2026-07-01T09:05:00.000Z"])
    const policy = { zoneWhenUnknown: "Europe/London" }
    const known = new Shopper("2026-07-01T09:00:00Z", { points, preferred, policy }).leaves()
    assert.deepEqual(known.sent, ["whatsapp 2026-07-01T09:05:00.000Z"])
  })

  it("and a zone that nobody knows is no zone", () => {
    const shopper = new Shopper("2026-07-01T23:30:00Z", {
      zone: "Mars/Olympus",
      points: [phone("+447911123456")]
    }).leaves()
    assert.deepEqual(shopper.recovery?.planned, { channel: "sms", sendAt: Date.parse("2026-07-02T07:00:00Z") })
  })
})
