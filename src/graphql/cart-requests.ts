/**
 * What shoppers and shops do with carts. Read, refused and answered as over HTTP; a field for each request.
 */
import { act } from "./allowed.ts"
import { given } from "./asking.ts"
import type { Part, Resolver } from "./part.ts"
import { answered } from "./refusals.ts"

type Body = Readonly<Record<string, unknown>>

const request =
  (type: string): Resolver =>
  (_source, { cart, ...args }: Body & { readonly cart: string }, context, info) => {
    const { receivedAtMs, services, traceparent } = context
    const body = { type, ...given(args) }
    return act(context, info, { action: "carts.request", target: { names: [cart], channels: [] }, body }, () =>
      answered((reply) => services.carts.requests.request(cart, { body, receivedAtMs, traceparent }, reply))
    )
  }

export const cartRequests: Part = {
  types: /* GraphQL */ `
    extend type Mutation {
      addToCart(
        cart: String!
        mutationId: String!
        sku: String!
        quantity: Int!
        unitPriceMinor: SafeInt!
        currency: String!
        name: String
        locationId: String
        unitCostMinor: SafeInt
      ): CartAnswer
      "0 takes the line away."
      setCartLine(cart: String!, mutationId: String!, sku: String!, quantity: Int!): CartAnswer
      removeFromCart(cart: String!, mutationId: String!, sku: String!): CartAnswer
      repriceCart(cart: String!, mutationId: String!, prices: [Price!]!): CartAnswer
      applyCode(cart: String!, mutationId: String!, code: String!): CartAnswer
      removeCode(cart: String!, mutationId: String!, code: String!): CartAnswer
      shipTo(
        cart: String!
        mutationId: String!
        country: String!
        region: String
        postcode: String
        method: String
      ): CartAnswer
      signIn(cart: String!, mutationId: String!, customerId: String!, segment: String): CartAnswer
      "Holds what is in it; answered when the stock has answered."
      checkout(cart: String!, mutationId: String!, contents: SafeInt, ttlMs: SafeInt): CartAnswer
      cancelCheckout(cart: String!, mutationId: String!): CartAnswer
      touchCart(cart: String!, mutationId: String!): CartAnswer
      dismissNotes(cart: String!, mutationId: String!): CartAnswer
    }

    input Price {
      sku: String!
      unitPriceMinor: SafeInt!
    }

    "What a request came to. lines are those that it changed, gone those that it took away."
    type CartAnswer {
      cart: String!
      version: SafeInt!
      contents: SafeInt!
      status: String!
      totals: Totals!
      lines: [CartLine!]
      gone: [String!]
      discounts: [Discount!]
      notes: [Note!]
      checkout: Checkout
      replayed: Boolean
    }
  `,
  resolvers: {
    Mutation: {
      addToCart: request("add"),
      setCartLine: request("set"),
      removeFromCart: request("remove"),
      repriceCart: request("reprice"),
      applyCode: request("apply-code"),
      removeCode: request("remove-code"),
      shipTo: request("ship-to"),
      signIn: request("sign-in"),
      checkout: request("checkout"),
      cancelCheckout: request("cancel-checkout"),
      touchCart: request("touch"),
      dismissNotes: request("dismiss-notes")
    }
  }
}
