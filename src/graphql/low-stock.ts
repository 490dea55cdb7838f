/**
 * The alert centre: what is low now, how it sells, how much to order, and what somebody has decided about it.
 */
import { act, demandOwn } from "./allowed.ts"
import { given } from "./asking.ts"
import type { Part } from "./part.ts"
import { requestOf, routed } from "./routed.ts"

type Args = Readonly<Record<string, unknown>>

export const lowStock: Part = {
  types: /* GraphQL */ `
    extend type Query {
      "Lead time and cover in days: by them it is reckoned how much to order."
      lowStock(after: String, limit: Int = 100, leadDays: Int, coverDays: Int): LowStockPage
    }

    extend type Mutation {
      "act: acknowledge, snooze (until) or reopen; version: the alert's, as it was listed."
      decideAlert(sku: String!, act: String!, version: SafeInt!, note: String, until: DateTime): AlertDecided
    }

    type LowStockPage {
      items: [LowStock!]!
      next: String
    }

    type LowStock {
      sku: String!
      version: SafeInt!
      raisedAt: DateTime!
      availableThen: SafeInt!
      available: SafeInt!
      safetyThreshold: SafeInt!
      stand: AlertStand!
      "Units, the oldest day first."
      soldByDay: [Float!]!
      proposal: Proposal!
    }

    type AlertStand {
      "open, acknowledged or snoozed."
      state: String!
      by: String
      at: DateTime
      note: String
      until: DateTime
    }

    type Proposal {
      "0: nothing is to be ordered."
      quantity: SafeInt!
      "Units a day."
      velocity: Float!
      daysLeft: Float
      reasons: [String!]!
    }

    type AlertDecided {
      sku: String!
      stand: AlertStand!
    }
  `,
  resolvers: {
    Query: {
      lowStock: (_source, args: Args, context) => {
        demandOwn(context.principal, "alerts.read")
        const request = requestOf(context, { query: given(args) })
        return routed((respond) => context.services.alerts.open(request, respond))
      }
    },
    Mutation: {
      decideAlert: (_source, { sku, ...args }: Args & { readonly sku: string }, context, info) => {
        const body = given(args)
        return act(context, info, { action: "alerts.work", target: { names: [sku], channels: [] }, body }, () =>
          routed((respond) => context.services.alerts.decide(requestOf(context, { body }), respond, sku))
        )
      }
    }
  }
}
