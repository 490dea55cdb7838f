/**
 * Reads a message by the schema that the document is made from: for what is sent seldom. What is sent in numbers is read by
 * hand (`decode.ts`), several times as fast.
 */
import { Result, Schema, SchemaIssue } from "effect"
import { type Decoded, invalid } from "./decode.ts"

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** As refusals name places: `lines[2].quantity`. */
export const placeOf = (path: ReadonlyArray<unknown>): string =>
  path.reduce<string>(
    (so, key) => (typeof key === "number" ? `${so}[${key}]` : so === "" ? String(key) : `${so}.${String(key)}`),
    ""
  )

/** `demands`: what to send instead, by place; what has none of its own is told as the schema tells it. */
export const decodeBySchema = <A>(
  schema: Schema.Codec<A>,
  body: unknown,
  demands: Readonly<Record<string, string>>
): Decoded<A> => {
  const read = Schema.decodeUnknownResult(schema)(body)
  if (Result.isSuccess(read)) return { ok: true, value: read.success }
  const [issue] = format(read.failure.issue).issues
  const path = placeOf(issue?.path ?? [])
  const message = Object.hasOwn(demands, path) ? demands[path] : undefined
  return { ok: false, refusal: invalid(message ?? `${path}: ${issue?.message ?? "It is not as described."}`, path) }
}
