/**
 * What the hub says of carts, as schemas.
 */
import { Schema } from "effect"
import type * as Protocol from "../../carts/protocol.ts"
import { done, isReplayed, Minor, Moment, Units, Version } from "./values.ts"

const { optionalKey } = Schema

const Totals = Schema.Struct({
  goodsMinor: Minor,
  discountMinor: Minor,
  shippingMinor: Minor,
  taxMinor: Minor,
  totalMinor: Minor,
  isTaxIncluded: optionalKey(Schema.Literal(true))
}).annotate({ identifier: "CartTotals" })

const Line = Schema.Struct({
  sku: Schema.String,
  quantity: Units,
  unitPriceMinor: Minor,
  name: optionalKey(Schema.String),
  locationId: optionalKey(Schema.String)
}).annotate({ identifier: "CartLine" })

const Discount = Schema.Struct({
  code: Schema.String,
  amountMinor: Minor,
  freeShipping: optionalKey(Schema.Literal(true)),
  shippingMinor: optionalKey(Minor)
}).annotate({ identifier: "CartDiscount" })

const Note = Schema.Union([
  Schema.Struct({ type: Schema.Literal("price-moved"), sku: Schema.String, fromMinor: Minor, toMinor: Minor }),
  Schema.Struct({ type: Schema.Literal("sold-out"), sku: Schema.String, available: Units }),
  Schema.Struct({ type: Schema.Literal("short"), sku: Schema.String, wanted: Units, available: Units }),
  Schema.Struct({ type: Schema.Literal("reduced"), sku: Schema.String, wanted: Units, quantity: Units }),
  Schema.Struct({ type: Schema.Literal("code-ended"), code: Schema.String, reason: Schema.String })
]).annotate({ identifier: "CartNote", description: "What the shopper is to be told." })

const Checkout = Schema.Struct({ holdId: Schema.String, isHeld: Schema.Boolean, expiresAt: Moment }).annotate({
  identifier: "CartCheckout"
})

const refund = optionalKey(Schema.Literals(["pending", "failed"]))

const Order = Schema.Struct({
  orderId: Schema.String,
  paymentId: Schema.String,
  contents: Version,
  holdId: Schema.String,
  paidMinor: Minor,
  refundedMinor: Minor,
  refund,
  state: Schema.Literals(["committing", "placed", "short", "cancelled"])
}).annotate({ identifier: "Order" })

const Stray = Schema.Struct({
  paymentId: Schema.String,
  amountMinor: Minor,
  reason: Schema.Literals(["older_version", "already_ordered", "other_amount", "cart_closed", "code_used_up"]),
  refund
}).annotate({ identifier: "StrayPayment", description: "Money that has bought nothing." })

const known = {
  cart: Schema.String,
  version: Version,
  contents: Version.annotate({ description: "One more with each change of what is bought or what it costs." }),
  status: Schema.Literals(["open", "checkout", "ordered", "merged"]),
  totals: Totals,
  replayed: isReplayed
}

export const CartSeen: Schema.Codec<Protocol.CartSeen> = done("Cart", {
  ...known,
  currency: optionalKey(Schema.String),
  customerId: optionalKey(Schema.String),
  segment: optionalKey(Schema.String),
  lines: Schema.Array(Line),
  codes: Schema.Array(Schema.String),
  discounts: Schema.Array(Discount),
  destination: optionalKey(
    Schema.Struct({
      country: Schema.String,
      region: optionalKey(Schema.String),
      postcode: optionalKey(Schema.String)
    })
  ),
  shippingMethod: optionalKey(Schema.String),
  notes: Schema.Array(Note),
  checkout: optionalKey(Checkout),
  order: optionalKey(Order),
  strays: optionalKey(Schema.Array(Stray)),
  changedAt: Moment,
  abandonedAt: optionalKey(Moment)
})

export const CartChanged: Schema.Codec<Protocol.CartChanged> = done("CartChanged", {
  ...known,
  lines: optionalKey(Schema.Array(Line)),
  gone: optionalKey(Schema.Array(Schema.String)),
  discounts: optionalKey(Schema.Array(Discount)),
  notes: optionalKey(Schema.Array(Note)),
  checkout: optionalKey(Checkout)
}).annotate({ description: "Lines are those that changed." })

export const SettingDone: Schema.Codec<Protocol.SettingDone> = done("SettingDone", {
  offer: optionalKey(
    Schema.Union([
      Schema.Struct({ state: Schema.Literal("unused") }),
      Schema.Struct({ state: Schema.Literal("claimed") }),
      Schema.Struct({ state: Schema.Literal("used"), orderId: Schema.String, spentMinor: Minor })
    ])
  ),
  replayed: isReplayed
})
