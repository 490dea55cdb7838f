/**
 * Goal: what a fact does to a SKU, sentence by sentence of the contract. A fact is never refused for the stock it
 * meets; what was not there becomes an incident.
 * Method: examples over a real book.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { initialState } from "../../../actors/sku/state.ts"
import { decideFact } from "../../../actors/sku/decide.ts"
import {
  commit,
  configure,
  count,
  adjustment,
  receipt,
  reserve,
  returned,
  sale,
  transfer
} from "../../support/commands.ts"
import { given } from "../../support/given.ts"

describe("a SKU", () => {
  it("is known from its first fact", () => {
    given().when(receipt("A", 5)).accepted().leaves("A", { available: 5, physical: 5, allocated: 0, version: 1 })
  })

  it("is known from a sale of what was never received", () => {
    given()
      .when(sale("A", 2))
      .writes(
        { type: "sale", version: 1, physical: -2, allocated: 0 },
        { type: "incident", kind: "oversell", units: 2 }
      )
  })

  it("is known from a configure", () => {
    given()
      .when(configure("A", { safetyThreshold: 0 }))
      .accepted()
      .leaves("A", { available: 0, physical: 0, allocated: 0, version: 1 })
      .when(reserve("A", "h", 1))
      .refused({ code: "insufficient_stock", available: 0, sku: "A", holdId: "h" })
  })

  it("that nobody told of is unknown to a reserve and to a commit", () => {
    given()
      .when(reserve("A", "h", 1))
      .refused({ code: "unknown_sku", sku: "A" })
    given().when(commit("A", "h")).refused({ code: "unknown_sku", sku: "A" })
  })

  it("differs from one with other capitals", () => {
    given(receipt("a", 1))
      .when(reserve("A", "h", 1))
      .refused({ code: "unknown_sku" })
  })
})

describe("a sale", () => {
  it("lowers physical", () => {
    given(receipt("A", 5))
      .when(sale("A", 2))
      .writes({ type: "sale", version: 2, quantity: 2, physical: 3, allocated: 0 })
  })

  it("of more than there is records the units short, and no more than those", () => {
    given(receipt("A", 5))
      .when(sale("A", 7, { channel: "ebay", reference: "o-1" }))
      .writes(
        { type: "sale", physical: -2 },
        { type: "incident", kind: "oversell", units: 2, version: 2, channel: "ebay", reference: "o-1" }
      )
      .leaves("A", { available: -2, physical: -2, allocated: 0 })
  })

  it("after a shortage records only what it adds to it", () => {
    given(receipt("A", 1), sale("A", 3)).when(sale("A", 4)).writes({ type: "sale" }, { type: "incident", units: 4 })
  })

  it("of units that are held is short by those", () => {
    given(receipt("A", 5), reserve("A", "h", 3))
      .when(sale("A", 4))
      .writes({ type: "sale", physical: 1, allocated: 3 }, { type: "incident", kind: "oversell", units: 2 })
      .leaves("A", { available: -2, physical: 1, allocated: 3 })
  })

  it("at a location that has too little is short there, whatever lies elsewhere", () => {
    given(receipt("A", 9, { locationId: "north" }))
      .when(sale("A", 2))
      .writes({ type: "sale", physical: 7 }, { type: "incident", locationId: "default", units: 2 })
      .leavesAt("A", "north", [9, 0])
      .leavesAt("A", "default", [-2, 0])
  })

  it("within what may be back-ordered is no incident; beyond it is", () => {
    given(receipt("A", 1), configure("A", { backorderLimit: 2 }))
      .when(sale("A", 3))
      .writes({ type: "sale", physical: -2 })
      .when(sale("A", 1))
      .writes({ type: "sale", physical: -3 }, { type: "incident", units: 1 })
  })
})

describe("other facts", () => {
  it("a receipt and a return raise physical", () => {
    given(receipt("A", 5)).when(returned("A", 2)).accepted().leaves("A", { available: 7, physical: 7, allocated: 0 })
  })

  it("an adjustment goes both ways, below zero too", () => {
    given(receipt("A", 5))
      .when(adjustment("A", 3))
      .leaves("A", { available: 8, physical: 8, allocated: 0 })
      .when(adjustment("A", -10))
      .writes({ type: "adjustment", quantity: -10, physical: -2 }, { type: "incident", kind: "shortfall", units: 2 })
  })

  it("a count sets its location to what was counted", () => {
    given(receipt("A", 5), receipt("A", 4, { locationId: "north" }))
      .when(count("A", 3))
      .writes({ type: "count", physical: 7 })
      .leavesAt("A", "default", [3, 0])
      .leavesAt("A", "north", [4, 0])
  })

  it("a count of nothing is a count", () => {
    given(receipt("A", 5)).when(count("A", 0)).leaves("A", { available: 0, physical: 0, allocated: 0, version: 2 })
  })

  it("a count below what is held is a shortfall", () => {
    given(receipt("A", 5), reserve("A", "h", 4))
      .when(count("A", 1))
      .writes({ type: "count", physical: 1, allocated: 4 }, { type: "incident", kind: "shortfall", units: 3 })
  })

  it("a fact that changes no number still raises the version", () => {
    given(receipt("A", 5)).when(count("A", 5)).leaves("A", { available: 5, physical: 5, allocated: 0, version: 2 })
  })

  it("a transfer moves units and leaves the total", () => {
    given(receipt("A", 5))
      .when(transfer("A", 2, "north"))
      .writes({ type: "transfer", toLocationId: "north", physical: 5 })
      .leavesAt("A", "default", [3, 0])
      .leavesAt("A", "north", [2, 0])
  })

  it("a transfer of more than there is leaves the place it left short", () => {
    given(receipt("A", 1))
      .when(transfer("A", 3, "north"))
      .writes(
        { type: "transfer", physical: 1 },
        { type: "incident", kind: "shortfall", locationId: "default", units: 2 }
      )
  })

  it("a transfer to where it comes from changes nothing", () => {
    given(receipt("A", 1))
      .when(transfer("A", 3, "default"))
      .writes({ type: "transfer", physical: 1 })
      .leavesAt("A", "default", [1, 0])
  })

  it("what came with a fact is kept with its event", () => {
    const more = { channel: "pos", reference: "r", reason: "why", occurredAt: "2026-01-01T00:00:00Z" }
    given(receipt("A", 5))
      .when(sale("A", 1, more))
      .writes({ type: "sale", ...more })
  })

  it("an event says nothing that is the default", () => {
    const { records } = decideFact(initialState("A"), receipt("A", 5, { mutationId: "m" }), {})
    assert.deepEqual(records, [
      { type: "receipt", sku: "A", version: 1, mutationId: "m", quantity: 5, physical: 5, allocated: 0 }
    ])
  })
})
