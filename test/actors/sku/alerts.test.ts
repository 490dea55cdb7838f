/**
 * Goal: one low-stock alert per crossing, whatever moves the stock, cleared with a margin.
 * Method: examples over a real book; the threshold is 10 units, so the margin is 1.
 */
import { describe, it } from "vitest"
import { bundle, commit, configure, receipt, release, reserve, sale, TTL_MS } from "../../support/commands.ts"
import { given, wait } from "../../support/given.ts"

const raised = (available: number) => ({ type: "alert", state: "raised", available, safetyThreshold: 10 })
const twelve = [receipt("A", 12), configure("A", { safetyThreshold: 10 })]

describe("a low-stock alert", () => {
  it("is raised at the threshold, not above it", () => {
    given(...twelve)
      .when(sale("A", 1))
      .writes({ type: "sale", safetyThreshold: 10 })
      .when(sale("A", 1))
      .writes({ type: "sale" }, { ...raised(10), version: 4 })
  })

  it("is raised once, however much is sold after it", () => {
    given(...twelve, sale("A", 5))
      .when(sale("A", 3))
      .writes({ type: "sale" })
  })

  it("is not cleared by units that swing around the threshold", () => {
    given(...twelve, sale("A", 2))
      .when(receipt("A", 1))
      .writes({ type: "receipt", physical: 11 })
      .when(sale("A", 1))
      .writes({ type: "sale", physical: 10 })
  })

  it("is cleared above threshold and margin, and raised again at the next crossing", () => {
    given(...twelve, sale("A", 2))
      .when(receipt("A", 2))
      .writes({ type: "receipt" }, { type: "alert", state: "cleared", available: 12 })
      .when(sale("A", 2))
      .writes({ type: "sale" }, raised(10))
  })

  it("looks at what is available, so holds raise and expiry clears it", () => {
    given(...twelve)
      .when(reserve("A", "h", 4))
      .writes({ type: "reserve" }, raised(8))
      .when(wait(TTL_MS))
      .writes({ type: "expiry" }, { type: "alert", state: "cleared" })
  })

  it("is neither raised nor cleared by a commit, which leaves what is available", () => {
    given(...twelve, reserve("A", "h", 4))
      .when(commit("A", "h"))
      .writes({ type: "commit" })
  })

  it("is raised by a threshold set above the stock, and cleared by one taken away", () => {
    given(receipt("A", 5))
      .when(configure("A", { safetyThreshold: 10 }))
      .writes({ type: "configure", safetyThreshold: 10 }, raised(5))
      .when(configure("A", { safetyThreshold: 0 }))
      .writes({ type: "configure" }, { type: "alert", state: "cleared" })
  })

  it("is never raised without a threshold", () => {
    given(receipt("A", 1)).when(sale("A", 3)).writes({ type: "sale" }, { type: "incident" })
  })

  it("concerns a bundle as its components move, and its events keep the threshold", () => {
    given(receipt("A", 24), bundle("X", { A: 2 }), configure("X", { safetyThreshold: 10 }))
      .when(sale("A", 4))
      .writes(
        { type: "sale" },
        { type: "bundle", sku: "X", physical: 10, safetyThreshold: 10 },
        { ...raised(10), sku: "X" }
      )
      .when(release("X", "none"))
      .refused({ code: "unknown_hold" })
  })
})
