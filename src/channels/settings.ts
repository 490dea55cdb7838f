/**
 * Reading an adapter's settings: small checks that throw one sentence which names the setting.
 */
import { isEncryptedOrHere } from "../../config/address.ts"

/** Fields of `settings`; a sentence when it is no object. */
export const fieldsOf = (settings: unknown, where: string): Readonly<Record<string, unknown>> => {
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) {
    throw new Error(`${where} needs its settings as an object.`)
  }
  return settings as Readonly<Record<string, unknown>>
}

export const text = (fields: Readonly<Record<string, unknown>>, name: string): string => {
  const value = fields[name]
  if (typeof value !== "string" || value === "")
    throw new Error(`The setting ${name} must be a text that is not empty.`)
  return value
}

export const textOr = (fields: Readonly<Record<string, unknown>>, name: string, otherwise: string): string =>
  fields[name] === undefined ? otherwise : text(fields, name)

/** An address without a slash at its end; plain http only to this machine, because credentials travel with it. */
export const address = (fields: Readonly<Record<string, unknown>>, name: string): string => {
  const value = text(fields, name)
  if (!isEncryptedOrHere(value)) throw new Error(`The setting ${name} must be an https address.`)
  return value.replace(/\/+$/, "")
}
