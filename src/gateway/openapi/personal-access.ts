/**
 * Who looks at personal data, and why: the hub reads it by this schema.
 */
import { Schema } from "effect"
import { TEXT_LENGTH_MAX } from "../../../config/limits.ts"
import { textUpTo } from "./values.ts"

export const Access = Schema.Struct({ who: textUpTo(128), why: textUpTo(TEXT_LENGTH_MAX) }).annotate({
  identifier: "Access",
  description: "Who asks, and why; both are recorded."
})
