/**
 * The part of the schema about payments, promotions and the policy of all carts, in the shapes of `src/gateway/openapi/`.
 */

/** What a promotion may say of itself, told and sent alike. */
const PROMOTION_TERMS = /* GraphQL */ `
  amountMinor: SafeInt
  currency: String
  minimumMinor: SafeInt
  startsAt: DateTime
  endsAt: DateTime
  usesMax: SafeInt
  usesPerCustomerMax: SafeInt
  customerId: String
  skus: [String!]
`

export const PAYMENT_TYPES = /* GraphQL */ `
  extend type Query {
    "By Stripe's id of it or of its session."
    payment(paymentId: String!): Payment
    promotion(code: String!): Promotion
    "What holds for all carts."
    cartPolicy: CartPolicy
  }

  extend type Mutation {
    "Pays back what has bought nothing."
    refundPayment(paymentId: String!): Repaid
    "Where the cart is paid; contents: as the cart told them."
    createPaymentLink(cart: String!, email: String, contents: SafeInt): PaymentLink
    setPromotion(code: String!, promotion: PromotionInput!): SettingDone
    "What is left out is as if it had never been set."
    setCartPolicy(policy: CartPolicyInput!): SettingDone
  }

  type Payment {
    paymentId: String!
    phase: String!
    currency: String
    receivedMinor: SafeInt!
    refundedMinor: SafeInt!
    refundPendingMinor: SafeInt!
    refundFailedMinor: SafeInt!
    cart: String
    contents: SafeInt
  }

  type Repaid {
    paymentId: String!
    "settled, asked, needless or refused."
    repayment: String!
  }

  type PaymentLink {
    cart: String!
    contents: SafeInt!
    url: String!
    sessionId: String!
    expiresAt: DateTime!
  }

  type Promotion {
    code: String!
    "percentage, amount or free-shipping."
    kind: String!
    "Of a percentage: hundredths of one."
    basisPoints: Int
    ${PROMOTION_TERMS}
    stackable: Boolean!
    automatic: Boolean!
    isActive: Boolean!
    "By checkouts under way and orders."
    uses: SafeInt!
  }

  input PromotionInput {
    mutationId: String!
    kind: String!
    basisPoints: Int
    ${PROMOTION_TERMS}
    stackable: Boolean
    automatic: Boolean
    isActive: Boolean
  }

  type SettingDone {
    ok: Boolean!
    replayed: Boolean
  }

  type CartPolicy {
    shipping: [ShippingRow!]!
    tax: [TaxRow!]!
    leftCheckoutMs: SafeInt!
    idleCartMs: SafeInt!
    idleRules: [IdleRule!]!
    checkoutHoldMs: SafeInt!
    "refund or wait; null: refund."
    shortOrders: String
  }

  type ShippingRow {
    method: String!
    countries: [String!]
    currency: String!
    baseMinor: SafeInt!
    perItemMinor: SafeInt!
    freeFromMinor: SafeInt
  }

  type TaxRow {
    country: String!
    region: String
    basisPoints: Int!
    isIncluded: Boolean!
    onShipping: Boolean!
  }

  type IdleRule {
    segment: String
    minimumMinor: SafeInt
    currency: String
    leftCheckoutMs: SafeInt
    idleCartMs: SafeInt
  }

  input CartPolicyInput {
    mutationId: String!
    shipping: [ShippingRowInput!]
    tax: [TaxRowInput!]
    leftCheckoutMs: SafeInt
    idleCartMs: SafeInt
    idleRules: [IdleRuleInput!]
    checkoutHoldMs: SafeInt
    shortOrders: String
  }

  input ShippingRowInput {
    method: String!
    countries: [String!]
    currency: String!
    baseMinor: SafeInt
    perItemMinor: SafeInt
    freeFromMinor: SafeInt
  }

  input TaxRowInput {
    country: String!
    region: String
    basisPoints: Int!
    isIncluded: Boolean
    onShipping: Boolean
  }

  input IdleRuleInput {
    segment: String
    minimumMinor: SafeInt
    currency: String
    leftCheckoutMs: SafeInt
    idleCartMs: SafeInt
  }
`
