/**
 * The alert centre: SKUs that are low now, what somebody has decided about each, how they sell, and how much to order.
 */
import { Effect } from "effect"
import { ownOnly } from "../../../actors/access/may.ts"
import { type AlertDecision, decideAlert, standOf } from "../../../actors/alert/desk.ts"
import { propose } from "../../../actors/reorder/propose.ts"
import { reorderOf, type ReorderSettings } from "../../../actors/reorder/settings.ts"
import * as Limits from "../../../config/limits.ts"
import type { Desk } from "../../../streams/desk.ts"
import type { RaisedQuery, RaisedRow, SoldQuery, SoldRow } from "../../../streams/projections/low-stock-queries.ts"
import { alertDeskSubject } from "../../../streams/subjects.ts"
import { wrongSku } from "../decode.ts"
import { AlertDecision as AlertDecisionBody } from "../openapi/work-bodies.ts"
import { LowStockQuery } from "../openapi/work.ts"
import type { Refusal } from "../protocol.ts"
import { readQuery } from "../read-query.ts"
import type { AskedRequest } from "../serving.ts"
import type { LowStockItem, LowStockPage, Stand } from "../work-protocol.ts"
import { decideAt } from "./decide-at.ts"
import { type Entry, OWN_NAMES } from "./entry.ts"
import { readBody } from "./read-body.ts"
import type { ReorderDesk } from "./reorder.ts"
import { answering, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"
import { whoActs } from "./who.ts"

export interface LowStockReadModels {
  /** Each fails with a sentence for the client when PostgreSQL cannot answer. */
  readonly raised: (query: RaisedQuery) => Effect.Effect<ReadonlyArray<RaisedRow>, string>
  readonly raisedOf: (sku: string) => Effect.Effect<RaisedRow | undefined, string>
  readonly sold: (query: SoldQuery) => Effect.Effect<ReadonlyArray<SoldRow>, string>
}

export interface AlertDeskServices {
  readonly readModels: LowStockReadModels
  readonly desk: Desk<AlertDecision>
  readonly reorder: Pick<ReorderDesk, "settingsOf">
  readonly run: (effect: Effect.Effect<void>) => void
  readonly nowMs: () => number
}

const UNREADABLE = "What was decided about alerts cannot be read now; stock is not affected. Try again."
/** Four weeks: every weekday as often as the others. */
const SELLING_DAYS = 28
const USUAL = { limit: Limits.LOW_STOCK_PAGE_MAX, leadDays: null, coverDays: null }

/** Days: as if these were set for all SKUs. */
type Asked = RaisedQuery & ReorderSettings

export class AlertDesk {
  private readonly services: AlertDeskServices

  constructor(services: AlertDeskServices) {
    this.services = services
  }

  /** Of a tenant, its own. */
  open(request: AskedRequest, respond: Respond): void {
    const asked = readQuery(LowStockQuery, request.query)
    if (!asked.ok) return respond(refused(asked.refusal))
    this.answer(respond, this.page({ ...USUAL, after: undefined, ...asked.value, below: ownOnly(request.principal) }))
  }

  decide(request: AskedRequest, respond: Respond, sku: string | undefined): void {
    const wrong = wrongSku(sku)
    if (wrong !== undefined || sku === undefined) return respond(refused(wrong as Refusal))
    const body = readBody(request, AlertDecisionBody, respond)
    if (body === undefined) return
    this.answer(respond, this.decided(sku, decisionOf(request, body, this.services.nowMs())))
  }

  private readonly page = Effect.fnUntraced({ self: this }, function* (this: AlertDesk, asked: Asked) {
    const { desk, nowMs, readModels, reorder } = this.services
    const rows = yield* readModels.raised({ ...asked, limit: asked.limit + 1 })
    const shown = rows.slice(0, asked.limit)
    const skus = shown.map(({ sku }) => sku)
    const now = nowMs()
    const [sold, newest, settings] = yield* Effect.all([
      skus.length === 0 ? Effect.succeed([]) : readModels.sold({ skus, nowMs: now, days: SELLING_DAYS }),
      desk.newest(skus.map(alertDeskSubject)).pipe(Effect.mapError(() => UNREADABLE)),
      reorder.settingsOf(skus)
    ])
    const forAll = { ...reorderOf(settings.forAll, undefined), version: settings.forAll?.version ?? 0 }
    const asIf = { leadDays: asked.leadDays ?? forAll.leadDays, coverDays: asked.coverDays ?? forAll.coverDays }
    const items = shown.map((row): LowStockItem => {
      const soldByDay = daysOf(sold.filter(({ sku }) => sku === row.sku))
      const { coverDays = null, leadDays = null, version = 0 } = settings.own(row.sku) ?? {}
      const own = { leadDays, coverDays }
      const used = reorderOf(asIf, own)
      return {
        ...row,
        raisedAt: row.raisedAt.toISOString(),
        stand: standView(row, newest.get(alertDeskSubject(row.sku)), now),
        soldByDay,
        reorder: { version, own, ...used },
        proposal: propose({ ...row, soldByDay, ...used })
      }
    })
    const last = skus.at(-1)
    const isMore = rows.length > shown.length && last !== undefined
    const page: LowStockPage = { items, reorder: forAll, ...(isMore ? { next: last } : {}) }
    return page
  })

  private readonly decided = Effect.fnUntraced(
    { self: this },
    function* (this: AlertDesk, sku: string, decision: Omit<AlertDecision, "available">) {
      const { desk, nowMs, readModels } = this.services
      const alert = yield* readModels.raisedOf(sku)
      const at = { desk, subject: alertDeskSubject(sku), unreadable: UNREADABLE }
      const newest = yield* decideAt(at, (before) => decideAlert(alert, before, decision))
      return {
        ok: true,
        sku,
        stand: alert === undefined ? { state: "open" } : standView(alert, newest, nowMs())
      }
    }
  )

  private answer(respond: Respond, read: Effect.Effect<object, Refusal | string>): void {
    this.services.run(answering(respond, read))
  }
}

/** The oldest first, as many as the SKU has been known for. */
const daysOf = (rows: ReadonlyArray<SoldRow>): ReadonlyArray<number> => {
  const days = Array.from({ length: rows[0]?.known ?? 1 }, () => 0)
  for (const { daysAgo, sold } of rows) {
    const index = days.length - 1 - daysAgo
    if (index >= 0) days[index] = sold
  }
  return days
}

const standView = (row: RaisedRow, newest: AlertDecision | undefined, nowMs: number): Stand => {
  const stand = standOf(row, newest, nowMs)
  if (stand.state === "open") return stand
  const { at, by, note, until } = stand.by
  return {
    state: stand.state,
    by,
    at: new Date(at).toISOString(),
    ...(note === undefined ? {} : { note }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() })
  }
}

const decisionOf = (
  request: AskedRequest,
  { act, by, note = "", until, version }: typeof AlertDecisionBody.Type,
  nowMs: number
): Omit<AlertDecision, "available"> => ({
  act,
  version,
  by: whoActs(request, by),
  at: nowMs,
  ...(note === "" ? {} : { note }),
  ...(act !== "snooze" || until === undefined ? {} : { until: Date.parse(until) })
})

export const alertEntries = (desk: AlertDesk): ReadonlyArray<Entry> => [
  ["get", "/v1/alerts/open", "alerts.read", (request, respond) => desk.open(request, respond), OWN_NAMES],
  ["post", "/v1/alerts/:sku/desk", "alerts.work", (request, respond, sku) => desk.decide(request, respond, sku)]
]
