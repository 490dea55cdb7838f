/**
 * Goal: a channel ends up showing what the hub wants, whatever is lost, late or doubled on the way, and no write is sent
 * that is not needed.
 * Method: examples from what went wrong elsewhere, and a channel as a model that carries out, loses and doubts at random.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { driftOf } from "../../actors/channel/drift.ts"
import * as Listing from "../../actors/channel/listing.ts"
import { runs } from "../support/runs.ts"

const policy: Listing.RetryPolicy = { retriesMax: 5, waitMs: () => 1_000 }
const quiet = { shownBy: 0, movedAt: undefined }
const start = () => Listing.told(Listing.newListing("L", "A"), { quantity: 10, version: 1, at: 0, ...quiet })
const inStep = () => Listing.applied(Listing.sent(start()), 1_000)
const failure = { code: "unavailable", message: "no answer", isFinal: false }

describe("what is sent", () => {
  it("11. Sell 1, restock 1: the quantity is what it was before, and the correcting write is still sent", () => {
    const soldThere = Listing.told(inStep(), { quantity: 9, version: 2, at: 9_000, shownBy: -1, movedAt: 8_000 })
    assert.equal(Listing.isDue(soldThere), false, "the channel took its own sale off")
    const restocked = Listing.told(soldThere, { quantity: 10, version: 3, at: 9_500, ...quiet })
    assert.equal(Listing.isDue(restocked), true)
    assert.equal(Listing.sent(restocked).flight?.quantity, 10)
  })

  it("a sale elsewhere that is restocked before anything left needs no write", () => {
    const sold = Listing.told(inStep(), { quantity: 9, version: 2, at: 2_000, ...quiet })
    assert.equal(Listing.isDue(sold), true)
    assert.equal(Listing.isDue(Listing.told(sold, { quantity: 10, version: 3, at: 2_100, ...quiet })), false)
  })

  it("12. Two writes for one listing arrive reversed: the newer wins, because the older is awaited or was never sent", () => {
    const first = Listing.sent(Listing.told(inStep(), { quantity: 9, version: 2, at: 2_000, ...quiet }))
    const newer = Listing.told(first, { quantity: 8, version: 3, at: 2_001, ...quiet })
    assert.equal(Listing.isDue(newer), false, "one is under way")
    const after = Listing.applied(newer, 2_050)
    assert.equal(Listing.isDue(after), true)
    assert.equal(Listing.sent(after).flight?.version, 3)
    const late = Listing.told(after, { quantity: 9, version: 2, at: 2_060, ...quiet })
    assert.equal(late, after, "an older version told late changes nothing")
  })

  it("a sale there that may be older than the last write is not taken off twice", () => {
    const written = Listing.applied(
      Listing.sent(Listing.told(inStep(), { quantity: 12, version: 2, at: 2_000, ...quiet })),
      2_100
    )
    const told = Listing.told(written, { quantity: 11, version: 3, at: 2_200, shownBy: -1, movedAt: 1_990 })
    assert.equal(told.believed, undefined)
    assert.equal(Listing.isDue(told), true)
  })

  it("an attempt that is repeated is the same write, with the same key; a newer quantity is another", () => {
    const first = Listing.sent(Listing.told(inStep(), { quantity: 9, version: 2, at: 2_000, ...quiet }))
    const failed = Listing.refused(first, failure, policy, 2_100)
    assert.equal(failed.retryAt, 3_100)
    const again = Listing.sent(failed)
    assert.equal(Listing.writeKey("web", again), Listing.writeKey("web", first))
    assert.equal(again.flight?.from, 10)
    const newer = Listing.sent(Listing.told(failed, { quantity: 8, version: 3, at: 2_200, ...quiet }))
    assert.notEqual(Listing.writeKey("web", newer), Listing.writeKey("web", first))
    assert.equal(newer.flight?.from, undefined, "what the channel shows is not known")
  })

  it("after five retries it is given up, and a newer version is tried once more", () => {
    let listing = Listing.told(inStep(), { quantity: 9, version: 2, at: 2_000, ...quiet })
    for (let attempt = 1; attempt <= 6; attempt++) {
      assert.equal(Listing.isDue(listing), true)
      listing = Listing.refused(Listing.sent(listing), failure, policy, 3_000)
    }
    assert.equal(listing.dead?.attempts, 6)
    assert.equal(Listing.isDue(listing), false)
    const newer = Listing.told(listing, { quantity: 7, version: 3, at: 4_000, ...quiet })
    assert.equal(Listing.isDue(newer), true)
    assert.equal(Listing.refused(Listing.sent(newer), failure, policy, 5_000).dead?.version, 3)
    assert.equal(Listing.isDue(Listing.redriven(listing)), true)
    assert.equal(Listing.isDue(Listing.discarded(listing, "not sold there")), false)
  })

  it("15. A compared quantity that is stale is decided again from what the channel shows, and not for ever", () => {
    let listing = Listing.told(inStep(), { quantity: 9, version: 2, at: 2_000, ...quiet })
    for (let round = 1; round <= 5; round++) {
      listing = Listing.compared(Listing.sent(listing), 20 + round, policy, 2_100)
      assert.equal(listing.believed, 20 + round)
      assert.equal(Listing.isDue(listing), true)
    }
    const last = Listing.compared(Listing.sent(listing), 30, policy, 2_200)
    assert.equal(last.dead?.code, "stale")
  })
})

describe("what is compared", () => {
  it("13. A sale lands between a reconciliation's snapshot and its correction: the sale survives", () => {
    const before = inStep()
    const sold = Listing.told(before, { quantity: 9, version: 2, at: 2_000, ...quiet })
    assert.equal(Listing.isComparable(before, sold), false)
    const corrected = Listing.sent(Listing.seen(before, 12, 2_000))
    assert.equal(corrected.flight?.quantity, 10)
    const soldAfter = Listing.sent(
      Listing.told(Listing.seen(before, 12, 2_000), { quantity: 9, version: 2, at: 2_001, ...quiet })
    )
    assert.equal(soldAfter.flight?.quantity, 9, "what leaves is the newest, not what was compared")
  })

  it("names the likeliest cause of a drift", () => {
    const written = Listing.applied(
      Listing.sent(Listing.told(inStep(), { quantity: 8, version: 2, at: 2_000, ...quiet })),
      2_100
    )
    assert.equal(driftOf(written, 8), undefined)
    assert.equal(driftOf(written, 10)?.cause, "lost_write")
    assert.equal(driftOf(written, 7)?.cause, "lost_order")
    assert.equal(driftOf(written, 500)?.cause, "edited_on_channel")
    const changed = Listing.told(written, { quantity: 3, version: 3, at: 3_000, ...quiet })
    assert.equal(driftOf(changed, 8)?.cause, "in_flight")
    assert.deepEqual(driftOf(written, 7)?.since, 2_100)
  })
})

/** What can happen between a hub, a listing and its channel. */
type Step =
  | { readonly type: "hub"; readonly by: number }
  | { readonly type: "sale there"; readonly toldAfter: number }
  | { readonly type: "send" }
  | { readonly type: "arrive" }
  | { readonly type: "end"; readonly how: "answered" | "failed" | "throttled" }
  | { readonly type: "wait"; readonly ms: number }

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant("hub" as const), by: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ type: fc.constant("sale there" as const), toldAfter: fc.integer({ min: 0, max: 4 }) }),
  fc.constant({ type: "send" as const }),
  fc.constant({ type: "arrive" as const }),
  fc.record({ type: fc.constant("end" as const), how: fc.constantFrom("answered", "failed", "throttled") }),
  fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 5_000 }) })
)

