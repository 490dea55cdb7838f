/**
 * Reading a delivery's body: UTF-8, JSON, an object, and fields that are what they should be.
 */

export type Json = Readonly<Record<string, unknown>>

/** Deeper than anything a marketplace sends: what nests thousands deep breaks whoever walks it later. */
const DEPTH_MAX = 64

/** `undefined` when it is no JSON, or nests too deep. */
export const parseJson = (body: Uint8Array): unknown => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body)
    return isShallow(text) ? (JSON.parse(text) as unknown) : undefined
  } catch {
    return undefined
  }
}

const isShallow = (text: string): boolean => {
  let depth = 0
  let isInText = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (isInText) {
      if (character === "\\") at++
      else if (character === '"') isInText = false
    } else if (character === '"') isInText = true
    else if (character === "[" || character === "{") {
      if (++depth > DEPTH_MAX) return false
    } else if (character === "]" || character === "}") depth--
  }
  return true
}

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const parseObject = (body: Uint8Array): Json | undefined => {
  const value = parseJson(body)
  return isObject(value) ? value : undefined
}

/** The objects among what ought to be a list of them. */
export const objectsOf = (value: unknown): ReadonlyArray<Json> => (Array.isArray(value) ? value.filter(isObject) : [])

/** A number or text that names something, as a text of at most `lengthMax`. */
export const idOf = (value: unknown, lengthMax = 128): string | undefined => {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined
  const isId = typeof value === "string" && value.length > 0 && value.length <= lengthMax && value.isWellFormed()
  return isId ? value : undefined
}

/** ISO 8601 in UTC, or `undefined` when it is no time. */
export const timeOf = (value: unknown): string | undefined => {
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}
