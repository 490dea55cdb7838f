/**
 * Goal: a bundle has no stock of its own: it sells its components and its numbers follow them.
 * Method: examples over a real book; X is two A and one B.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import {
  bundle,
  commit,
  commitLines,
  configure,
  count,
  receipt,
  release,
  reserve,
  reserveLines,
  sale,
  transfer,
  TTL_MS
} from "../../support/commands.ts"
import { given, type Step, wait } from "../../support/given.ts"

const tenAndFour: ReadonlyArray<Step> = [receipt("A", 10), receipt("B", 4), bundle("X", { A: 2, B: 1 })]

describe("a bundle", () => {
  it("has as many units as its scarcest component makes", () => {
    given(...tenAndFour)
      .when(sale("B", 1))
      .writes({ type: "sale", sku: "B" }, { type: "bundle", sku: "X", physical: 3, allocated: 0, version: 2 })
      .when(sale("A", 7))
      .leaves("X", { available: 1, physical: 1, allocated: 0, version: 3 })
  })

  it("is not told of a move that leaves its numbers", () => {
    given(...tenAndFour)
      .when(sale("A", 1))
      .writes({ type: "sale" })
  })

  it("holds, sells and gives back its components, all with one version each", () => {
    const held = given(...tenAndFour).when(reserve("X", "h", 2))
    held
      .leaves("A", { available: 6, physical: 10, allocated: 4, version: 2 })
      .leaves("B", { available: 2, physical: 4, allocated: 2, version: 2 })
      .leaves("X", { available: 2, physical: 4, allocated: 2, version: 2 })
      .when(commit("X", "h"))
      .leaves("A", { available: 6, physical: 6, allocated: 0, version: 3 })
      .leaves("B", { available: 2, physical: 2, allocated: 0, version: 3 })
      .leaves("X", { available: 2, physical: 2, allocated: 0, version: 3 })
      .when(commit("X", "h"))
      .unchanged()
      .when(release("X", "h"))
      .refused({ code: "hold_closed", state: "committed", sku: "X" })
  })

  it("gives all components back when its hold expires", () => {
    given(...tenAndFour, reserve("X", "h", 2))
      .when(wait(TTL_MS))
      .leaves("A", { available: 10, physical: 10, allocated: 0 })
      .leaves("X", { available: 4, physical: 4, allocated: 0 })
      .when(commit("X", "h"))
      .refused({ code: "hold_expired", sku: "X" })
  })

  it("whose hold expires, or that a cart no longer asks for, is told so under the hold's name", () => {
    const ended = { sku: "X", holdId: "h", quantity: 0 }
    given(...tenAndFour, reserve("X", "h", 2))
      .when(wait(TTL_MS))
      .writes({ type: "expiry" }, { type: "expiry" }, { type: "expiry", ...ended }, { type: "lines", act: "expiry" })
    given(...tenAndFour, receipt("C", 1), reserveLines("h", [["X", 2]]))
      .when(reserveLines("h", [["C", 1]]))
      .writes(
        { type: "reserve", sku: "C" },
        { type: "release", sku: "A" },
        { type: "release", sku: "B" },
        { type: "release", ...ended, scope: "lines", physical: 4, allocated: 0 },
        { type: "lines", act: "reserve" }
      )
  })

  it("that cannot be had in full is refused with the bundles that can", () => {
    given(...tenAndFour)
      .when(reserve("X", "h", 5))
      .refused({ code: "insufficient_stock", sku: "X", available: 4 })
      .leaves("A", { available: 10, physical: 10, allocated: 0, version: 1 })
  })

  it("replaces its own hold in one step", () => {
    given(...tenAndFour, reserve("X", "h", 3))
      .when(reserve("X", "h", 4))
      .leaves("A", { available: 2, physical: 10, allocated: 8 })
      .leaves("X", { available: 0, physical: 4, allocated: 4, version: 3 })
  })

  it("that is sold elsewhere sells its components, short where they are", () => {
    given(...tenAndFour)
      .when(sale("X", 5, { channel: "ebay" }))
      .leaves("A", { available: 0, physical: 0, allocated: 0 })
      .leaves("B", { available: -1, physical: -1, allocated: 0 })
      .leaves("X", { available: -1, physical: -1, allocated: 0, version: 2 })
      .also((desk) => assert.equal(desk.history.filter(({ record }) => record.type === "incident").length, 1))
  })

  it("keeps with its fact what came with it", () => {
    const more = { reason: "move", reference: "r", occurredAt: "2026-01-01T00:00:00Z" }
    const { events } = given(...tenAndFour).when(transfer("X", 1, "north", more))
    const own = events.find((event) => event.sku === "X")
    assert.deepEqual(
      { ...own },
      { ...own, ...more, type: "transfer", quantity: 1, toLocationId: "north", physical: 4, allocated: 0 }
    )
  })

  it("cannot be counted", () => {
    given(...tenAndFour)
      .when(count("X", 3))
      .refused({ code: "invalid_request", path: "type" })
  })

  it("is not made of itself, of the unknown, or of bundles; a component is not made a bundle", () => {
    const refused = { code: "invalid_request" as const, path: "components" }
    given(...tenAndFour)
      .when(bundle("Y", { Y: 1 }))
      .refused(refused)
    given(...tenAndFour)
      .when(bundle("Y", { Q: 1 }))
      .refused(refused)
    given(...tenAndFour)
      .when(bundle("Y", { X: 1 }))
      .refused(refused)
    given(...tenAndFour, receipt("C", 1))
      .when(bundle("A", { C: 1 }))
      .refused(refused)
  })

  it("is not made of a SKU that has stock, of whatever sign, or holds of its own", () => {
    const refused = { code: "invalid_request" as const, path: "components" }
    given(receipt("A", 1), receipt("X", 1))
      .when(bundle("X", { A: 1 }))
      .refused(refused)
    given(receipt("A", 1), sale("X", 1))
      .when(bundle("X", { A: 1 }))
      .refused(refused)
    given(receipt("A", 1), configure("X", { backorderLimit: 1 }), reserve("X", "h", 1))
      .when(bundle("X", { A: 1 }))
      .refused(refused)
  })
})

describe("a bundle that becomes plain", () => {
  const plainAgain = configure("X", { components: [] })

  it("starts with nothing, and moves no component any more", () => {
    given(...tenAndFour, plainAgain)
      .when(receipt("X", 3))
      .leaves("X", { available: 3, physical: 3, allocated: 0 })
      .when(sale("A", 4))
      .writes({ type: "sale" })
  })

  it("gives the components of a hold back that was made before", () => {
    given(...tenAndFour, reserve("X", "h", 2), plainAgain)
      .when(release("X", "h"))
      .leaves("A", { available: 10, physical: 10, allocated: 0 })
      .leaves("X", { available: 0, physical: 0, allocated: 0 })
  })

  it("replaces a hold that was made before by one on itself, and closes that one", () => {
    given(...tenAndFour, reserve("X", "h", 2), plainAgain, receipt("X", 5))
      .when(reserve("X", "h", 3))
      .leaves("A", { available: 10, physical: 10, allocated: 0 })
      .leaves("X", { available: 2, physical: 5, allocated: 3 })
      .when(commit("X", "h"))
      .leaves("X", { available: 2, physical: 2, allocated: 0 })
      .leaves("A", { available: 10, physical: 10, allocated: 0 })
  })

  it("leaves a cart with it whole", () => {
    given(...tenAndFour, reserveLines("c", [["X", 1]]), plainAgain)
      .when(commitLines("c"))
      .writes({ type: "commit" }, { type: "commit" }, { type: "commit", sku: "X", quantity: 0 }, { type: "lines" })
      .leaves("A", { available: 8, physical: 8, allocated: 0 })
      .leaves("X", { available: 0, physical: 0, allocated: 0 })
  })
})
