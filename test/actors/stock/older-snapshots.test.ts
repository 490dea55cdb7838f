/**
 * Goal: a hub goes on from a snapshot of an older release, which has the legs of carts among the holds of their SKUs.
 * Method: lines as that release wrote them; then the cart is closed, and sold and freed units are counted.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import type { JournalRecord } from "../../../actors/sku/events.ts"
import { StockBook } from "../../../actors/stock/book.ts"
import { closeSpanning } from "../../../actors/stock/spanning.ts"
import type { SpanningHold } from "../../../actors/stock/stock.ts"

const KEY = "\u00005:linescart"

/** `other` has a hold of its own beside the cart's leg, and the leg takes it from two locations. */
const older = (): StockBook => {
  const book = new StockBook()
  book.restore("mug", `[2,5,10,3,0,0,0,0,[["cart","lines",[["default",3]],"web",null,1800000000000]]]`)
  book.restore(
    "other",
    `[4,5,9,5,0,[["default",4,3],["store-1",5,2]],0,0,[["mine",null,[["default",1]],null,"ada",1800000000000],["cart","lines",[["default",2],["store-1",2]],null,null,1800000000000]]]`
  )
  book.apply(
    {
      type: "lines",
      act: "reserve",
      holdId: "cart",
      mutationId: "",
      expiresAt: 1_800_000_000_000,
      legs: ["mug", "other"],
      asked: ["mug", "other"]
    },
    0
  )
  return book
}

const closed = (book: StockBook, type: "commit" | "release"): ReadonlyArray<JournalRecord> => {
  const { records } = closeSpanning(book, book.spanning(KEY) as SpanningHold, { type, mutationId: "m" })
  for (const record of records) book.apply(record, 7)
  return records
}

describe("legs in a snapshot of an older release", () => {
  it("are the hold's, and no holds of their SKUs", () => {
    const book = older()
    assert.deepEqual(book.leg(KEY, "mug"), {
      quantity: 3,
      locationId: "default",
      split: undefined,
      channel: "web",
      holdId: "cart"
    })
    assert.equal(book.find("mug")?.holds?.size ?? 0, 0)
    assert.deepEqual([...(book.find("other")?.holds?.keys() ?? [])], ["mine"])
    assert.equal(book.openHoldsOf("ada"), 1)
    assert.equal(book.deadlines.size, 2)
  })

  for (const type of ["commit", "release"] as const) {
    it(`are there to ${type}`, () => {
      const book = older()
      assert.equal(closed(book, type).length, 3)
      const sold = type === "commit" ? 1 : 0
      assert.deepEqual(book.find("mug")?.locations, [{ locationId: "default", physical: 10 - 3 * sold, allocated: 0 }])
      assert.deepEqual(book.find("other")?.locations, [
        { locationId: "default", physical: 4 - 2 * sold, allocated: 1 },
        { locationId: "store-1", physical: 5 - 2 * sold, allocated: 0 }
      ])
      assert.equal(book.spanningCount, 0)
    })
  }
})
