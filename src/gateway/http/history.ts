/**
 * One SKU's past: the ledger line by line, how the numbers went, what they were at any version or moment, and what made one
 * moment of another. Read once PostgreSQL has what the journal had when the request came.
 */
import { Effect } from "effect"
import type { Until } from "../../../actors/stock/trace.ts"
import * as Limits from "../../../config/limits.ts"
import type {
  LedgerQuery,
  LevelsQuery,
  MomentQuery,
  MomentRow,
  Versions
} from "../../../streams/projections/history-queries.ts"
import type { Page } from "../../../streams/projections/queries.ts"
import { type ChannelsShape } from "../../channels/channels.ts"
import { invalid, wrongSku } from "../decode.ts"
import { LedgerQuery as LedgerAsked, LevelsQuery as LevelsAsked, ThenQuery, DifferenceQuery } from "../openapi/stock.ts"
import type { Refusal } from "../protocol.ts"
import { readQuery } from "../read-query.ts"
import { Replays, type ReplayPorts } from "../replays.ts"
import type { Request } from "../serving.ts"
import type { Entry } from "./entry.ts"
import { answering, json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface HistoryReadModels extends Pick<ReplayPorts, "placesOf"> {
  /** Each fails with a sentence for the client when PostgreSQL cannot answer. */
  readonly ledger: (sku: string, query: LedgerQuery) => Effect.Effect<Page, string>
  readonly momentOf: (sku: string, query: MomentQuery) => Effect.Effect<MomentRow | undefined, string>
  readonly levels: (sku: string, query: LevelsQuery) => Effect.Effect<ReadonlyArray<MomentRow>, string>
  readonly causes: (sku: string, versions: Versions) => Effect.Effect<ReadonlyArray<unknown>, string>
}

export interface HistoryServices {
  readonly readModels: HistoryReadModels
  readonly journal: ReplayPorts["journal"]
  readonly channels: ChannelsShape
  readonly run: (effect: Effect.Effect<void>) => void
}

/** What cannot be answered is refused; a sentence alone means that what is needed does not answer now. */
type Answered<A> = Effect.Effect<A, Refusal | string>

const unknownThen = (sku: string): Refusal => ({
  ok: false,
  code: "unknown_sku",
  message: `${sku} was not known then; its first fact makes a SKU known.`,
  sku
})

export class HistoryRoutes {
  private readonly services: HistoryServices
  private readonly replays: Replays

  constructor(services: HistoryServices) {
    this.services = services
    this.replays = new Replays({ journal: services.journal, placesOf: services.readModels.placesOf })
  }

  ledger(request: Request, respond: Respond, sku: string | undefined): void {
    this.answer(respond, sku, (known) => {
      const asked = readQuery(LedgerAsked, request.query)
      if (!asked.ok) return Effect.fail(asked.refusal)
      const { after, limit = Limits.PAGE_LIMIT_DEFAULT, order, until } = asked.value
      return this.services.readModels.ledger(known, { after, limit, until, isNewestFirst: order === "newest" })
    })
  }

  at(request: Request, respond: Respond, sku: string | undefined): void {
    this.answer(respond, sku, (known) => {
      const asked = readQuery(ThenQuery, request.query)
      return asked.ok ? this.stateAt(known, thenOf(asked.value.moment)) : Effect.fail(asked.refusal)
    })
  }

  levels(request: Request, respond: Respond, sku: string | undefined): void {
    this.answer(respond, sku, (known) => {
      const asked = readQuery(LevelsAsked, request.query)
      if (!asked.ok) return Effect.fail(asked.refusal)
      const { from, points = Limits.LEVELS_POINTS_DEFAULT, to } = asked.value
      const fromMs = from === undefined ? 0 : Date.parse(from)
      const toMs = to === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(to)
      return this.drawn(known, { fromMs, toMs, points })
    })
  }

  difference(request: Request, respond: Respond, sku: string | undefined): void {
    this.answer(respond, sku, (known) => {
      const asked = readQuery(DifferenceQuery, request.query)
      if (!asked.ok) return Effect.fail(asked.refusal)
      return this.compared(known, thenOf(asked.value.from), thenOf(asked.value.to))
    })
  }

  listings(respond: Respond, sku: string | undefined): void {
    const wrong = wrongSku(sku)
    if (wrong !== undefined || sku === undefined) return respond(refused(wrong as Refusal))
    void this.services.channels.ask({ op: "listed", sku }).then(({ body, status }) => respond(json(status, body)))
  }

  private readonly stateAt = Effect.fnUntraced(
    { self: this },
    function* (this: HistoryRoutes, sku: string, moment: MomentQuery) {
      const { readModels } = this.services
      const [found, newest] = yield* Effect.all([readModels.momentOf(sku, moment), readModels.momentOf(sku, {})])
      if (found === undefined || newest === undefined) return yield* Effect.fail(unknownThen(sku))
      const step = yield* this.replays.stepAt(sku, found.version)
      return { ok: true, sku, ...step, newest }
    }
  )

  private readonly drawn = Effect.fnUntraced(
    { self: this },
    function* (this: HistoryRoutes, sku: string, query: LevelsQuery) {
      const { readModels } = this.services
      const [first, newest, before, items] = yield* Effect.all([
        readModels.momentOf(sku, { version: 1 }),
        readModels.momentOf(sku, {}),
        readModels.momentOf(sku, { atMs: query.fromMs - 1 }),
        readModels.levels(sku, query)
      ])
      if (first === undefined || newest === undefined) return yield* Effect.fail(unknownThen(sku))
      return { ok: true, sku, first, newest, items: before === undefined ? items : [before, ...items] }
    }
  )

  private readonly compared = Effect.fnUntraced(
    { self: this },
    function* (this: HistoryRoutes, sku: string, one: MomentQuery, other: MomentQuery) {
      const { readModels } = this.services
      const moments = yield* Effect.all([readModels.momentOf(sku, one), readModels.momentOf(sku, other)])
      // Before its first change a SKU has nothing, and everything that it has since comes of a change.
      const [from, to] = moments.map((moment) => moment ?? { version: 0, at: null, physical: 0, allocated: 0 })
      if (from === undefined || to === undefined || to.version === 0) return yield* Effect.fail(unknownThen(sku))
      if (from.version > to.version) {
        return yield* Effect.fail(
          invalid("The moment in from is the later one; send them the other way round.", "from")
        )
      }
      const causes = yield* readModels.causes(sku, { from: from.version, to: to.version })
      return { ok: true, sku, from, to, causes }
    }
  )

  private answer(respond: Respond, sku: string | undefined, read: (sku: string) => Answered<object>): void {
    const wrong = wrongSku(sku)
    if (wrong !== undefined || sku === undefined) return respond(refused(wrong as Refusal))
    this.services.run(answering(respond, read(sku)))
  }
}

/** Nothing given: now. */
const thenOf = (given: number | string | undefined): Until => {
  if (given === undefined) return {}
  return typeof given === "number" ? { version: given } : { atMs: Date.parse(given) }
}

export const historyEntries = (history: HistoryRoutes): ReadonlyArray<Entry> => [
  ["get", "/v1/stock/:sku/ledger", "stock.read", (request, respond, sku) => history.ledger(request, respond, sku)],
  ["get", "/v1/stock/:sku/at", "stock.read", (request, respond, sku) => history.at(request, respond, sku)],
  ["get", "/v1/stock/:sku/levels", "stock.read", (request, respond, sku) => history.levels(request, respond, sku)],
  [
    "get",
    "/v1/stock/:sku/difference",
    "stock.read",
    (request, respond, sku) => history.difference(request, respond, sku)
  ],
  ["get", "/v1/stock/:sku/listings", "channels.read", (_request, respond, sku) => history.listings(respond, sku)]
]
