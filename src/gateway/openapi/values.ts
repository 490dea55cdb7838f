/**
 * What messages are made of, as schemas: names, texts, quantities, moments. Bounds are those of `config/limits.ts`.
 *
 * JSON Schema counts the characters of a text, the hub its UTF-16 code units, and no JSON Schema can say that a text holds
 * no half of a character: where they differ, what is written here is the law and the document the nearest thing to it.
 */
import { Schema } from "effect"
import * as Limits from "../../../config/limits.ts"

/** Of what a JSON Schema cannot say. */
export const NOTHING_TO_SAY = { toJsonSchema: () => [{}, true] as const }

const isWellFormed = Schema.makeFilter<string>(
  (text) => text.isWellFormed() || "It holds half a character (a lone surrogate).",
  NOTHING_TO_SAY
)

/** Texts of 1 to `lengthMax` characters. */
export const textUpTo = (lengthMax: number) => Schema.String.check(Schema.isBetweenLength(1, lengthMax), isWellFormed)

/** The same, and none at all. */
export const textUpToOrNone = (lengthMax: number) => Schema.String.check(Schema.isMaxLength(lengthMax), isWellFormed)

/** What somebody writes beside what they do. */
export const Note = textUpToOrNone(Limits.TEXT_LENGTH_MAX)

/** Why something is let be. */
export const Reason = textUpTo(Limits.TEXT_LENGTH_MAX)
  .check(Schema.makeFilter<string>((text) => text.trim() !== "", NOTHING_TO_SAY))
  .annotate({ wanted: `as why it is let be, in 1 to ${Limits.TEXT_LENGTH_MAX} characters` })

/** What holds between fields; `path`: where it is told that it does not. No JSON Schema says it. */
export const rule = <A>(holds: (value: A) => boolean, path: string, message: string) =>
  Schema.makeFilter<A>((value) => holds(value) || { path: [path], issue: message }, NOTHING_TO_SAY)

export const integerFrom = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Names of things: SKUs, locations, channels, holds, mutations. */
export const Id = textUpTo(Limits.ID_LENGTH_MAX)

/** Names a message's mutation: sent again with the same content it is answered again and done once. */
export const MutationId = Id.annotate({
  description: "Names this mutation. The same one again is done once and answered as before."
})

/** Units that are asked for. */
export const Quantity = integerFrom(1, Limits.QUANTITY_MAX)
/** Units that there may be none of. */
export const Threshold = integerFrom(0, Limits.QUANTITY_MAX)

/** Units counted by the hub: beyond what one message may ask for, and below zero. */
export const Units = Schema.Int
export const Version = integerFrom(0, Number.MAX_SAFE_INTEGER)

/** A moment that the hub tells. */
export const Moment = Schema.String.annotate({ format: "date-time", description: "ISO 8601, in UTC." })

/** A moment that the hub is told: whatever JavaScript reads as a date. */
export const GivenMoment = Schema.String.check(
  Schema.isBetweenLength(1, 64),
  isWellFormed,
  Schema.makeFilter<string>((text) => !Number.isNaN(Date.parse(text)) || "It is no ISO 8601 time.", {
    ...NOTHING_TO_SAY,
    arbitraryConstraint: { patterns: [{ source: "^20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]:[0-5][0-9]:00Z$", flags: "" }] }
  })
).annotate({
  description: "ISO 8601, as 2026-01-31T12:00:00Z.",
  wanted: "as an ISO 8601 time, as 2026-01-31T12:00:00Z"
})

export const isReplayed = Schema.optionalKey(
  Schema.Literal(true).annotate({ description: "The same mutation id had been answered before; nothing was done now." })
)

export const nullable = Schema.NullOr

/** `ok` and what came of it. */
export const done = <const Fields extends Schema.Struct.Fields>(identifier: string, fields: Fields) =>
  Schema.Struct({ ok: Schema.Literal(true), ...fields }).annotate({ identifier })

/** What has fields of more kinds than are worth writing down. */
export const Anything = Schema.Record(Schema.String, Schema.Unknown)

/** Minor units of a currency. */
export const Minor = Schema.Int
export const Currency = Schema.String.check(Schema.isPattern(/^[A-Z]{3}$/)).annotate({
  description: "ISO 4217.",
  wanted: "as three capital letters (ISO 4217), as GBP"
})
export const Country = Schema.String.check(Schema.isPattern(/^[A-Z]{2}$/)).annotate({
  description: "ISO 3166-1.",
  wanted: "as two capital letters (ISO 3166-1), as GB"
})
