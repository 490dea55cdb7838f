/**
 * Goal: what is sent is the file's, under ids that never change, with as much stock as it needs.
 * Method: orders by chance and the extract that comes with the project; the audit's own reading of the file must agree.
 */
import { join } from "node:path"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { LINES_MAX } from "../../config/limits.ts"
import { fileTotals } from "../../scripts/audit/file.ts"
import { buy, type Cart, cartsOf } from "../../scripts/replay/carts.ts"
import { wantedOf } from "../../scripts/replay/command.ts"
import { survey } from "../../scripts/replay/opening.ts"
import { emptyCounts, type Order, planOrders, type PlanOptions } from "../../scripts/replay/plan.ts"
import { effectOf, meaningOf, readRows, type Row } from "../../scripts/replay/rows.ts"
import type { Answer } from "../../src/gateway/protocol.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { runs } from "../support/runs.ts"

const EXTRACT = join(projectRoot(), "data", "online-retail-extract.csv.gz")

async function* each<A>(values: ReadonlyArray<A>): AsyncGenerator<A> {
  yield* values
}

const ordersOf = async (rows: AsyncIterable<Row>, options: PlanOptions = {}, counts = emptyCounts()) => {
  const orders: Array<Order> = []
  for await (const order of planOrders(rows, counts, options)) orders.push(order)
  return orders
}

const idsOf = (orders: ReadonlyArray<Order>): ReadonlyArray<string> =>
  orders.flatMap(({ lines }) => lines.map(({ mutationId }) => mutationId))

/** Few invoices that come in turns and come back, few codes, all kinds of lines. */
const rows: fc.Arbitrary<ReadonlyArray<Row>> = fc
  .array(
    fc.record({
      invoice: fc.constantFrom("1", "2", "C3", "4"),
      code: fc.constantFrom("10001", "10001a", "10001A", "20002", "POST", ""),
      quantity: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constant(Number.NaN)),
      price: fc.constantFrom(0, 1.5),
      customer: fc.constantFrom("", "17850"),
      description: fc.constantFrom("", "LAMP", "found")
    }),
    { maxLength: 40 }
  )
  .map((drawn) => drawn.map((row, index) => ({ ...row, line: index + 2, at: index * 1_000 })))

describe("orders", () => {
  it("have one id for each line, the same however much of the file is played", async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(40), fc.nat(40), async (file, from, until) => {
        const all = idsOf(await ordersOf(each(file)))
        assert.equal(new Set(all).size, all.length)
        const window = { fromMs: from * 1_000, untilMs: until * 1_000 }
        const some = idsOf(await ordersOf(each(file), { window }))
        assert.isTrue(some.every((id) => all.includes(id)))
        const counts = emptyCounts()
        await ordersOf(each(file), {}, counts)
        const skipped = [...counts.skipped.values()].reduce((sum, count) => sum + count, 0)
        assert.equal(counts.rows, all.length + skipped + counts.rejected)
      }),
      runs()
    )
  })

  it("of the extract carry every row that is a product's, and move the stock as the audit reads the file", async () => {
    const counts = emptyCounts()
    const orders = await ordersOf(readRows(EXTRACT), {}, counts)
    const moved = new Map<string, number>()
    for (const { meaning } of orders.flatMap(({ lines }) => lines)) {
      moved.set(meaning.sku, (moved.get(meaning.sku) ?? 0) + effectOf(meaning))
    }
    const totals = await fileTotals(EXTRACT)
    assert.equal(totals.rows, counts.rows)
    assert.deepEqual(Object.fromEntries(totals.units), Object.fromEntries(moved))
    assert.equal(counts.rejected, 0)
    assert.isAbove(counts.duplicates, 0)
  })

  it("are left out where the audit is told that they were not bought", async () => {
    const whole = await fileTotals(EXTRACT)
    const [order] = await ordersOf(readRows(EXTRACT))
    const [cart] = cartsOf(order as Order)
    const less = await fileTotals(EXTRACT, { unboughtCarts: new Set([(cart as Cart).holdId]) })
    assert.equal(less.unbought, cart?.lines.length)
    for (const { sku, quantity } of cart?.lines ?? []) {
      assert.equal(less.units.get(sku) ?? 0, (whole.units.get(sku) ?? 0) + quantity, sku)
    }
  })
})

