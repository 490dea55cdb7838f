/**
 * Reading a delivery's body: UTF-8, JSON, an object, and fields that are what they should be.
 */

export type Json = Readonly<Record<string, unknown>>

/** `undefined` when it is not. */
export const parseJson = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as unknown
  } catch {
    return undefined
  }
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