class World {
  now = 10_000
  stock = 10
  version = 1
  shown = 0
  listing = start()
  private untold: Array<{ readonly at: number; steps: number }> = []
  private hasArrived = false
  writes = 0

  run(step: Step): void {
    this.now += 1
    this.tellDue()
    if (step.type === "hub") this.hub(step.by)
    else if (step.type === "sale there") this.sell(step.toldAfter)
    else if (step.type === "send") this.send()
    else if (step.type === "arrive") this.arrive()
    else if (step.type === "end") this.end(step.how)
    else this.now += step.ms
  }

  /** Everything is told, and every call goes well from now on. */
  settle(): void {
    while (this.untold.length > 0) this.tellDue()
    this.end("failed")
    for (let round = 0; round < 4 && Listing.isDue(this.listing); round++) {
      this.send()
      this.arrive()
      this.end("answered")
    }
  }

  private hub(by: number, shownBy = 0, movedAt: number | undefined = undefined): void {
    this.stock = Math.max(0, this.stock + by)
    this.version++
    this.listing = Listing.told(this.listing, {
      quantity: this.stock,
      version: this.version,
      at: this.now,
      shownBy,
      movedAt
    })
  }

  private sell(toldAfter: number): void {
    if (this.shown === 0) return
    this.shown--
    this.untold.push({ at: this.now, steps: toldAfter })
  }

  private tellDue(): void {
    for (const sale of this.untold) sale.steps--
    const due = this.untold.filter((sale) => sale.steps <= 0)
    this.untold = this.untold.filter((sale) => sale.steps > 0)
    for (const sale of due) this.hub(-1, -1, sale.at)
  }

  private send(): void {
    if (!Listing.isDue(this.listing)) return
    this.listing = Listing.sent(this.listing)
    this.hasArrived = false
    this.writes++
  }

  private arrive(): void {
    if (this.listing.flight === undefined) return
    // Also an attempt that was answered by nobody may arrive, and once more.
    this.shown = this.listing.flight.quantity
    this.hasArrived = true
  }

  private end(how: "answered" | "failed" | "throttled"): void {
    if (this.listing.flight === undefined) return
    if (how === "failed") this.listing = Listing.redriven(Listing.refused(this.listing, failure, policy, this.now))
    else if (how === "throttled" && !this.hasArrived) this.listing = Listing.notSent(this.listing)
    else if (how === "answered" && this.hasArrived) this.listing = Listing.applied(this.listing, this.now)
  }
}

describe("a channel that carries out, loses and doubts", () => {
  it("shows what the hub wants once everything is told and calls go well again, and nothing is sent without need", () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 60 }), (happenings) => {
        const world = new World()
        for (const step of happenings) world.run(step)
        world.settle()
        assert.equal(world.shown, world.stock)
        assert.ok(Listing.isInStep(world.listing))
        const { writes } = world
        world.run({ type: "send" })
        assert.equal(world.writes, writes)
      }),
      runs(3_000)
    )
  })
})
