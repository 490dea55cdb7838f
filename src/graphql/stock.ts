/**
 * Stock: SKUs, their locations, pages of them.
 */
import { submitRead } from "../gateway/requests.ts"
import type { Refusal, StockPage } from "../gateway/protocol.ts"
import { demand, demandOwn, demandSku } from "./allowed.ts"
import type { Part } from "./part.ts"
import { limited } from "./pages.ts"
import { answered, invalidArgument, refusal } from "./refusals.ts"

export const stock: Part = {
  types: /* GraphQL */ `
    extend type Query {
      "One SKU as it is now."
      stock(sku: String!): Stock
      "SKUs in the order of their UTF-16 code units, from behind after on."
      stocks(after: String = "", limit: Int = 100): StockPage
    }

    extend type Subscription {
      """
      Every change of these SKUs, or of all: first the state of each that is newer than the version in have, then only ever
      higher versions. A client that does not keep up gets the newest state of each SKU.
      """
      stock(skus: [String!], have: [StockVersion!]): StockChange
    }

    "What a client has of a SKU."
    input StockVersion {
      sku: String!
      version: SafeInt!
    }

    type StockChange {
      sku: String!
      version: SafeInt!
      available: SafeInt!
      physical: SafeInt!
      allocated: SafeInt!
      at: DateTime!
      "Microseconds since the epoch, when the journal had acknowledged it."
      t: SafeInt!
      "True when the hub's version is below the one that the client has: forget that one."
      reset: Boolean
    }

    "A SKU at one version. available is physical - allocated, and may be negative."
    type Stock {
      sku: String!
      version: SafeInt!
      available: SafeInt!
      physical: SafeInt!
      allocated: SafeInt!
      safetyThreshold: SafeInt!
      locations: [LocationStock!]!
    }

    type LocationStock {
      locationId: String!
      physical: SafeInt!
      allocated: SafeInt!
    }

    type StockPage {
      items: [Stock!]!
      "The after of the page that follows; null on the last."
      next: String
    }
  `,
  resolvers: {
    Query: {
      stock: (_source, { sku }: { readonly sku: string }, { principal, services }) => {
        demandSku(principal, sku)
        return answered((reply) => submitRead(services.host, sku, true, reply))
      },
      stocks: (
        _source,
        { after, limit }: { readonly after: string; readonly limit: number },
        { principal, services }
      ) => {
        const below = demandOwn(principal, "stock.read")
        return new Promise<StockPage>((resolve, reject) =>
          services.pages.read({ after, below, limit: limited(limit), withLocations: true }, (outcome) =>
            "value" in outcome ? resolve(outcome.value) : reject(refusal(outcome.failure as Refusal))
          )
        )
      }
    },
    Subscription: {
      stock: (_source, { have, skus }: Following, { outlet, principal, services }, info) => {
        if (skus !== null && skus !== undefined) for (const sku of skus) demandSku(principal, sku)
        else demand(principal, "stock.read")
        if (outlet === undefined) throw invalidArgument("Subscribe over a socket (graphql-transport-ws).")
        return services.stockFeed.subscribe({ skus: skus ?? undefined, have: versionsOf(have) }, outlet, info)
      }
    }
  }
}

interface Following {
  readonly skus?: ReadonlyArray<string> | null
  readonly have?: ReadonlyArray<{ readonly sku: string; readonly version: number }> | null
}

const versionsOf = (have: Following["have"]): ReadonlyMap<string, number> => {
  const versions = new Map<string, number>()
  for (const { sku, version } of have ?? []) {
    if (version < 0) throw invalidArgument("Send have with versions of 0 and more.", "have")
    versions.set(sku, version)
  }
  return versions
}
