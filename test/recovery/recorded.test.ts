/**
 * Goal: what a hub recorded of its customers before the rules of offers stood among the settings stays readable: its versions
 * are what they were, its offers hold, and the rules come in from the recovery file, whoever had saved.
 * Method: a recording of such a hub, kept as it was written: settings out of the file, changed by somebody, and an offer made.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "vitest"
import { CustomerBook } from "../../actors/customer/book.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import { leftOn } from "../../actors/recovery/budget.ts"
import { readRecovery } from "../../config/recovery.ts"
import { seedOf } from "../../src/recovery/seed.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { decodeCommit } from "../../streams/codec.ts"

const recorded = (): CustomerBook => {
  const book = new CustomerBook()
  const text = readFileSync(join(projectRoot(), "test", "golden", "customers.v1.jsonl"), "utf8")
  for (const line of text.trim().split("\n")) {
    const { records } = decodeCommit<CustomerRecord>(new TextEncoder().encode(line))
    for (const record of records) book.apply(record)
  }
  return book
}

const config = readRecovery(
  JSON.stringify({
    cartUrl: "https://shop.example/{cart}?from={attempt}&code={offer}",
    offers: { currency: "GBP", zone: "Europe/London", shippingCostMinor: 350, dailyBudgetMinor: 5_000 }
  })
)

describe("a recorded journal of customers", () => {
  it("folds to the versions and the offer that it folded to when it was written", () => {
    const { budget, settings, ...book } = recorded()
    assert.deepEqual(
      settings.all.map(({ by, version }) => [version, by]),
      [
        [2, "ann"],
        [1, "holdfast"]
      ]
    )
    assert.equal(settings.current.settings.templates["reminder"]?.text, "Hello {link} {offer}")
    assert.deepEqual(
      [settings.current.settings.attributionMs, settings.current.settings.offers],
      [86_400_000, undefined]
    )
    assert.deepEqual([...book.holding], ["ann"])
    const [offer] = recorded().peek("ann")?.offers ?? []
    assert.deepEqual([offer?.offerKey, offer?.reservedMinor, offer?.state], ["10-percent", 1_000, "open"])
    assert.ok(offer)
    assert.equal(leftOn(budget, offer, 5_000), 4_000)
  })

  it("gets the rules of offers from the recovery file, once, as a version of its own; what was saved stays", () => {
    const { settings } = recorded()
    const [offer] = recorded().peek("ann")?.offers ?? []
    assert.ok(offer)
    assert.equal(settings.rulesOf(offer), undefined)
    const seed = seedOf(settings, config)
    assert.deepEqual([seed?.expectedVersion, seed?.by], [2, "holdfast"])
    assert.match(seed?.note ?? "", /rules of offers/)
    assert.ok(seed)
    settings.apply({ version: 3, at: 0, by: seed.by, settings: seed.settings })
    const { offers, ...others } = settings.current.settings
    assert.deepEqual([offers?.dailyBudgetMinor, others], [5_000, settings.find(2)?.settings])
    assert.equal(settings.rulesOf(offer)?.dailyBudgetMinor, 5_000)
    assert.equal(seedOf(settings, config), undefined)
    assert.equal(seedOf(recorded().settings, undefined)?.settings.offers, null)
  })
})
