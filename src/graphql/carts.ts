/**
 * Carts: what is in them, what they cost, the order that one became; changes as they happen.
 */
import { decodeCartName } from "../carts/decode.ts"
import { demand } from "./allowed.ts"
import type { Part } from "./part.ts"
import { answered, invalidArgument, refusal } from "./refusals.ts"

const known = (name: string): string => {
  const decoded = decodeCartName(name)
  if (decoded.ok) return decoded.value
  throw refusal(decoded.refusal)
}

export const carts: Part = {
  types: /* GraphQL */ `
    extend type Query {
      cart(cart: String!): Cart
    }

    extend type Subscription {
      "The cart as it is, unless the client has that version, and from then on whole at every change."
      cart(cart: String!, have: SafeInt): Cart
    }

    "A cart at one version. Amounts are minor units of its currency."
    type Cart {
      cart: String!
      version: SafeInt!
      "Rises when what is in it changes: what a payment is made for."
      contents: SafeInt!
      "open, checkout, ordered or merged."
      status: String!
      currency: String
      customerId: String
      segment: String
      lines: [CartLine!]!
      codes: [String!]!
      discounts: [Discount!]!
      destination: Destination
      shippingMethod: String
      totals: Totals!
      notes: [Note!]!
      checkout: Checkout
      order: Order
      "Payments that bought nothing."
      strays: [Stray!]
      changedAt: DateTime!
      abandonedAt: DateTime
      "In a subscription: true when the hub's version is below the one that the client has."
      reset: Boolean
    }

    type CartLine {
      sku: String!
      quantity: Int!
      unitPriceMinor: SafeInt!
      name: String
      locationId: String
    }

    type Discount {
      code: String!
      amountMinor: SafeInt!
      freeShipping: Boolean
      shippingMinor: SafeInt
    }

    type Destination {
      country: String!
      region: String
      postcode: String
    }

    type Totals {
      goodsMinor: SafeInt!
      discountMinor: SafeInt!
      shippingMinor: SafeInt!
      taxMinor: SafeInt!
      totalMinor: SafeInt!
      isTaxIncluded: Boolean
    }

    "What the shopper should be told: price-moved, sold-out, short, reduced or code-ended, with what belongs to it."
    type Note {
      type: String!
      sku: String
      code: String
      fromMinor: SafeInt
      toMinor: SafeInt
      available: SafeInt
      wanted: SafeInt
      quantity: SafeInt
      reason: String
    }

    type Checkout {
      holdId: String!
      isHeld: Boolean!
      expiresAt: DateTime!
    }

    type Order {
      orderId: String!
      paymentId: String!
      "The contents that were paid for."
      contents: SafeInt!
      holdId: String!
      paidMinor: SafeInt!
      refundedMinor: SafeInt!
      refund: String
      "committing, placed, short or cancelled."
      state: String!
    }

    type Stray {
      paymentId: String!
      amountMinor: SafeInt!
      reason: String!
      refund: String
    }
  `,
  resolvers: {
    Query: {
      cart: (_source, { cart }: { readonly cart: string }, { principal, services }) => {
        const name = known(cart)
        demand(principal, "carts.read", { names: [name] })
        return answered((reply) => services.carts.requests.read(name, reply))
      }
    },
    Subscription: {
      cart: (_source, { cart, have }: Following, { outlet, principal, services }, info) => {
        const name = known(cart)
        demand(principal, "carts.read", { names: [name] })
        if (outlet === undefined) throw invalidArgument("Subscribe over a socket (graphql-transport-ws).")
        return services.cartFeed.subscribe({ cart: name, have: have ?? 0 }, outlet, info)
      }
    }
  }
}

interface Following {
  readonly cart: string
  readonly have?: number | null
}
