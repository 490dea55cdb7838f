/**
 * Values that a schema makes, and the places at which it finds a fault in others.
 */
import { Arbitrary, Effect, Result, Schema, SchemaIssue } from "effect"
import type { Shape } from "../../src/gateway/openapi/description.ts"

export const samplesOf = (schema: Shape, count = 200): ReadonlyArray<unknown> =>
  Effect.runSync(Arbitrary.sampleEffect(Arbitrary.schema(schema), { count, seed: 7 })).map(
    (sample) => JSON.parse(JSON.stringify(sample)) as unknown
  )

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** As refusals name places: `lines[2].quantity`. */
const placeOf = (path: ReadonlyArray<unknown>): string =>
  path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "")

/** Every place at which anything may be wrong, whatever a message of several kinds is meant to be; `undefined`: none. */
export const placesOf = (schema: Shape, body: unknown): ReadonlyArray<string> | undefined => {
  const read = Schema.decodeUnknownResult(schema)(body, { errors: "all" })
  if (Result.isSuccess(read)) return undefined
  return format(read.failure.issue).issues.map(({ path = [] }) => placeOf(path))
}
