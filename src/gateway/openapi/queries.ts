/**
 * What stands behind the question mark of more than one address.
 */
import { Schema } from "effect"
import * as Limits from "../../../config/limits.ts"
import { integerFrom, NOTHING_TO_SAY, Version } from "./values.ts"

const { optionalKey } = Schema

export const after = optionalKey(
  Schema.String.annotate({ description: "The next of the page before; absent: from the beginning." })
)

/** The same of what is listed from the newest on; absent: from there. */
export const before = optionalKey(Version.annotate({ description: "The next of the page before." }))

export const limitUpTo = (most: number, otherwise: number) =>
  optionalKey(integerFrom(1, most).annotate({ description: `Items of a page: at most ${most}; default ${otherwise}.` }))

export const page = { after, limit: limitUpTo(Limits.PAGE_LIMIT_MAX, Limits.PAGE_LIMIT_DEFAULT) }

export const Page = Schema.Struct(page)

/** As JavaScript reads it, from a date on. */
export const DateOrMoment = Schema.String.check(
  Schema.makeFilter<string>((text) => /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text)), NOTHING_TO_SAY)
).annotate({
  description: "A date or a time in ISO 8601.",
  wanted: "as a date or a moment, as 2026-11-01 or 2026-11-01T08:00:00Z"
})

/** A version, or a moment in time. */
export const VersionOrMoment = Schema.Union([Version, DateOrMoment]).annotate({
  description: "A version (a number), or a time in ISO 8601.",
  wanted: "as a version (a number) or a time in ISO 8601"
})
