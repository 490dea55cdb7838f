/**
 * Values that many a message has: countries, currencies, times, yes or no. Refusals say what to send instead.
 */
import { at, type Fields, Invalid, optionalText, own } from "./decode.ts"

export const currencyOf = (fields: Fields, name: string, path: string): string => {
  const value = own(fields, name)
  if (typeof value !== "string" || !/^[A-Z]{3}$/.test(value)) {
    throw new Invalid(`Send ${at(path, name)} as three capital letters (ISO 4217), as GBP.`, at(path, name))
  }
  return value
}

export const countryOf = (value: unknown, path: string): string => {
  if (typeof value !== "string" || !/^[A-Z]{2}$/.test(value)) {
    throw new Invalid(`Send ${path} as two capital letters (ISO 3166-1), as GB.`, path)
  }
  return value
}

export const flagOf = (fields: Fields, name: string, path: string, otherwise: boolean): boolean => {
  const value = own(fields, name)
  if (value === undefined) return otherwise
  if (typeof value !== "boolean") throw new Invalid(`Send ${at(path, name)} as true or false.`, at(path, name))
  return value
}

/** Milliseconds since the epoch. */
export const timeOf = (fields: Fields, name: string, path: string): number | undefined => {
  const value = optionalText(fields, name, path, 64)
  if (value === undefined) return undefined
  const ms = Date.parse(value)
  if (!Number.isNaN(ms)) return ms
  throw new Invalid(`Send ${at(path, name)} as an ISO 8601 time, as 2026-01-31T12:00:00Z.`, at(path, name))
}
