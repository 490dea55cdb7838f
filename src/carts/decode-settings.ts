/**
 * Promotions and the carts' policy as a merchant sends them.
 */
import { type Policy, defaultPolicy, type IdleRule, type ShippingRow, type TaxRow } from "../../actors/cart/policy.ts"
import type { SetPolicy, SetPromotion } from "../../actors/cart/commands.ts"
import { CART_TOTAL_MINOR_MAX } from "../../actors/cart/limits.ts"
import type { Promotion } from "../../actors/cart/promotions.ts"
import * as Limits from "../../config/carts.ts"
import { HOLD_TTL_MS_MAX, HOLD_TTL_MS_MIN, QUANTITY_MAX } from "../../config/limits.ts"
import {
  at,
  type Decoded,
  decoding,
  defined,
  type Fields,
  fieldsOf,
  id,
  integer,
  Invalid,
  optionalInteger,
  optionalText,
  own,
  text
} from "../gateway/decode.ts"
import { countryOf, currencyOf, flagOf, timeOf } from "../gateway/decode-values.ts"

export const decodePromotion = (code: string, body: unknown): Decoded<SetPromotion> =>
  decoding(() => {
    const fields = fieldsOf(body, "")
    text(code, "code", Limits.CODE_LENGTH_MAX)
    return { type: "promotion", mutationId: id(fields, "mutationId", ""), promotion: readPromotion(code, fields) }
  })

const readPromotion = (code: string, fields: Fields): Promotion => {
  const kind = own(fields, "kind")
  if (kind !== "percentage" && kind !== "amount" && kind !== "free-shipping") {
    throw new Invalid("Send kind as one of percentage, amount, free-shipping.", "kind")
  }
  const minimumMinor = optionalInteger(fields, "minimumMinor", "", 0, CART_TOTAL_MINOR_MAX)
  const needsCurrency = kind === "amount" || minimumMinor !== undefined
  const startsAt = timeOf(fields, "startsAt", "")
  const endsAt = timeOf(fields, "endsAt", "")
  if (startsAt !== undefined && endsAt !== undefined && endsAt <= startsAt) {
    throw new Invalid("Send endsAt later than startsAt.", "endsAt")
  }
  return defined({
    code,
    kind,
    basisPoints: kind === "percentage" ? integer(own(fields, "basisPoints"), "basisPoints", 1, 10_000) : undefined,
    amountMinor:
      kind === "amount" ? integer(own(fields, "amountMinor"), "amountMinor", 1, CART_TOTAL_MINOR_MAX) : undefined,
    currency: needsCurrency || own(fields, "currency") !== undefined ? currencyOf(fields, "currency", "") : undefined,
    minimumMinor,
    startsAt,
    endsAt,
    usesMax: optionalInteger(fields, "usesMax", "", 1, QUANTITY_MAX),
    usesPerCustomerMax: optionalInteger(fields, "usesPerCustomerMax", "", 1, QUANTITY_MAX),
    customerId: own(fields, "customerId") === undefined ? undefined : id(fields, "customerId", ""),
    skus: readSkus(own(fields, "skus")),
    stackable: flagOf(fields, "stackable", "", false),
    automatic: flagOf(fields, "automatic", "", false),
    isActive: flagOf(fields, "isActive", "", true)
  }) as Promotion
}

const readSkus = (value: unknown): ReadonlyArray<string> | undefined => {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length === 0 || value.length > Limits.PROMOTION_SKUS_MAX) {
    throw new Invalid(`Send skus as an array of 1 to ${Limits.PROMOTION_SKUS_MAX}.`, "skus")
  }
  return value.map((sku: unknown, index) => text(sku, `skus[${index}]`, 128))
}

const rows = <A>(fields: Fields, name: string, most: number, read: (row: Fields, path: string) => A): Array<A> => {
  const value = own(fields, name)
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > most) {
    throw new Invalid(`Send ${name} as an array of at most ${most}.`, name)
  }
  return value.map((row: unknown, index) => read(fieldsOf(row, `${name}[${index}]`), `${name}[${index}]`))
}

