/**
 * Goal: subscriptions that select the same share one encoding, and it says what an execution would.
 * Method: subscriptions are started on the real schema with a source that hands its `info` over; each selection's text is
 * compared with the library's own execution.
 */
import assert from "node:assert/strict"
import { createSourceEventStream, type GraphQLResolveInfo, parse } from "graphql"
import { describe, it } from "vitest"
import { normalise, resultText } from "../../src/graphql/live/selection.ts"
import { template } from "../../src/graphql/live/template.ts"
import { makeSchema } from "../../src/graphql/schema.ts"

type Variables = Readonly<Record<string, unknown>>

const schema = makeSchema()

const infoOf = async (text: string, variableValues: Variables = {}, root = "stock"): Promise<GraphQLResolveInfo> => {
  let seen: GraphQLResolveInfo | undefined
  const field = schema.getSubscriptionType()?.getFields()[root]
  assert.ok(field)
  field.subscribe = (_source, _args, _context, info) => {
    seen = info
    return (async function* () {})()
  }
  await createSourceEventStream({ schema, document: parse(text), variableValues })
  assert.ok(seen, text)
  return seen
}

const normal = async (text: string, variables?: Variables) => normalise(await infoOf(text, variables))
const keyOf = async (text: string, variables?: Variables) => (await normal(text, variables)).key

const change = {
  sku: 'a "quoted" %1% \u2028 sku',
  version: 2 ** 53 - 1,
  available: -3,
  physical: 0,
  allocated: 3,
  at: "2026-01-31T12:00:00.000Z",
  t: 1_769_860_800_000_000
}

const SELECTIONS: ReadonlyArray<readonly [text: string, variables?: Variables]> = [
  ["subscription { stock { sku version available physical allocated at t reset } }"],
  ["subscription { shelf: stock { of: sku again: sku version v2: version __typename } }"],
  ["subscription { stock { ...A at } } fragment A on StockChange { available ...B } fragment B on StockChange { sku }"],
  ["subscription Q($no: Boolean!) { stock { sku @skip(if: $no) version @include(if: $no) t } }", { no: true }],
  ["subscription { stock { reset } }"],
  ["subscription { ...Root } fragment Root on Subscription { stock { sku ... on StockChange { physical } } }"]
]

describe("a selection", () => {
  it("is the same whatever is followed, however it is written and whatever its operation is called", async () => {
    const key = await keyOf("subscription { stock { sku version } }")
    assert.equal(
      await keyOf(`subscription Shelf { stock(skus: ["a"], have: [{ sku: "a", version: 3 }]) { sku, version } }`),
      key
    )
    const withVariables = `subscription ($skus: [String!], $have: [StockVersion!]) { stock(skus: $skus, have: $have) { sku version } }`
    assert.equal(await keyOf(withVariables, { skus: ["b"] }), key)
  })

  it("is another with other fields, names, or values of the variables that it names", async () => {
    const skipping = "subscription ($no: Boolean!) { stock { sku version @skip(if: $no) } }"
    const keys = await Promise.all([
      keyOf("subscription { stock { sku version } }"),
      keyOf("subscription { stock { version sku } }"),
      keyOf("subscription { stock { sku v: version } }"),
      keyOf("subscription { shelf: stock { sku version } }"),
      keyOf(skipping, { no: true }),
      keyOf(skipping, { no: false })
    ])
    assert.equal(new Set(keys).size, keys.length)
  })

  it("of a field that must be told what is followed is the same for all of them, and can be executed", async () => {
    const [ann, bob] = await Promise.all(
      ["ann", "bob"].map((cart) => infoOf(`subscription { cart(cart: "${cart}") { cart version } }`, {}, "cart"))
    )
    assert.ok(ann && bob)
    assert.equal(normalise(ann).key, normalise(bob).key)
    const cart = { cart: "ann", version: 3 }
    assert.equal(resultText(normalise(ann), cart), JSON.stringify({ data: { cart } }))
  })

  it.each(SELECTIONS.map(([text, variables]) => ({ text, variables })))(
    "encodes as the library executes it: $text",
    async ({ text, variables }) => {
      const selection = await normal(text, variables)
      const encode = template(selection)
      assert.equal(encode(change), resultText(selection, change))
      assert.equal(encode({ ...change, reset: true }), resultText(selection, { ...change, reset: true }))
      assert.ok(!encode(change).includes("errors"))
    }
  )
})
