/**
 * Goal: the page of addresses tells people all that the OpenAPI document tells programs, and what is searched for is found.
 * Method: the hub's own document, and small schemas whose lines are known.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { type HttpServices, routeTable } from "../../src/gateway/http/routes.ts"
import { openApiDocument } from "../../src/gateway/openapi/document.ts"
import { PARTS } from "../../src/gateway/openapi/parts.ts"
import { contentOf, type OpenApi, partsOf } from "../../src/web/docs/document.ts"
import { type JsonSchema, linesOf } from "../../src/web/docs/shape.ts"

const table = routeTable({} as HttpServices).map(([method, pattern, action]) => [method, pattern, action] as const)
const hub = JSON.parse(JSON.stringify(openApiDocument(table, PARTS))) as OpenApi

const told = (schema: JsonSchema): ReadonlyArray<string> =>
  linesOf(schema, hub.components.schemas).map(
    ({ depth, isOptional, name = "", takes }) => `${"  ".repeat(depth)}${name}${isOptional ? "?" : ""}: ${takes}`
  )

/** Names of fields anywhere in it, references followed once each. */
const fieldsOf = (schema: JsonSchema, within: ReadonlyArray<string> = []): ReadonlyArray<string> => {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)
    return within.includes(name) ? [] : fieldsOf(hub.components.schemas[name] ?? {}, [...within, name])
  }
  const items = typeof schema.items === "object" ? [schema.items] : []
  const inner = [...(schema.anyOf ?? []), ...(schema.allOf ?? []), ...items, ...Object.values(schema.properties ?? {})]
  return [...Object.keys(schema.properties ?? {}), ...inner.flatMap((one) => fieldsOf(one, within))]
}

describe("a schema as lines", () => {
  it("tells fields with their bounds, lists, choices and what is theirs", () => {
    const schema: JsonSchema = {
      type: "object",
      required: ["type", "lines"],
      properties: {
        type: { type: "string", enum: ["commit", "release"] },
        ttlMs: { type: "integer", minimum: 100, maximum: 200 },
        lines: {
          type: "array",
          minItems: 1,
          items: { type: "object", required: ["sku"], properties: { sku: { type: "string", minLength: 1 } } }
        },
        either: { anyOf: [{ type: "string" }, { type: "null" }] }
      }
    }
    assert.deepEqual(told(schema), [
      `type: "commit" | "release"`,
      "ttlMs?: integer, 100 to 200",
      "lines: list of object, at least 1",
      "  sku: text, at least 1 characters",
      "either?: text | null"
    ])
  })

  it("tells which fields one of must be there", () => {
    const schema: JsonSchema = {
      type: "object",
      properties: { a: { type: "boolean" }, b: { type: "boolean" } },
      allOf: [{ anyOf: [{ required: ["a"] }, { required: ["b"] }] }]
    }
    assert.deepEqual(told(schema), [": at least one of a, b", "a?: boolean", "b?: boolean"])
  })

  it("ends where one is within itself", () => {
    const schemas = {
      Tree: { type: "object", properties: { branches: { type: "array", items: { $ref: "#/x/Tree" } } } }
    }
    const takes = linesOf({ $ref: "#/x/Tree" }, schemas).map((line) => line.takes)
    assert.deepEqual(takes, ["list of Tree, as above"])
  })

  it("leaves out no field of anything that the hub takes or answers", () => {
    let fields = 0
    for (const { operation } of partsOf(hub, "").flatMap(({ addresses }) => addresses)) {
      for (const { content } of [operation.requestBody ?? {}, ...Object.values(operation.responses)]) {
        const schema = contentOf(content)?.schema
        if (schema === undefined) continue
        const names = new Set(linesOf(schema, hub.components.schemas).map(({ name }) => name))
        for (const field of fieldsOf(schema)) assert.ok(names.has(field), `${operation.operationId}: ${field}`)
        fields += names.size
      }
    }
    assert.ok(fields > 1_000)
  })
})

describe("the addresses", () => {
  it("are all there under their parts, each once", () => {
    assert.equal(partsOf(hub, "").flatMap(({ addresses }) => addresses).length, table.length)
  })

  it("are found by every word of a search, in whatever case", () => {
    const found = partsOf(hub, "POST Reserve stock").flatMap(({ addresses }) => addresses.map(({ path }) => path))
    assert.ok(found.includes("/v1/stock/{sku}/requests"))
    assert.ok(found.length < 10)
    assert.deepEqual(partsOf(hub, "no such address"), [])
  })
})
