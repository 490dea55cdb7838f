/**
 * What stands behind the question mark of more than one address.
 */
import { Schema } from "effect"
import * as Limits from "../../../config/limits.ts"
import { integerFrom, Version } from "./values.ts"

const { optionalKey } = Schema

export const after = optionalKey(
  Schema.String.annotate({ description: "The next of the page before; absent: from the beginning." })
)

export const limitUpTo = (most: number, otherwise: number) =>
  optionalKey(integerFrom(1, most).annotate({ description: `Items of a page: at most ${most}; default ${otherwise}.` }))

export const page = { after, limit: limitUpTo(Limits.PAGE_LIMIT_MAX, Limits.PAGE_LIMIT_DEFAULT) }

export const Page = Schema.Struct(page)

/** A version, or a moment in time. */
export const VersionOrMoment = Schema.Union([Version, Schema.String]).annotate({
  description: "A version (a number), or a time in ISO 8601."
})

export const Time = Schema.String.annotate({ description: "A time in ISO 8601." })
