/**
 * Goal: what a channel may see and sell: buffers hold back, caps limit, ring fences keep units for one channel.
 * Method: examples over a real book; the rules count over all locations.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { sellable, shown } from "../../../actors/sku/channels.ts"
import type { ChannelRule } from "../../../actors/sku/commands.ts"
import { commit, configure, receipt, release, reserve, reserveLines, returned, sale } from "../../support/commands.ts"
import { given } from "../../support/given.ts"

const rules = (channels: Readonly<Record<string, Partial<ChannelRule>>>) =>
  configure("A", {
    channels: Object.fromEntries(
      Object.entries(channels).map(([name, rule]) => [name, { buffer: 0, ringFenced: 0, ...rule }])
    )
  })

const on = (channel: string) => ({ channel })

describe("a buffer", () => {
  it("is held back from its channel alone", () => {
    given(receipt("A", 10), rules({ ebay: { buffer: 4 } }))
      .when(reserve("A", "h", 7, on("ebay")))
      .refused({ code: "insufficient_stock", available: 6 })
      .when(reserve("A", "h", 6, on("ebay")))
      .accepted()
      .when(reserve("A", "i", 4, on("web")))
      .accepted()
  })

  it("larger than the stock shows nothing, never less", () => {
    given(receipt("A", 1), rules({ ebay: { buffer: 4 } }))
      .when(reserve("A", "h", 1, on("ebay")))
      .refused({ code: "insufficient_stock", available: 0 })
      .also((desk) => assert.equal(shown(desk.state("A"), "ebay"), 0))
  })
})

describe("a cap", () => {
  it("limits what its channel is shown and may take at once", () => {
    given(receipt("A", 10), rules({ ebay: { cap: 3 } }))
      .when(reserve("A", "h", 4, on("ebay")))
      .refused({ available: 3 })
      .also((desk) => assert.equal(shown(desk.state("A"), "ebay"), 3))
      .when(reserve("A", "h", 3, on("ebay")))
      .accepted()
  })
})

describe("a ring fence", () => {
  it("keeps its units from everybody else, named or not", () => {
    given(receipt("A", 10), rules({ shop: { ringFenced: 4 } }))
      .when(reserve("A", "h", 7, on("web")))
      .refused({ code: "insufficient_stock", available: 6 })
      .when(reserve("A", "h", 7))
      .refused({ code: "insufficient_stock" })
      .when(reserve("A", "h", 6, on("web")))
      .accepted()
      .when(reserve("A", "i", 4, on("shop")))
      .accepted()
  })

  it("is used up by what its channel took, and given back by what it released", () => {
    given(receipt("A", 10), rules({ shop: { ringFenced: 4 } }), reserve("A", "s", 3, on("shop")))
      .also((desk) => assert.equal(sellable(desk.state("A"), "web"), 6))
      .when(release("A", "s"))
      .also((desk) => assert.equal(sellable(desk.state("A"), "web"), 6))
      .when(sale("A", 5, on("shop")))
      .also((desk) => assert.equal(sellable(desk.state("A"), "web"), 5))
      .when(returned("A", 2, on("shop")))
      .also((desk) => assert.equal(sellable(desk.state("A"), "web"), 6))
  })

  it("stays used up when the hold is sold", () => {
    given(
      receipt("A", 10),
      rules({ shop: { ringFenced: 4 } }),
      reserve("A", "s", 3, on("shop")),
      commit("A", "s")
    ).also((desk) => assert.equal(sellable(desk.state("A"), "web"), 6))
  })

  it("cannot be reached by another channel through a hold that it takes over", () => {
    given(receipt("A", 5), rules({ shop: { ringFenced: 5 } }), reserve("A", "h", 5, on("shop")))
      .when(reserve("A", "h", 5, on("web")))
      .refused({ code: "insufficient_stock" })
  })

  it("holds in a cart over two locations", () => {
    given(receipt("A", 5), receipt("A", 5, { locationId: "north" }), rules({ shop: { ringFenced: 4 } }))
      .when(
        reserveLines(
          "c",
          [
            ["A", 4],
            ["A", 3, "north"]
          ],
          on("web")
        )
      )
      .refused({ code: "insufficient_stock" })
  })

  it("for a channel with an odd name is a fence like any other", () => {
    const channels = JSON.parse('{"__proto__":{"buffer":0,"ringFenced":4},"constructor":{"buffer":9,"ringFenced":0}}')
    given(receipt("A", 10), configure("A", { channels }))
      .when(reserve("A", "h", 7, on("toString")))
      .refused({ code: "insufficient_stock" })
      .when(reserve("A", "h", 7, on("__proto__")))
      .accepted()
  })
})