/** What is left out is as if it had never been set. */
export const decodePolicy = (body: unknown): Decoded<SetPolicy> =>
  decoding(() => {
    const fields = fieldsOf(body, "")
    return { type: "policy", mutationId: id(fields, "mutationId", ""), policy: readPolicy(fields) }
  })

const idleMs = (fields: Fields, name: string, path: string): number | undefined =>
  optionalInteger(fields, name, path, Limits.IDLE_MS_MIN, Limits.IDLE_MS_MAX)

const shortOrders = (fields: Fields): Pick<Policy, "shortOrders"> => {
  const value = own(fields, "shortOrders")
  if (value === undefined) return {}
  if (value !== "refund" && value !== "wait") throw new Invalid("Send shortOrders as refund or wait.", "shortOrders")
  return { shortOrders: value }
}

const readPolicy = (fields: Fields): Policy => ({
  ...shortOrders(fields),
  shipping: rows(fields, "shipping", Limits.POLICY_ROWS_MAX, readShipping),
  tax: rows(fields, "tax", Limits.POLICY_ROWS_MAX, readTax),
  leftCheckoutMs: idleMs(fields, "leftCheckoutMs", "") ?? defaultPolicy.leftCheckoutMs,
  idleCartMs: idleMs(fields, "idleCartMs", "") ?? defaultPolicy.idleCartMs,
  idleRules: rows(fields, "idleRules", Limits.POLICY_RULES_MAX, readIdleRule),
  checkoutHoldMs:
    optionalInteger(fields, "checkoutHoldMs", "", HOLD_TTL_MS_MIN, HOLD_TTL_MS_MAX) ?? defaultPolicy.checkoutHoldMs
})

const amount = (row: Fields, name: string, path: string): number | undefined =>
  optionalInteger(row, name, path, 0, Limits.UNIT_PRICE_MINOR_MAX)

const readShipping = (row: Fields, path: string): ShippingRow =>
  defined({
    method: text(own(row, "method"), at(path, "method"), Limits.CODE_LENGTH_MAX),
    countries: readCountries(own(row, "countries"), at(path, "countries")),
    currency: currencyOf(row, "currency", path),
    baseMinor: amount(row, "baseMinor", path) ?? 0,
    perItemMinor: amount(row, "perItemMinor", path) ?? 0,
    freeFromMinor: amount(row, "freeFromMinor", path)
  }) as ShippingRow

const readCountries = (value: unknown, path: string): ReadonlyArray<string> | undefined => {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length === 0 || value.length > Limits.POLICY_COUNTRIES_MAX) {
    throw new Invalid(`Send ${path} as an array of 1 to ${Limits.POLICY_COUNTRIES_MAX} countries.`, path)
  }
  return value.map((one: unknown, index) => countryOf(one, `${path}[${index}]`))
}

const readTax = (row: Fields, path: string): TaxRow =>
  defined({
    country: countryOf(own(row, "country"), at(path, "country")),
    region: optionalText(row, "region", path, Limits.CODE_LENGTH_MAX),
    basisPoints: integer(own(row, "basisPoints"), at(path, "basisPoints"), 0, 10_000),
    isIncluded: flagOf(row, "isIncluded", path, false),
    onShipping: flagOf(row, "onShipping", path, false)
  }) as TaxRow

const readIdleRule = (row: Fields, path: string): IdleRule => {
  const rule = defined({
    segment: optionalText(row, "segment", path, Limits.CODE_LENGTH_MAX),
    minimumMinor: optionalInteger(row, "minimumMinor", path, 0, CART_TOTAL_MINOR_MAX),
    currency: own(row, "currency") === undefined ? undefined : currencyOf(row, "currency", path),
    leftCheckoutMs: idleMs(row, "leftCheckoutMs", path),
    idleCartMs: idleMs(row, "idleCartMs", path)
  }) as IdleRule
  if (rule.leftCheckoutMs === undefined && rule.idleCartMs === undefined) {
    throw new Invalid(`Send ${path} with leftCheckoutMs, idleCartMs or both.`, path)
  }
  return rule
}
