/**
 * Goal: no small text holds the hub up: whatever is asked, it is weighed, and refused or found fit, within milliseconds.
 * Method: the bombs that are known, at the largest size that a request may have, read as the hub reads them.
 */
import assert from "node:assert/strict"
import { GraphQLError, parse } from "graphql"
import { describe, it } from "vitest"
import * as Limits from "../../config/graphql.ts"
import { Documents } from "../../src/graphql/documents.ts"
import { makeSchema } from "../../src/graphql/schema.ts"
import { weigh } from "../../src/graphql/weight.ts"

const schema = makeSchema()
const open = new Documents(schema, { isIntrospectable: true, queries: undefined })

const codesOf = (query: string, documents = open): ReadonlyArray<unknown> => {
  const read = documents.read({ query })
  return read.ok ? [] : read.errors.map(({ extensions }) => extensions["of"] ?? extensions["code"])
}

const times = (count: number, of: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => of(n)).join(" ")
/** As much of it as there may be tokens, and a little less. */
const full = (tokens: number): number => Math.floor((Limits.TOKENS_MAX - 50) / tokens)

const doubling = (levels: number): string =>
  `{ ...F0 } ${times(levels, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F${levels} on Query { __typename }`

const BOMBS: Readonly<Record<string, string>> = {
  "fragments that double one another": doubling(30),
  "as many fields of one name as there may be": `{ ${"__typename ".repeat(Limits.FIELDS_MAX)} }`,
  "as many fields of one name with fields": `{ ${times(Limits.REPEATS_MAX, () => `stocks(limit: 1) { ${"next ".repeat(7)} }`)} }`,
  "the same field over and over": `{ ${"__typename ".repeat(full(1))} }`,
  "the same field with selections of its own": `{ ${times(full(10), () => `stocks(limit: 1) { next }`)} }`,
  aliases: `{ ${times(full(3), (n) => `a${n}: __typename`)} }`,
  directives: `{ __typename ${"@include(if: true) ".repeat(full(7))} }`,
  "unknown directives": `{ __typename ${"@a ".repeat(full(2))} }`,
  "deep selections": `{ ${"stocks { ".repeat(full(3))} next ${"} ".repeat(full(3))} }`,
  "deep lists": `{ stock(sku: ${"[".repeat(full(2))} ${"]".repeat(full(2))}) { sku } }`,
  "fragments in a circle": `{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }`,
  "types of types of types": `{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }`,
  variables: `query (${times(full(3), (n) => `$v${n}: Int`)}) { __typename }`,
  operations: times(full(5), (n) => `query Q${n} { __typename }`),
  "a comment as long as a request": `{ __typename } #${"x".repeat(64 * 1024)}`
}

describe("a document", () => {
  it.each(Object.entries(BOMBS))("of %s is read within moments, or refused", (_name, query) => {
    open.read({ query: "{ __typename }" })
    const before = process.cpuUsage()
    const read = open.read({ query })
    const { user } = process.cpuUsage(before)
    assert.ok(user < 250_000, `${user / 1_000} ms of the processor`)
    if (!read.ok) assert.ok(read.errors.length <= 11 && read.errors.every((error) => error instanceof GraphQLError))
  })

  it("is refused by what there is too much of", () => {
    assert.deepEqual(codesOf(BOMBS["fragments that double one another"] as string), ["fields"])
    assert.deepEqual(codesOf(BOMBS["aliases"] as string), ["fields"])
    assert.deepEqual(codesOf(`{ ${times(Limits.ALIASES_MAX + 1, (n) => `a${n}: __typename`)} }`), ["aliases"])
    assert.deepEqual(codesOf(BOMBS["deep selections"] as string), ["depth"])
    assert.deepEqual(codesOf(BOMBS["directives"] as string), ["directives"])
    assert.deepEqual(codesOf(`{ ${"stocks { next } ".repeat(Limits.REPEATS_MAX + 1)} }`), ["repeats"])
    assert.deepEqual(codesOf(BOMBS["operations"] as string), ["operations"])
    const inFragments = `{ ${"...A ".repeat(8)} } fragment A on Query { ${times(4, (n) => `a${n}: __typename`)} }`
    assert.deepEqual(codesOf(inFragments), ["aliases"])
  })

  it("weighs as many values as its pages may hold", () => {
    const costOf = (query: string, variables?: Readonly<Record<string, unknown>>): number => {
      const document = parse(query)
      const [operation] = document.definitions
      assert.ok(operation?.kind === "OperationDefinition")
      return weigh(schema, document, operation, variables).cost
    }
    assert.equal(costOf('{ stock(sku: "a") { sku version } }'), 3)
    assert.equal(costOf('{ stock(sku: "a") { locations { physical } } }'), 12)
    assert.equal(costOf("{ stocks(limit: 7) { items { sku } next } }"), 1 + 7 * 3)
    assert.equal(costOf("{ stocks { items { sku } } }"), 1 + 100 * 2)
    const page = "query ($limit: Int = 50) { stocks(limit: $limit) { items { sku } } }"
    assert.equal(costOf(page), 1 + 50 * 2)
    assert.equal(costOf(page, { limit: 3 }), 1 + 3 * 2)
  })

  it("that asks for the schema is refused when the hub is told to", () => {
    const closed = new Documents(schema, { isIntrospectable: false, queries: undefined })
    assert.deepEqual(codesOf("{ __schema { queryType { name } } }"), [])
    assert.equal(codesOf("{ __schema { queryType { name } } }", closed).length, 2)
    assert.deepEqual(codesOf("{ __typename }", closed), [])
  })

  it("is taken only when it is registered, once queries are", () => {
    const queries = Limits.readQueries(JSON.stringify({ mine: "{ __typename }" }))
    const registered = new Documents(schema, { isIntrospectable: true, queries })
    assert.deepEqual(codesOf("{ __typename }", registered), [])
    assert.deepEqual(codesOf("{ __typename  }", registered), ["unregistered_query"])
    const hash = "a".repeat(64)
    const manifest = {
      format: "apollo-persisted-query-manifest",
      version: 1,
      operations: [{ id: hash, body: "{ a: __typename }" }]
    }
    const named = new Documents(schema, {
      isIntrospectable: true,
      queries: Limits.readQueries(JSON.stringify(manifest))
    })
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash } }
    assert.equal(named.persisted.textOf({ extensions }), "{ a: __typename }")
    assert.throws(() => Limits.readQueries(JSON.stringify({ mine: 1 })), /mine must be the text of a query/)
    assert.throws(() => Limits.readQueries("["), /no JSON/)
  })
})

describe("a query's hash", () => {
  it("finds the text that was sent with it once, and no other text is taken under it", () => {
    const { persisted } = new Documents(schema, { isIntrospectable: true, queries: undefined })
    const query = "{ __typename }"
    const sha256Hash = "7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b"
    const extensions = { persistedQuery: { version: 1, sha256Hash } }
    assert.throws(() => persisted.textOf({ extensions }), /PersistedQueryNotFound/)
    assert.throws(() => persisted.textOf({ query: "{ b: __typename }", extensions }), /not the SHA-256/)
    assert.equal(persisted.textOf({ query, extensions }), query)
    assert.equal(persisted.textOf({ extensions }), query)
    assert.throws(() => persisted.textOf({ extensions: { persistedQuery: { version: 2, sha256Hash } } }), /version 1/)
  })
})
