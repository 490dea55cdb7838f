/**
 * The addresses of carts, promotions and the policy of all carts. Bodies are read by `carts/decode.ts` and compared with these
 * schemas by properties.
 */
import { Schema } from "effect"
import { CART_TOTAL_MINOR_MAX } from "../../../actors/cart/limits.ts"
import * as Limits from "../../../config/carts.ts"
import { HOLD_TTL_MS_MAX, HOLD_TTL_MS_MIN, LINES_MAX, QUANTITY_MAX, TEXT_LENGTH_MAX } from "../../../config/limits.ts"
import { CartChanged, CartSeen, SettingDone } from "./cart-answers.ts"
import type { Descriptions } from "./description.ts"
import { FactsRefusal, refusalWith } from "./refusal-shapes.ts"
import { FactsTaken } from "./stock-answers.ts"
import {
  Country,
  Currency,
  done,
  GivenMoment,
  Id,
  integerFrom,
  Minor,
  MutationId,
  textUpTo,
  Units,
  Version
} from "./values.ts"

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
const Total = integerFrom(0, CART_TOTAL_MINOR_MAX)
const Uses = integerFrom(1, QUANTITY_MAX)

/** Which fields a kind needs, and that an end is behind its start, the hub says. */
const Promotion = Schema.Struct({
  mutationId: MutationId,
  kind: Schema.Literals(["percentage", "amount", "free-shipping"]),
  basisPoints: optionalKey(integerFrom(1, 10_000).annotate({ description: "Of a percentage: hundredths of one." })),
  amountMinor: optionalKey(integerFrom(1, CART_TOTAL_MINOR_MAX)),
  currency: optionalKey(Currency.annotate({ description: "Needed for an amount and for a minimum." })),
  minimumMinor: optionalKey(Total),
  startsAt: optionalKey(GivenMoment),
  endsAt: optionalKey(GivenMoment),
  usesMax: optionalKey(Uses),
  usesPerCustomerMax: optionalKey(Uses),
  customerId: optionalKey(Id),
  skus: optionalKey(Schema.Array(Id).check(Schema.isBetweenLength(1, Limits.PROMOTION_SKUS_MAX))),
  stackable: optionalKey(Schema.Boolean),
  automatic: optionalKey(Schema.Boolean),
  isActive: optionalKey(Schema.Boolean)
}).annotate({ identifier: "Promotion" })

const Milliseconds = integerFrom(Limits.IDLE_MS_MIN, Limits.IDLE_MS_MAX)
const BasisPoints = integerFrom(0, 10_000)

const policy = {
  shipping: Schema.Array(
    Schema.Struct({
      method: Code,
      countries: optionalKey(Schema.Array(Country).check(Schema.isBetweenLength(1, Limits.POLICY_COUNTRIES_MAX))),
      currency: Currency,
      baseMinor: optionalKey(Price),
      perItemMinor: optionalKey(Price),
      freeFromMinor: optionalKey(Price)
    })
  ).check(Schema.isMaxLength(Limits.POLICY_ROWS_MAX)),
  tax: Schema.Array(
    Schema.Struct({
      country: Country,
      region: optionalKey(Code),
      basisPoints: BasisPoints,
      isIncluded: optionalKey(Schema.Boolean),
      onShipping: optionalKey(Schema.Boolean)
    })
  ).check(Schema.isMaxLength(Limits.POLICY_ROWS_MAX)),
  leftCheckoutMs: Milliseconds,
  idleCartMs: Milliseconds,
  idleRules: Schema.Array(
    Schema.Struct({
      segment: optionalKey(Code),
      minimumMinor: optionalKey(Total),
      currency: optionalKey(Currency),
      leftCheckoutMs: optionalKey(Milliseconds),
      idleCartMs: optionalKey(Milliseconds)
    })
  ).check(Schema.isMaxLength(Limits.POLICY_RULES_MAX)),
  checkoutHoldMs: Ttl
}

const shortOrders = optionalKey(Schema.Literals(["refund", "wait"]))

export const PolicyChange = Schema.Struct({
  mutationId: MutationId,
  shipping: optionalKey(policy.shipping),
  tax: optionalKey(policy.tax),
  leftCheckoutMs: optionalKey(policy.leftCheckoutMs),
  idleCartMs: optionalKey(policy.idleCartMs),
  idleRules: optionalKey(policy.idleRules.annotate({ description: "Each with leftCheckoutMs, idleCartMs or both." })),
  checkoutHoldMs: optionalKey(policy.checkoutHoldMs),
  shortOrders
}).annotate({ identifier: "CartPolicyChange", description: "What is left out is as if it had never been set." })

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
