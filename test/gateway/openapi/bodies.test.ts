/**
 * Goal: what the document says may be sent is what the hub takes, although it reads most messages by hand.
 * Method: whatever a schema generates is accepted by its decoder; the same values with one or two places changed, and garbage,
 * are accepted by both or by neither, and where they are refused the decoder names a place at which the schema finds a fault.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { decodeCartFact, decodeCartRequest } from "../../../src/carts/decode.ts"
import { type Decoded, decodeFact, decodeLines, decodeRequest } from "../../../src/gateway/decode.ts"
import { CartFact, CartRequest } from "../../../src/gateway/openapi/carts.ts"
import type { Shape } from "../../../src/gateway/openapi/description.ts"
import { Fact, LinesRequest, StockRequest } from "../../../src/gateway/openapi/stock-bodies.ts"
import { mutated } from "../../support/mutated.ts"
import { runs, times } from "../../support/runs.ts"
import { placesOf, samplesOf } from "../../support/schema-samples.ts"

interface Read {
  readonly name: string
  readonly schema: Shape
  readonly decode: (body: unknown) => Decoded<unknown>
}

const BODIES: ReadonlyArray<Read> = [
  { name: "facts", schema: Fact, decode: (body) => decodeFact("A", body) },
  { name: "requests", schema: StockRequest, decode: (body) => decodeRequest("A", body) },
  { name: "requests of several lines", schema: LinesRequest, decode: decodeLines },
  { name: "requests to carts", schema: CartRequest, decode: (body) => decodeCartRequest("c", body) },
  { name: "facts of carts", schema: CartFact, decode: (body) => decodeCartFact("c", body) }
]

const parameters = runs(2_000)

const judged = ({ decode, schema }: Read, body: unknown): void => {
  const faults = placesOf(schema, body)
  const decoded = decode(body)
  assert.equal(decoded.ok, faults === undefined, `${JSON.stringify(decoded)} beside ${JSON.stringify(faults)}`)
  if (decoded.ok || faults === undefined) return
  assert.equal(decoded.refusal.code, "invalid_request")
  const { path = "" } = decoded.refusal
  assert.ok(faults.includes(path), `${path} is not among ${faults.join(", ")}`)
}

describe.each(BODIES)("$name", (read) => {
  const samples = samplesOf(read.schema)

  it("are taken as the schema makes them", () => {
    for (const sample of samples) {
      const decoded = read.decode(sample)
      assert.ok(decoded.ok, `${JSON.stringify(decoded)}: ${JSON.stringify(sample)}`)
    }
  })

  it(
    "are judged alike by schema and decoder, also with something changed in them",
    () =>
      fc.assert(
        fc.property(mutated(samples), (body) => judged(read, body)),
        parameters
      ),
    times(120_000)
  )

  it("are garbage to both of them, or to neither", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => judged(read, body)),
      parameters
    )
  })
})
