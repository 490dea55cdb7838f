/**
 * Promotions and the policy of all carts as a merchant sends them: the hub reads them by these schemas.
 */
import { Schema } from "effect"
import { CART_TOTAL_MINOR_MAX } from "../../../actors/cart/limits.ts"
import * as Limits from "../../../config/carts.ts"
import { HOLD_TTL_MS_MAX, HOLD_TTL_MS_MIN, QUANTITY_MAX } from "../../../config/limits.ts"
import {
  Country,
  Currency,
  GivenMoment,
  Id,
  integerFrom,
  MutationId,
  NOTHING_TO_SAY,
  rule,
  textUpTo
} from "./values.ts"

const { optionalKey } = Schema

const Code = textUpTo(Limits.CODE_LENGTH_MAX)
const Price = integerFrom(0, Limits.UNIT_PRICE_MINOR_MAX)
const Total = integerFrom(0, CART_TOTAL_MINOR_MAX)
const Uses = integerFrom(1, QUANTITY_MAX)
const Ttl = integerFrom(HOLD_TTL_MS_MIN, HOLD_TTL_MS_MAX)

const promotion = Schema.Struct({
  mutationId: MutationId,
  kind: Schema.Literals(["percentage", "amount", "free-shipping"]),
  basisPoints: optionalKey(
    integerFrom(1, 10_000).annotate({ description: "Needed for a percentage: hundredths of one." })
  ),
  amountMinor: optionalKey(integerFrom(1, CART_TOTAL_MINOR_MAX).annotate({ description: "Needed for an amount." })),
  currency: optionalKey(Currency.annotate({ description: "ISO 4217. Needed for an amount and for a minimum." })),
  minimumMinor: optionalKey(Total),
  startsAt: optionalKey(GivenMoment),
  endsAt: optionalKey(GivenMoment.annotate({ description: "Later than startsAt." })),
  usesMax: optionalKey(Uses),
  usesPerCustomerMax: optionalKey(Uses),
  customerId: optionalKey(Id),
  skus: optionalKey(Schema.Array(Id).check(Schema.isBetweenLength(1, Limits.PROMOTION_SKUS_MAX))),
  stackable: optionalKey(Schema.Boolean),
  automatic: optionalKey(Schema.Boolean),
  isActive: optionalKey(Schema.Boolean)
})
type Fields = typeof promotion.Type

export const Promotion = promotion
  .check(
    rule<Fields>(
      ({ basisPoints, kind }) => kind !== "percentage" || basisPoints !== undefined,
      "basisPoints",
      "Send basisPoints as an integer from 1 to 10000."
    ),
    rule<Fields>(
      ({ amountMinor, kind }) => kind !== "amount" || amountMinor !== undefined,
      "amountMinor",
      `Send amountMinor as an integer from 1 to ${CART_TOTAL_MINOR_MAX}.`
    ),
    rule<Fields>(
      ({ currency, kind, minimumMinor }) => (kind !== "amount" && minimumMinor === undefined) || currency !== undefined,
      "currency",
      "Send currency as three capital letters (ISO 4217), as GBP."
    ),
    rule<Fields>(
      ({ endsAt, startsAt }) =>
        endsAt === undefined || startsAt === undefined || Date.parse(endsAt) > Date.parse(startsAt),
      "endsAt",
      "Send endsAt later than startsAt."
    )
  )
  .annotate({ identifier: "Promotion" })

const Milliseconds = integerFrom(Limits.IDLE_MS_MIN, Limits.IDLE_MS_MAX)
const BasisPoints = integerFrom(0, 10_000)

const ShippingRow = Schema.Struct({
  method: Code,
  countries: optionalKey(Schema.Array(Country).check(Schema.isBetweenLength(1, Limits.POLICY_COUNTRIES_MAX))),
  currency: Currency,
  baseMinor: optionalKey(Price),
  perItemMinor: optionalKey(Price),
  freeFromMinor: optionalKey(Price)
})

const TaxRow = Schema.Struct({
  country: Country,
  region: optionalKey(Code),
  basisPoints: BasisPoints,
  isIncluded: optionalKey(Schema.Boolean),
  onShipping: optionalKey(Schema.Boolean)
})

const IdleRule = Schema.Struct({
  segment: optionalKey(Code),
  minimumMinor: optionalKey(Total),
  currency: optionalKey(Currency),
  leftCheckoutMs: optionalKey(Milliseconds),
  idleCartMs: optionalKey(Milliseconds)
})

const SomeIdleRule = IdleRule.check(
  Schema.makeFilter<typeof IdleRule.Type>(
    ({ idleCartMs, leftCheckoutMs }) =>
      leftCheckoutMs !== undefined || idleCartMs !== undefined || "Send leftCheckoutMs, idleCartMs or both.",
    NOTHING_TO_SAY
  )
)

/** Without what is left out when it is changed. */
export const policy = {
  shipping: Schema.Array(ShippingRow).check(Schema.isMaxLength(Limits.POLICY_ROWS_MAX)),
  tax: Schema.Array(TaxRow).check(Schema.isMaxLength(Limits.POLICY_ROWS_MAX)),
  leftCheckoutMs: Milliseconds,
  idleCartMs: Milliseconds,
  idleRules: Schema.Array(SomeIdleRule).check(Schema.isMaxLength(Limits.POLICY_RULES_MAX)),
  checkoutHoldMs: Ttl
}

export const shortOrders = optionalKey(Schema.Literals(["refund", "wait"]))

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
