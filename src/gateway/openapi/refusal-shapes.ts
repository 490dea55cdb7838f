/**
 * The shapes of a no. Every one has a code that a program can go by and a sentence that says what to do.
 */
import { Schema } from "effect"
import type { Refusal as ContractRefusal } from "../protocol.ts"
import { isReplayed, Units, Version } from "./values.ts"

const { optionalKey } = Schema

const CODES = [
  "insufficient_stock",
  "unknown_sku",
  "unknown_hold",
  "hold_expired",
  "hold_closed",
  "hold_limit",
  "mutation_conflict",
  "version_conflict",
  "invalid_request",
  "unauthorized",
  "overloaded",
  "unavailable"
] as const

const message = Schema.String.annotate({ description: "A sentence that says what to do." })
const path = Schema.String.annotate({ description: "Where in the message, as lines[2].quantity." })

const known = {
  message,
  sku: optionalKey(Schema.String),
  holdId: optionalKey(Schema.String),
  available: optionalKey(Units.annotate({ description: "With insufficient_stock: what could have been had." })),
  state: optionalKey(
    Schema.Literals(["committed", "released", "expired"]).annotate({ description: "With hold_closed." })
  ),
  path: optionalKey(path),
  faults: optionalKey(
    Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })).annotate({
      description: "Of settings: everything that is wrong, each with its place."
    })
  ),
  version: optionalKey(Version.annotate({ description: "With version_conflict: the version there is." })),
  retryAfterMs: optionalKey(Schema.Finite.annotate({ description: "With overloaded: milliseconds." })),
  lines: optionalKey(Schema.Array(Schema.Struct({ sku: Schema.String, requested: Units, available: Units }))),
  replayed: isReplayed
}

export const Refusal: Schema.Codec<ContractRefusal> = Schema.Struct({
  ok: Schema.Literal(false),
  code: Schema.Literals(CODES),
  ...known
}).annotate({ identifier: "Refusal" })

/** The contract's codes and those of a part. */
export const refusalWith = <
  const Codes extends ReadonlyArray<string>,
  const Fields extends Schema.Struct.Fields = Record<never, never>
>(
  identifier: string,
  codes: Codes,
  fields?: Fields
) =>
  Schema.Struct({
    ok: Schema.Literal(false),
    code: Schema.Literals([...CODES, ...codes] as ReadonlyArray<(typeof CODES)[number] | Codes[number]>),
    ...known,
    ...(fields as Fields)
  }).annotate({ identifier })

/** One of several facts, by its place among them. */
export const RejectedFact = Schema.Struct({
  index: Schema.Int,
  code: Schema.String,
  message,
  path: optionalKey(path)
}).annotate({ identifier: "RejectedFact" })

/** No fact was acceptable; the rest is the first one's refusal. */
export const FactsRefusal = Schema.Struct({
  ok: Schema.Literal(false),
  code: Schema.String,
  ...known,
  accepted: optionalKey(Schema.Literal(0)),
  rejected: optionalKey(Schema.Array(RejectedFact))
}).annotate({ identifier: "FactsRefusal" })
