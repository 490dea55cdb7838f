/**
 * Goal: every address reads what it is sent by the schema that its document is made from.
 * Method: a real hub is sent bodies and queries that the schemas of its addresses refuse; it must refuse each, at a place at
 * which the schema finds a fault. A query that the schema takes is refused at none of them.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, it } from "vitest"
import { type Description, isText, type Shape } from "../../../src/gateway/openapi/description.ts"
import { PARTS } from "../../../src/gateway/openapi/parts.ts"
import { readQuery } from "../../../src/gateway/read-query.ts"
import { http, startHub, type TestHub } from "../../support/hub.ts"
import { mutated } from "../../support/mutated.ts"
import { times } from "../../support/runs.ts"
import { placesOf, samplesOf } from "../../support/schema-samples.ts"

const NAMES: Readonly<Record<string, string>> = { sku: "A", channel: "tills", code: "TEN", id: "1" }

/**
 * Facts are judged one by one, which `bodies.test.ts` compares; GraphQL is read by its protocol's library. Nobody signs in or
 * has a password while the hub is open, which has no adapters' accounts either, and without Stripe there are no links: their schemas' words are in
 * `decode-by-schema.test.ts`, their refusals in the tests of those parts.
 */
const ELSEWHERE = /\/facts$|\/graphql$|\/access\/session$|\/access\/password$|\/access\/adapters$|\/payment-link$/

const addresses = PARTS.flatMap(({ addresses: described }) => Object.entries<Description>(described))
const BODIES = addresses.flatMap(([key, { body }]) =>
  body === undefined || isText(body) || ELSEWHERE.test(key) ? [] : [{ key, schema: body }]
)
const QUERIES = addresses.flatMap(([key, { query }]) =>
  query === undefined || ELSEWHERE.test(key) ? [] : [{ key, schema: query }]
)

const SPOILED_EACH = times(12)

const directory = mkdtempSync(join(tmpdir(), "holdfast-schemas-"))
let hub: TestHub

beforeAll(async () => {
  const file = join(directory, "channels.json")
  const tills = { name: "tills", adapter: "pos", settings: { key: "a key of sixteen and more" } }
  writeFileSync(file, JSON.stringify({ channels: [tills] }))
  hub = await startHub({ CHANNELS_FILE: file })
}, 60_000)

afterAll(async () => {
  await hub.stop()
  rmSync(directory, { recursive: true, force: true })
})

const ask = async (key: string, asked: { readonly search?: string; readonly body?: string }) => {
  const [method = "", pattern = ""] = key.split(" ")
  const path = pattern.replaceAll(/:(\w+)/g, (_whole, name: string) => NAMES[name] ?? "ann")
  return http(hub, method.toUpperCase(), `${path}${asked.search ?? ""}`, asked.body)
}

const spoiledOf = (schema: Shape): ReadonlyArray<unknown> => {
  const changed = fc.sample(mutated(samplesOf(schema, 50)), { numRuns: SPOILED_EACH * 8, seed: 11 })
  return changed.filter((body) => placesOf(schema, body) !== undefined).slice(0, SPOILED_EACH)
}

describe("a body that its schema refuses", () => {
  it.each(BODIES)("is refused at the same place by $key", async ({ key, schema }) => {
    const spoiled = spoiledOf(schema)
    assert.equal(spoiled.length, SPOILED_EACH)
    for (const body of spoiled) {
      const reply = await ask(key, { body: JSON.stringify(body) })
      const text = `${JSON.stringify(reply)}: ${JSON.stringify(body).slice(0, 500)}`
      assert.equal(reply.status, 400, text)
      assert.equal(reply.body["code"], "invalid_request", text)
      const told = String(reply.body["path"])
      // A field of the editor may be told of as a whole: the terms of an offer.
      assert.ok(
        placesOf(schema, body)?.some((place) => place === told || place.startsWith(`${told}.`)),
        text
      )
      assert.match(String(reply.body["message"]), /\.$/, text)
    }
  })
})

const TEXTS = ["", "x", "-1", "0", "1.5", "7", "2000", "1e9", "soon", "2026-01-31T12:00:00Z", "open", "GBP"]

describe("what stands behind the question mark", () => {
  it.each(QUERIES)("is refused by $key when its schema refuses it, with its name", async ({ key, schema }) => {
    const names = schema.ast._tag === "Objects" ? schema.ast.propertySignatures.map(({ name }) => String(name)) : []
    assert.ok(names.length > 0)
    for (const name of names) {
      for (const text of TEXTS) {
        const query = new URLSearchParams({ [name]: text })
        const { body, status } = await ask(key, { search: `?${query.toString()}` })
        if (readQuery(schema, query).ok) continue
        assert.deepEqual([status, body["code"], body["path"]], [400, "invalid_request", name], `${key} ${name}=${text}`)
      }
    }
  })
})
