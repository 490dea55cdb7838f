/**
 * The addresses of carts, promotions and the policy of all carts. Requests and facts are read by `carts/decode.ts` and compared
 * with these schemas by properties.
 */
import { Schema } from "effect"
import * as Limits from "../../../config/carts.ts"
import { HOLD_TTL_MS_MAX, HOLD_TTL_MS_MIN, LINES_MAX, TEXT_LENGTH_MAX } from "../../../config/limits.ts"
import { CartChanged, CartSeen, SettingDone } from "./cart-answers.ts"
import { policy, PolicyChange, Promotion, shortOrders } from "./cart-settings-bodies.ts"
import type { Descriptions } from "./description.ts"
import { FactsRefusal, refusalWith } from "./refusal-shapes.ts"
import { FactsTaken } from "./stock-answers.ts"
import { Country, Currency, done, Id, integerFrom, Minor, MutationId, textUpTo, Units, Version } from "./values.ts"

const { optionalKey } = Schema

const Code = textUpTo(Limits.CODE_LENGTH_MAX)
const Price = integerFrom(0, Limits.UNIT_PRICE_MINOR_MAX)
const Contents = Version
const Ttl = integerFrom(HOLD_TTL_MS_MIN, HOLD_TTL_MS_MAX)

const ask = <const Type extends ReadonlyArray<string>, const Fields extends Schema.Struct.Fields>(
  type: Type,
  fields: Fields
) => Schema.Struct({ type: Schema.Literals(type), mutationId: MutationId, ...fields })

export const CartRequest = Schema.Union([
  ask(["add"], {
    sku: Id,
    quantity: integerFrom(1, Limits.LINE_QUANTITY_MAX),
    unitPriceMinor: Price,
    currency: Currency,
    name: optionalKey(textUpTo(TEXT_LENGTH_MAX / 4)),
    locationId: optionalKey(Id),
    unitCostMinor: optionalKey(Price.annotate({ description: "Shoppers are never told." }))
  }),
  ask(["set"], { sku: Id, quantity: integerFrom(0, Limits.LINE_QUANTITY_MAX) }),
  ask(["remove"], { sku: Id }),
  ask(["reprice"], {
    prices: Schema.Array(Schema.Struct({ sku: Id, unitPriceMinor: Price })).check(Schema.isBetweenLength(1, LINES_MAX))
  }),
  ask(["apply-code", "remove-code"], { code: Code }),
  ask(["ship-to"], {
    country: Country,
    region: optionalKey(Code),
    postcode: optionalKey(Code),
    method: optionalKey(Code)
  }),
  ask(["touch", "dismiss-notes", "cancel-checkout"], {}),
  ask(["sign-in"], { customerId: Id, segment: optionalKey(Code) }),
  ask(["checkout"], {
    contents: optionalKey(Contents.annotate({ description: "What the shopper saw; another is cart_changed." })),
    ttlMs: optionalKey(Ttl)
  }),
  Schema.Struct({ type: Schema.Literal("read") })
]).annotate({ identifier: "CartRequest" })

export const CartFact = Schema.Union([
  ask(["paid"], { contents: Contents, paymentId: Id, amountMinor: Contents, currency: Currency }),
  ask(["payment-expired", "payment-failed"], { contents: Contents }),
  ask(["refunded"], { paymentId: Id, refundedMinor: Contents }),
  ask(["refund-pending", "refund-failed"], { paymentId: Id }),
  ask(["left", "contacted", "cancelled"], {})
]).annotate({ identifier: "CartFact" })

const Facts = Schema.Array(CartFact).check(Schema.isMinLength(1))
const CART_CODES = [
  "unknown_cart",
  "unknown_line",
  "unknown_code",
  "code_not_applicable",
  "cart_closed",
  "cart_changed",
  "cart_full",
  "cart_too_large",
  "empty_cart",
  "foreign_cart",
  "currency_mismatch",
  "no_checkout",
  "too_many_promotions",
  "offer_code"
] as const

const CartRefusal = refusalWith("CartRefusal", CART_CODES, {
  cart: optionalKey(Schema.String),
  reason: optionalKey(Schema.String.annotate({ description: "With code_not_applicable." })),
  contents: optionalKey(Contents.annotate({ description: "With cart_changed: what the cart is now." }))
})

const setting = { answer: SettingDone, refusals: [400, 409, 413, 429, 503], refusal: CartRefusal } as const

export const carts = {
  "get /v1/carts/:cart": {
    summary: "A cart",
    answer: CartSeen,
    refusals: [400, 404, 429, 503],
    refusal: CartRefusal
  },
  "post /v1/carts/:cart/requests": {
    summary: "Fill it, price it, check it out",
    body: CartRequest,
    answer: Schema.Union([CartChanged, CartSeen]),
    refusals: [400, 403, 404, 409, 410, 413, 429, 503],
    refusal: CartRefusal
  },
  "post /v1/carts/:cart/facts": {
    summary: "Tell what happened to it: one fact or an array",
    body: Schema.Union([CartFact, Facts]),
    answer: FactsTaken,
    status: 202,
    refusals: [400, 413, 429, 503],
    refusal: FactsRefusal
  },
  "get /v1/promotions/:code": {
    summary: "A promotion, and how often it was used",
    answer: done("PromotionSeen", {
      code: Schema.String,
      kind: Promotion.fields.kind,
      basisPoints: optionalKey(Schema.Int),
      amountMinor: optionalKey(Minor),
      currency: optionalKey(Schema.String),
      minimumMinor: optionalKey(Minor),
      startsAt: optionalKey(Schema.Int.annotate({ description: "Milliseconds since the epoch." })),
      endsAt: optionalKey(Schema.Int),
      stackable: Schema.Boolean,
      automatic: Schema.Boolean,
      isActive: Schema.Boolean,
      uses: Units
    }),
    refusals: [400, 404, 503],
    refusal: CartRefusal
  },
  "post /v1/promotions/:code": { summary: "Set a promotion", body: Promotion, ...setting },
  "get /v1/cart-policy": {
    summary: "What holds for all carts",
    answer: done("CartPolicy", { ...policy, shortOrders }),
    refusals: [503]
  },
  "post /v1/cart-policy": { summary: "Set what holds for all carts", body: PolicyChange, ...setting }
} as const satisfies Descriptions
