/**
 * Goal: the document is OpenAPI 3.1, tells of every address of the hub and of none beside, and hangs together.
 * Method: made from the real table; checked with the OpenAPI Initiative's own schema for 3.1.
 */
import assert from "node:assert/strict"
import { Validator } from "@seriousme/openapi-schema-validator"
import { describe, it } from "vitest"
import { type HttpServices, routeTable } from "../../../src/gateway/http/routes.ts"
import { openApiDocument, unmatched } from "../../../src/gateway/openapi/document.ts"
import { PARTS } from "../../../src/gateway/openapi/parts.ts"

const table = routeTable({} as HttpServices).map(([method, pattern, action]) => [method, pattern, action] as const)
const document = JSON.parse(JSON.stringify(openApiDocument(table, PARTS))) as Record<string, unknown>
const paths = document["paths"] as Record<string, Record<string, { readonly operationId: string }>>

describe("the document", () => {
  it("has a description of every address in the table of routes, and of no other", () => {
    assert.deepEqual(unmatched(table, PARTS), [])
    const [first, ...others] = table
    assert.match(unmatched(others, PARTS).join(), new RegExp(`^${first?.[0]} ${first?.[1]} is described`))
    assert.match(unmatched([...table, ["get", "/new", "public"]], PARTS).join(), /^get \/new is in the table/)
  })

  it("is OpenAPI 3.1", async () => {
    const validator = new Validator()
    const { errors, valid } = await validator.validate(structuredClone(document))
    assert.ok(valid, JSON.stringify(errors))
    assert.equal(validator.version, "3.1")
    const broken = await new Validator().validate({ ...structuredClone(document), info: {} })
    assert.equal(broken.valid, false)
  })

  it("names each operation once, and refers to nothing that is not there", () => {
    const ids = Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId))
    assert.equal(new Set(ids).size, table.length)
    const schemas = (document["components"] as { readonly schemas: object }).schemas
    const references = JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)
    for (const [, name] of references) assert.ok(Object.hasOwn(schemas, name as string), name)
  })

  it("has no schema under two names", () => {
    const { schemas } = document["components"] as { readonly schemas: object }
    assert.deepEqual(
      Object.keys(schemas).filter((name) => /_\d+$/.test(name)),
      []
    )
  })
})
