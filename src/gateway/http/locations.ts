/**
 * Stock by location: what each holds, which may be a second old, and one of them SKU by SKU, read once PostgreSQL has what the
 * journal had when the request came.
 */
import type { Effect } from "effect"
import { PAGE_LIMIT_DEFAULT } from "../../../config/limits.ts"
import type { LocationQuery } from "../../../streams/projections/location-queries.ts"
import type { ListQuery, Page as ReadPage } from "../../../streams/projections/queries.ts"
import { decodeBySchema } from "../decode-by-schema.ts"
import { invalid } from "../decode.ts"
import { Page } from "../openapi/queries.ts"
import { StockAtQuery } from "../openapi/stock.ts"
import { Id } from "../openapi/values.ts"
import { readQuery } from "../read-query.ts"
import type { Request } from "../serving.ts"
import type { Entry } from "./entry.ts"
import { answering, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface LocationReadModels {
  /** Each fails with a sentence for the client when PostgreSQL cannot answer. Sums over all SKUs: at most a second old. */
  readonly locations: (query: ListQuery) => Effect.Effect<ReadPage, string>
  readonly stockAt: (query: LocationQuery) => Effect.Effect<ReadPage, string>
}

export interface LocationServices {
  readonly readModels: LocationReadModels
  readonly run: (effect: Effect.Effect<void>) => void
}

export class LocationRoutes {
  private readonly services: LocationServices

  constructor(services: LocationServices) {
    this.services = services
  }

  all(request: Request, respond: Respond): void {
    const asked = readQuery(Page, request.query)
    if (!asked.ok) return respond(refused(asked.refusal))
    this.answer(respond, this.services.readModels.locations(queryOf(asked.value)))
  }

  /** Of a location that nobody has named there is an empty page. */
  stockAt(request: Request, respond: Respond, location: string | undefined): void {
    const named = decodeBySchema(Id, location)
    if (!named.ok)
      return respond(refused(invalid("Name a location of 1 to 128 characters in the address.", "location")))
    const asked = readQuery(StockAtQuery, request.query)
    if (!asked.ok) return respond(refused(asked.refusal))
    const { search = "" } = asked.value
    const query = { ...queryOf(asked.value), locationId: named.value, search }
    this.answer(respond, this.services.readModels.stockAt(query))
  }

  private answer(respond: Respond, read: Effect.Effect<ReadPage, string>): void {
    this.services.run(answering(respond, read))
  }
}

const queryOf = ({ after, limit = PAGE_LIMIT_DEFAULT }: typeof Page.Type): ListQuery => ({ after, limit })

export const locationEntries = (locations: LocationRoutes): ReadonlyArray<Entry> => [
  ["get", "/v1/locations", "stock.read", (request, respond) => locations.all(request, respond)],
  [
    "get",
    "/v1/locations/:location/stock",
    "stock.read",
    (request, respond, location) => locations.stockAt(request, respond, location)
  ]
]
