/**
 * From what is said to a cart to commands: reads, checks, fills in defaults. Refusals say what to send instead.
 */
import type { CartFact, CartRequest } from "../../actors/cart/commands.ts"
import type { Destination } from "../../actors/cart/policy.ts"
import * as Limits from "../../config/carts.ts"
import { HOLD_TTL_MS_MAX, HOLD_TTL_MS_MIN, ID_LENGTH_MAX, LINES_MAX, TEXT_LENGTH_MAX } from "../../config/limits.ts"
import {
  at,
  type Decoded,
  decodeName,
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
import { countryOf, currencyOf } from "../gateway/decode-values.ts"

/** The rules for a cart's name; `undefined` stands for one that could not be decoded. */
export const decodeCartName = (cart: string | undefined): Decoded<string> =>
  decodeName(cart, "cart", Limits.CART_ID_LENGTH_MAX)

export type CartAsk = CartRequest | { readonly type: "read"; readonly cart: string }

export const decodeCartRequest = (cart: string, body: unknown): Decoded<CartAsk> =>
  decoding(() => readRequest(cart, fieldsOf(body, "")))

const price = (value: unknown, path: string): number => integer(value, path, 0, Limits.UNIT_PRICE_MINOR_MAX)

const readRequest = (cart: string, fields: Fields): CartAsk => {
  const type = own(fields, "type")
  if (type === "read") return { type, cart }
  const on = { cart, mutationId: id(fields, "mutationId", "") }
  switch (type) {
    case "add":
      return readAdd(on, fields)
    case "set":
      return {
        type,
        ...on,
        sku: id(fields, "sku", ""),
        quantity: integer(own(fields, "quantity"), "quantity", 0, Limits.LINE_QUANTITY_MAX)
      }
    case "remove":
      return { type, ...on, sku: id(fields, "sku", "") }
    case "reprice":
      return { type, ...on, prices: readPrices(own(fields, "prices")) }
    case "apply-code":
    case "remove-code":
      return { type, ...on, code: text(own(fields, "code"), "code", Limits.CODE_LENGTH_MAX) }
    case "ship-to":
      return defined({
        type,
        ...on,
        destination: readDestination(fields),
        method: optionalText(fields, "method", "", Limits.CODE_LENGTH_MAX)
      }) as CartRequest
    case "touch":
    case "dismiss-notes":
    case "cancel-checkout":
      return { type, ...on }
    case "sign-in":
      return defined({
        type,
        ...on,
        customerId: id(fields, "customerId", ""),
        segment: optionalText(fields, "segment", "", Limits.CODE_LENGTH_MAX)
      }) as CartRequest
    case "checkout":
      return defined({
        type,
        ...on,
        contents: optionalInteger(fields, "contents", "", 0, Number.MAX_SAFE_INTEGER),
        ttlMs: optionalInteger(fields, "ttlMs", "", HOLD_TTL_MS_MIN, HOLD_TTL_MS_MAX)
      }) as CartRequest
    default:
      throw new Invalid(`Send type as one of ${REQUESTS}.`, "type")
  }
}

const REQUESTS =
  "add, set, remove, reprice, apply-code, remove-code, ship-to, touch, dismiss-notes, sign-in, checkout, cancel-checkout, read"

const readAdd = (on: { readonly cart: string; readonly mutationId: string }, fields: Fields): CartRequest =>
  defined({
    type: "add",
    ...on,
    sku: id(fields, "sku", ""),
    quantity: integer(own(fields, "quantity"), "quantity", 1, Limits.LINE_QUANTITY_MAX),
    unitPriceMinor: price(own(fields, "unitPriceMinor"), "unitPriceMinor"),
    currency: currencyOf(fields, "currency", ""),
    name: optionalText(fields, "name", "", TEXT_LENGTH_MAX / 4),
    locationId: optionalText(fields, "locationId", "", ID_LENGTH_MAX),
    unitCostMinor: optionalInteger(fields, "unitCostMinor", "", 0, Limits.UNIT_PRICE_MINOR_MAX)
  }) as CartRequest

const readPrices = (value: unknown) => {
  if (!Array.isArray(value) || value.length === 0 || value.length > LINES_MAX) {
    throw new Invalid(`Send prices as an array of 1 to ${LINES_MAX}.`, "prices")
  }
  return value.map((one: unknown, index) => {
    const path = `prices[${index}]`
    const fields = fieldsOf(one, path)
    return {
      sku: id(fields, "sku", path),
      unitPriceMinor: price(own(fields, "unitPriceMinor"), at(path, "unitPriceMinor"))
    }
  })
}

const readDestination = (fields: Fields): Destination =>
  defined({
    country: countryOf(own(fields, "country"), "country"),
    region: optionalText(fields, "region", "", Limits.CODE_LENGTH_MAX),
    postcode: optionalText(fields, "postcode", "", Limits.CODE_LENGTH_MAX)
  }) as Destination

export const decodeCartFact = (cart: string, body: unknown): Decoded<CartFact> =>
  decoding(() => readFact(cart, fieldsOf(body, "")))

const readFact = (cart: string, fields: Fields): CartFact => {
  const type = own(fields, "type")
  const on = { cart, mutationId: id(fields, "mutationId", "") }
  const contents = () => integer(own(fields, "contents"), "contents", 0, Number.MAX_SAFE_INTEGER)
  const amount = (name: string) => integer(own(fields, name), name, 0, Number.MAX_SAFE_INTEGER)
  switch (type) {
    case "paid":
      return {
        type,
        ...on,
        contents: contents(),
        paymentId: id(fields, "paymentId", ""),
        amountMinor: amount("amountMinor"),
        currency: currencyOf(fields, "currency", "")
      }
    case "payment-expired":
    case "payment-failed":
      return { type, ...on, contents: contents() }
    case "refunded":
      return { type, ...on, paymentId: id(fields, "paymentId", ""), refundedMinor: amount("refundedMinor") }
    case "refund-pending":
    case "refund-failed":
      return { type, ...on, paymentId: id(fields, "paymentId", "") }
    case "left":
    case "contacted":
    case "cancelled":
      return { type, ...on }
    default:
      throw new Invalid(
        "Send type as one of paid, payment-expired, payment-failed, refunded, refund-pending, refund-failed, left, contacted, cancelled.",
        "type"
      )
  }
}
