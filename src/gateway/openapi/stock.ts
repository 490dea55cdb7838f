/**
 * The addresses of stock: facts, requests, reads, and a SKU's past.
 */
import { Schema } from "effect"
import * as Limits from "../../../config/limits.ts"
import type { Descriptions } from "./description.ts"
import { DateOrMoment, page, Page, VersionOrMoment } from "./queries.ts"
import { FactsRefusal } from "./refusal-shapes.ts"
import { FactOrFacts, LinesRequest, StockRequest, Sync } from "./stock-bodies.ts"
import {
  Difference,
  FactsTaken,
  Ledger,
  Levels,
  LinesAnswer,
  LocationPage,
  SkuAnswer,
  StockAtPage,
  StockPage,
  StockThen,
  Synced
} from "./stock-answers.ts"
import { integerFrom, textUpToOrNone, Version } from "./values.ts"

const { optionalKey } = Schema

export const StockAtQuery = Schema.Struct({
  ...page,
  search: optionalKey(
    textUpToOrNone(Limits.ID_LENGTH_MAX).annotate({ description: "Part of a SKU, in capitals or not." })
  )
})

export const stock = {
  "get /v1/stock": {
    summary: "SKUs, page by page",
    details: "In the order of the SKUs' UTF-16 code units.",
    query: Page,
    answer: StockPage,
    refusals: [400, 503]
  },
  "get /v1/stock/:sku": {
    summary: "One SKU, with its locations",
    answer: SkuAnswer,
    refusals: [400, 404, 429, 503]
  },
  "get /v1/locations": {
    summary: "What each location holds",
    details: "Over all SKUs; summed up once a second at most, so it may be a second old.",
    query: Page,
    answer: LocationPage,
    refusals: [400, 503]
  },
  "get /v1/locations/:location/stock": {
    summary: "One location, SKU by SKU",
    query: StockAtQuery,
    answer: StockAtPage,
    refusals: [400, 503]
  },
  "post /v1/stock/:sku/requests": {
    summary: "Reserve, commit, release, configure or read",
    details:
      "Answered once it is on the disk. Sent again with its mutation id it is answered as before; a refusal is remembered, too.",
    body: StockRequest,
    answer: SkuAnswer,
    refusals: [400, 404, 409, 410, 413, 429, 503]
  },
  "post /v1/stock/requests": {
    summary: "Several lines at once, all or none",
    body: LinesRequest,
    answer: LinesAnswer,
    refusals: [400, 404, 409, 410, 413, 429, 503]
  },
  "post /v1/stock/:sku/facts": {
    summary: "Tell what happened: one fact or an array",
    details: "Each is judged alone; the accepted ones are on the disk when the answer comes. 400: none was acceptable.",
    body: FactOrFacts,
    answer: FactsTaken,
    status: 202,
    refusals: [400, 413, 429, 503],
    refusal: FactsRefusal
  },
  "post /api/inventory/sync-stock": {
    summary: "A channel's change and its own total, in one call",
    details: "The change is applied; the total is only compared, and a difference reported as drift.",
    body: Sync,
    answer: Synced,
    refusals: [400, 404, 409, 413, 429, 503]
  }
} as const satisfies Descriptions

export const LedgerQuery = Schema.Struct({
  ...page,
  order: optionalKey(Schema.Literals(["oldest", "newest"]).annotate({ description: "Default: oldest first." })),
  until: optionalKey(Version.annotate({ description: "Lines up to this version.", wanted: "as a version" }))
})

export const LevelsQuery = Schema.Struct({
  from: optionalKey(DateOrMoment),
  to: optionalKey(DateOrMoment),
  points: optionalKey(
    integerFrom(1, Limits.LEVELS_POINTS_MAX).annotate({
      description: `Stretches of time; default ${Limits.LEVELS_POINTS_DEFAULT}.`
    })
  )
})

export const ThenQuery = Schema.Struct({ moment: optionalKey(VersionOrMoment) })

export const DifferenceQuery = Schema.Struct({ from: optionalKey(VersionOrMoment), to: optionalKey(VersionOrMoment) })

export const history = {
  "get /v1/stock/:sku/ledger": {
    summary: "Its ledger, line by line",
    query: LedgerQuery,
    answer: Ledger,
    refusals: [400, 503]
  },
  "get /v1/stock/:sku/at": {
    summary: "What it was at a version or a moment, and what made it so",
    details: "Folded again from the journal.",
    query: ThenQuery,
    answer: StockThen,
    refusals: [400, 404, 503]
  },
  "get /v1/stock/:sku/levels": {
    summary: "How its numbers went, to be drawn",
    query: LevelsQuery,
    answer: Levels,
    refusals: [400, 404, 503]
  },
  "get /v1/stock/:sku/difference": {
    summary: "What made one moment of another",
    query: DifferenceQuery,
    answer: Difference,
    refusals: [400, 404, 503]
  }
} as const satisfies Descriptions
