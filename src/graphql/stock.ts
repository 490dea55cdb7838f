/**
 * Stock: SKUs, their locations, pages of them.
 */
import { submitRead } from "../gateway/requests.ts"
import type { SkuAnswer, StockPage } from "../gateway/protocol.ts"
import { wrongSku } from "../gateway/decode.ts"
import { demand } from "./allowed.ts"
import type { Part } from "./part.ts"
import { limited } from "./pages.ts"
import { answered, refusal } from "./refusals.ts"

export const stock: Part = {
  types: /* GraphQL */ `
    extend type Query {
      "One SKU as it is now."
      stock(sku: String!): Stock
      "SKUs in the order of their UTF-16 code units, from behind after on."
      stocks(after: String = "", limit: Int = 100): StockPage
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
        demand(principal, "stock.read", { names: [sku] })
        const wrong = wrongSku(sku)
        if (wrong !== undefined) throw refusal(wrong)
        return answered<SkuAnswer>((reply) => submitRead(services.host, sku, true, reply as never))
      },
      stocks: (
        _source,
        { after, limit }: { readonly after: string; readonly limit: number },
        { principal, services }
      ) => {
        demand(principal, "stock.read")
        return new Promise<StockPage>((resolve, reject) =>
          services.pages.read({ after, limit: limited(limit), withLocations: true }, (outcome) =>
            "value" in outcome ? resolve(outcome.value) : reject(refusal(outcome.failure as never))
          )
        )
      }
    }
  }
}