describe("the opening stock", () => {
  it("is never too little, and less would be", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (file) => {
        const { openings } = await survey(each(file))
        for (const { sku, units, safetyThreshold } of openings) {
          let left = units
          let least = units
          for (const row of file) {
            const meaning = meaningOf(row)
            if ("sku" in meaning && meaning.sku === sku) least = Math.min(least, (left += effectOf(meaning)))
          }
          const need = units - least
          assert.isAtLeast(least, 0)
          assert.isAtMost(least, Math.max(2, Math.ceil(need * 0.1)))
          assert.isBelow(safetyThreshold, units)
        }
      }),
      runs()
    )
  })

  it("is as many units as were asked for, of every product that is played", async () => {
    const { openings, rows: count } = await survey(readRows(EXTRACT), undefined, 40)
    assert.equal(count, 2_200)
    assert.isTrue(openings.every(({ units }) => units === 40))
  })
})

const orderOf = (lines: number): Order => ({
  invoice: "537434",
  at: 0,
  lines: Array.from({ length: lines }, (_, index) => ({
    meaning: { kind: index % 7 === 6 ? "return" : "sale", sku: `${10_000 + index}`, units: 1 + (index % 3) },
    number: index + 1,
    mutationId: `537434:${index + 1}`
  }))
})

describe("carts", () => {
  it("hold every sold line of the order once, and no more lines than one may have", () => {
    const carts = cartsOf(orderOf(1_400))
    assert.deepEqual(
      carts.map(({ lines }) => lines.length),
      [LINES_MAX, LINES_MAX, 200]
    )
    assert.equal(new Set(carts.map(({ holdId }) => holdId)).size, 3)
    assert.equal(carts[0]?.holdId, "invoice 537434:1-583")
    assert.deepEqual(cartsOf(orderOf(0)), [])
  })

  const cart = cartsOf(orderOf(3))[0] as Cart
  const held: Answer = { ok: true, holdId: cart.holdId, lines: [] }
  const refusal = (code: "insufficient_stock" | "hold_expired"): Answer => ({ ok: false, code, message: "" })

  const bought = async (...answers: ReadonlyArray<Answer>) => {
    const asked: Array<string> = []
    const outcome = await buy(cart, (body) => {
      asked.push(body.mutationId.slice(cart.holdId.length + 1))
      return Promise.resolve(answers[asked.length - 1] as Answer)
    })
    return { outcome, asked }
  }

  it("are held and paid, and say so when that was done before", async () => {
    assert.deepEqual(await bought(held, held), { outcome: { outcome: "bought" }, asked: ["hold 1", "pay 1"] })
    assert.deepEqual((await bought(held, { ...held, replayed: true })).outcome, { outcome: "already" })
  })

  it("that are refused are counted with their lines", async () => {
    assert.deepEqual((await bought(refusal("insufficient_stock"))).outcome, {
      outcome: "refused",
      code: "insufficient_stock",
      lines: 3
    })
  })

  it("whose hold has run out are held again, and not for ever", async () => {
    const expired = refusal("hold_expired")
    const twice = await bought(held, expired, held, held)
    assert.deepEqual(twice, { outcome: { outcome: "bought" }, asked: ["hold 1", "pay 1", "hold 2", "pay 2"] })
    const never = await bought(held, expired, held, expired, held, expired)
    assert.equal(never.outcome.outcome, "refused")
    assert.lengthOf(never.asked, 6)
  })
})

describe("what is asked for on the command line", () => {
  const given = { as: "facts", via: "nats", speed: "max", limit: "all", opening: "computed" } as const

  it("is understood", () => {
    const wanted = wantedOf("x.csv", { ...given, speed: "60", limit: "5", opening: false, from: "2010-12-01" })
    assert.deepInclude(wanted as object, { speed: 60, limit: 5, opening: "none" })
  })

  it.each([
    [{ as: "wishes" }, "--as"],
    [{ via: "mail" }, "--via"],
    [{ speed: "fast" }, "--speed"],
    [{ speed: "-1" }, "--speed"],
    [{ limit: "few" }, "--limit"],
    [{ opening: "1.5" }, "--opening"],
    [{ opening: "" }, "--opening"],
    [{ from: "soon" }, "--from"]
  ])("is refused with a word when it is %o", (wrong, word) => {
    const wanted = wantedOf("x.csv", { ...given, ...wrong })
    assert.include(typeof wanted === "string" ? wanted : "", word)
  })
})
