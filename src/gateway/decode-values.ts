/**
 * Countries and currencies, read by hand. Refusals say what to send instead.
 */
import { at, type Fields, Invalid, own } from "./decode.ts"

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
