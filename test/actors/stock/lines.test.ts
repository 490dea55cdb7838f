/**
 * Goal: several lines at once, all or nothing, as the contract tells it.
 * Method: examples over a real book.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import {
  bundle,
  commit,
  commitLines,
  configure,
  receipt,
  releaseLines,
  reserve,
  reserveLines,
  TTL_MS
} from "../../support/commands.ts"
import { START_AT } from "../../support/desk.ts"
import { given, givenHolderCap, type Step, wait, waitWithoutTimer } from "../../support/given.ts"

const fiveEach: ReadonlyArray<Step> = [receipt("A", 5), receipt("B", 5), receipt("C", 5)]

describe("several lines", () => {
  it("are held together, each SKU's version one higher", () => {
    given(...fiveEach)
      .when(
        reserveLines("c", [
          ["A", 2],
          ["B", 3]
        ])
      )
      .writes(
        { type: "reserve", sku: "A", version: 2, allocated: 2, scope: "lines" },
        { type: "reserve", sku: "B", version: 2, allocated: 3 },
        {
          type: "lines",
          act: "reserve",
          holdId: "c",
          legs: ["A", "B"],
          asked: ["A", "B"],
          expiresAt: START_AT + TTL_MS
        }
      )
  })

  it("of one SKU and location are summed, and raise its version once", () => {
    given(...fiveEach)
      .when(
        reserveLines("c", [
          ["A", 2],
          ["A", 3]
        ])
      )
      .leaves("A", { available: 0, physical: 5, allocated: 5, version: 2 })
    given(...fiveEach)
      .when(
        reserveLines("c", [
          ["A", 3],
          ["B", 9],
          ["A", 3]
        ])
      )
      .refused({
        code: "insufficient_stock",
        holdId: "c",
        lines: [
          { sku: "A", requested: 6, available: 5 },
          { sku: "B", requested: 9, available: 5 }
        ]
      })
  })

  it("of one SKU at two locations are one version and one hold", () => {
    given(...fiveEach, receipt("A", 5, { locationId: "north" }))
      .when(
        reserveLines("c", [
          ["A", 2],
          ["A", 4, "north"]
        ])
      )
      .leaves("A", { available: 4, physical: 10, allocated: 6, version: 3 })
      .leavesAt("A", "north", [5, 4])
      .when(commitLines("c"))
      .leavesAt("A", "default", [3, 0])
      .leavesAt("A", "north", [1, 0])
  })

  it("are refused whole, naming the lines at fault and no other", () => {
    given(...fiveEach)
      .when(
        reserveLines("c", [
          ["A", 5],
          ["B", 6],
          ["C", 7]
        ])
      )
      .refused({
        code: "insufficient_stock",
        lines: [
          { sku: "B", requested: 6, available: 5 },
          { sku: "C", requested: 7, available: 5 }
        ]
      })
      .leaves("A", { available: 5, physical: 5, allocated: 0, version: 1 })
  })

  it("at a location that has enough are not at fault for another location's shortage", () => {
    given(...fiveEach)
      .when(
        reserveLines("c", [
          ["A", 1],
          ["A", 1, "north"]
        ])
      )
      .refused({ code: "insufficient_stock", lines: [{ sku: "A", requested: 1, available: 0 }] })
  })

  it("are refused with the code of the first line at fault", () => {
    const [unknownFirst, shortFirst] = [
      reserveLines("c", [
        ["Q", 1],
        ["A", 6]
      ]),
      reserveLines("c", [
        ["A", 6],
        ["Q", 1]
      ])
    ]
    given(...fiveEach)
      .when(unknownFirst)
      .refused({ code: "unknown_sku" })
    given(...fiveEach)
      .when(shortFirst)
      .refused({ code: "insufficient_stock" })
  })

  it("are committed or released whole, and closed for good", () => {
    const cart = reserveLines("c", [
      ["A", 2],
      ["B", 3]
    ])
    given(...fiveEach, cart)
      .when(commitLines("c"))
      .leaves("A", { available: 3, physical: 3, allocated: 0, version: 3 })
      .leaves("B", { available: 2, physical: 2, allocated: 0, version: 3 })
      .when(commitLines("c"))
      .unchanged()
      .when(releaseLines("c"))
      .refused({ code: "hold_closed", state: "committed" })
  })

  it("that expired go back together, also when nobody's timer came", () => {
    const cart = reserveLines("c", [
      ["A", 2],
      ["B", 3]
    ])
    given(...fiveEach, cart)
      .when(wait(TTL_MS))
      .leaves("A", { available: 5, physical: 5, allocated: 0 })
    given(...fiveEach, cart, waitWithoutTimer(TTL_MS))
      .when(commitLines("c"))
      .refused({ code: "hold_expired" })
      .leaves("A", { available: 5, physical: 5, allocated: 0 })
      .leaves("B", { available: 5, physical: 5, allocated: 0 })
  })

  it("under the same hold id replace the hold: other SKUs, other quantities, in one step", () => {
    given(
      ...fiveEach,
      reserveLines("c", [
        ["A", 5],
        ["B", 1]
      ])
    )
      .when(
        reserveLines("c", [
          ["B", 5],
          ["C", 1]
        ])
      )
      .leaves("A", { available: 5, physical: 5, allocated: 0, version: 3 })
      .leaves("B", { available: 0, physical: 5, allocated: 5, version: 3 })
      .leaves("C", { available: 4, physical: 5, allocated: 1, version: 2 })
  })

  it("that would replace a hold and are refused leave the old one", () => {
    given(...fiveEach, reserveLines("c", [["A", 5]]))
      .when(
        reserveLines("c", [
          ["A", 1],
          ["B", 6]
        ])
      )
      .refused({ code: "insufficient_stock" })
      .when(commitLines("c"))
      .leaves("A", { available: 0, physical: 0, allocated: 0 })
  })

  it("with a bundle and one of its parts do not take one unit twice, nor raise a version twice", () => {
    given(...fiveEach, bundle("X", { A: 2, B: 1 }))
      .when(
        reserveLines("c", [
          ["X", 2],
          ["A", 2]
        ])
      )
      .refused({
        code: "insufficient_stock",
        lines: [
          { sku: "X", requested: 2, available: 2 },
          { sku: "A", requested: 2, available: 5 }
        ]
      })
      .when(
        reserveLines("c", [
          ["X", 2],
          ["A", 1]
        ])
      )
      .leaves("A", { available: 0, physical: 5, allocated: 5, version: 2 })
      .leaves("X", { available: 0, physical: 2, allocated: 2, version: 2 })
  })

  it("count once against the cap on holds, however many they are", () => {
    const bot = { holder: "bot" }
    const cart = reserveLines(
      "c",
      [
        ["A", 1],
        ["B", 1]
      ],
      bot
    )
    givenHolderCap(2, ...fiveEach, cart)
      .when(reserve("C", "h", 1, bot))
      .accepted()
      .when(reserveLines("d", [["A", 1]], bot))
      .refused({ code: "hold_limit" })
      .when(releaseLines("c"))
      .when(reserveLines("d", [["A", 1]], bot))
      .accepted()
  })
})

describe("whose hold it is", () => {
  it("a hold belongs to the SKU, or to the several-lines endpoint, that made it", () => {
    given(...fiveEach, reserveLines("h", [["A", 2]]))
      .when(commit("A", "h"))
      .refused({ code: "unknown_hold" })
      .when(reserve("A", "h", 3))
      .leaves("A", { available: 0, physical: 5, allocated: 5 })
      .when(releaseLines("h"))
      .leaves("A", { available: 2, physical: 5, allocated: 3 })
  })

  it("no hold id passes for one of another maker", () => {
    given(...fiveEach, reserveLines("h", [["A", 2]]))
      .when(reserve("A", "lines\u0000h", 1))
      .leaves("A", { available: 2, physical: 5, allocated: 3 })
      .when(releaseLines("h"))
      .leaves("A", { available: 4, physical: 5, allocated: 1 })
      .also((desk) => assert.equal(desk.book.deadlines.size, 1))
  })

  it("no two SKUs pass for one another when lines are summed", () => {
    given(receipt("A", 5), receipt("A\u0000b", 5, { locationId: "c" }), receipt("A", 5, { locationId: "b\u0000c" }))
      .when(
        reserveLines("h", [
          ["A\u0000b", 1, "c"],
          ["A", 2, "b\u0000c"]
        ])
      )
      .leaves("A\u0000b", { available: 4, physical: 5, allocated: 1 })
      .leaves("A", { available: 8, physical: 10, allocated: 2 })
  })

  it("a configure of a leg's settings leaves its hold", () => {
    given(...fiveEach, reserveLines("h", [["A", 2]]))
      .when(configure("A", { safetyThreshold: 1 }))
      .when(commitLines("h"))
      .leaves("A", { available: 3, physical: 3, allocated: 0 })
  })
})
