/**
 * What is paid, how it goes back, and what carts cost: payments, links to them, promotions, the policy of all carts.
 */
import { act, demand } from "./allowed.ts"
import { given } from "./asking.ts"
import { PAYMENT_TYPES } from "./payment-types.ts"
import type { Part } from "./part.ts"
import { requestOf, routed } from "./routed.ts"

type Body = Readonly<Record<string, unknown>>

const iso = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString())

interface Dated {
  readonly startsAt?: number
  readonly endsAt?: number
}

export const payments: Part = {
  types: PAYMENT_TYPES,
  resolvers: {
    Query: {
      payment: (_source, { paymentId }: { readonly paymentId: string }, { principal, services }) => {
        demand(principal, "payments.read")
        return routed((respond) => services.payments.get(respond, paymentId))
      },
      promotion: (_source, { code }: { readonly code: string }, { principal, services }) => {
        demand(principal, "promotions.read")
        return routed((respond) => services.cartRoutes.promotion(respond, code))
      },
      cartPolicy: (_source, _args, { principal, services }) => {
        demand(principal, "carts.read")
        return routed((respond) => services.cartRoutes.policy(respond))
      }
    },
    Promotion: {
      startsAt: ({ startsAt }: Dated) => iso(startsAt),
      endsAt: ({ endsAt }: Dated) => iso(endsAt)
    },
    Mutation: {
      refundPayment: (_source, { paymentId }: { readonly paymentId: string }, context, info) =>
        act(context, info, { action: "payments.refund", target: { names: [], channels: [] }, body: {} }, () =>
          routed((respond) => context.services.payments.refund(respond, paymentId))
        ),
      createPaymentLink: (_source, { cart, ...args }: Body & { readonly cart: string }, context, info) => {
        const body = given(args)
        return act(context, info, { action: "carts.request", target: { names: [cart], channels: [] }, body }, () =>
          routed((respond) => context.services.payments.link(requestOf(context, { body }), respond, cart))
        )
      },
      setPromotion: (
        _source,
        { code, promotion }: { readonly code: string; readonly promotion: Body },
        context,
        info
      ) => {
        const body = given(promotion)
        return act(context, info, { action: "promotions.configure", target: { names: [], channels: [] }, body }, () =>
          routed((respond) => context.services.cartRoutes.setPromotion(requestOf(context, { body }), respond, code))
        )
      },
      setCartPolicy: (_source, { policy }: { readonly policy: Body }, context, info) => {
        const body = whole(policy)
        return act(context, info, { action: "carts.configure", target: { names: [], channels: [] }, body }, () =>
          routed((respond) => context.services.cartRoutes.setPolicy(requestOf(context, { body }), respond))
        )
      }
    }
  }
}

/** Rows in it may have fields of null as well. */
const whole = (policy: Body): Body =>
  Object.fromEntries(
    Object.entries(given(policy)).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map((row: Body) => given(row)) : value
    ])
  )
