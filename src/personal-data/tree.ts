/**
 * Sealed texts inside of plain data (JSON), however nested.
 */
import { readSealed, type Sealed } from "./sealing.ts"

/** Nothing that the hub stores nests so deep; what does is not gone into. */
const DEPTH_MAX = 32

export const sealedIn = (value: unknown, depth = 0): ReadonlyArray<Sealed> => {
  if (typeof value === "string") {
    const sealed = readSealed(value)
    return sealed === undefined ? [] : [sealed]
  }
  if (typeof value !== "object" || value === null || depth >= DEPTH_MAX) return []
  return Object.values(value).flatMap((inner) => sealedIn(inner, depth + 1))
}

/** The same data with every text replaced; keys are left as they are. */
export const withTexts = <Value>(value: Value, replace: (text: string) => string, depth = 0): Value => {
  if (typeof value === "string") return replace(value) as Value
  if (typeof value !== "object" || value === null || depth >= DEPTH_MAX) return value
  if (Array.isArray(value)) return value.map((inner: unknown) => withTexts(inner, replace, depth + 1)) as Value
  const entries = Object.entries(value).map(([name, inner]) => [name, withTexts<unknown>(inner, replace, depth + 1)])
  return Object.fromEntries(entries) as Value
}
