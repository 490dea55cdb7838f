/**
 * The alert centre: SKUs that are low now, what somebody has decided about each, how they sell, and how much to order.
 */
import { Effect } from "effect"
import { type AlertDecision, type AlertOutcome, decideAlert, standOf } from "../../../actors/alert/desk.ts"
import { propose } from "../../../actors/reorder/propose.ts"
import * as Limits from "../../../config/limits.ts"
import type { Desk } from "../../../streams/desk.ts"
import type { RaisedQuery, RaisedRow, SoldQuery, SoldRow } from "../../../streams/projections/low-stock-queries.ts"
import { alertDeskSubject } from "../../../streams/subjects.ts"
import { invalid, wrongSku } from "../decode.ts"
import type { Refusal } from "../protocol.ts"
import type { AskedRequest, Request } from "../serving.ts"
import type { LowStockItem, LowStockPage, Stand } from "../work-protocol.ts"
import type { Entry } from "./entry.ts"
import { answering, refused } from "./replies.ts"
import { bodyOf, type Respond } from "./stock.ts"
import { noteOf, whoActs } from "./who.ts"

export interface LowStockReadModels {
  /** Each fails with a sentence for the client when PostgreSQL cannot answer. */
  readonly raised: (query: RaisedQuery) => Effect.Effect<ReadonlyArray<RaisedRow>, string>
  readonly raisedOf: (sku: string) => Effect.Effect<RaisedRow | undefined, string>
  readonly sold: (query: SoldQuery) => Effect.Effect<ReadonlyArray<SoldRow>, string>
}

export interface AlertDeskServices {
  readonly readModels: LowStockReadModels
  readonly desk: Desk<AlertDecision>
  readonly run: (effect: Effect.Effect<void>) => void
  readonly nowMs: () => number
}

const UNREADABLE = "What was decided about alerts cannot be read now; stock is not affected. Try again."
/** Four weeks: every weekday as often as the others. */
const SELLING_DAYS = 28
const LEAD_DAYS = { usual: 7, most: 365 }
const COVER_DAYS = { usual: 14, most: 365 }

interface Asked extends RaisedQuery {
  readonly leadDays: number
  readonly coverDays: number
}

export class AlertDesk {
  private readonly services: AlertDeskServices

  constructor(services: AlertDeskServices) {
    this.services = services
  }

  open(request: Request, respond: Respond): void {
    const asked = readAsked(request.query)
    if ("code" in asked) return respond(refused(asked))
    this.answer(respond, this.page(asked))
  }

  decide(request: AskedRequest, respond: Respond, sku: string | undefined): void {
    const wrong = wrongSku(sku)
    if (wrong !== undefined || sku === undefined) return respond(refused(wrong as Refusal))
    const body = bodyOf(request, Limits.MESSAGE_BYTES_MAX, respond)
    if (body === undefined) return
    const decision = readDecision(request, body.value, this.services.nowMs())
    if ("code" in decision) return respond(refused(decision))
    this.answer(respond, this.decided(sku, decision))
  }

  private readonly page = Effect.fnUntraced({ self: this }, function* (this: AlertDesk, asked: Asked) {
    const { desk, nowMs, readModels } = this.services
    const rows = yield* readModels.raised({ after: asked.after, limit: asked.limit + 1 })
    const shown = rows.slice(0, asked.limit)
    const skus = shown.map(({ sku }) => sku)
    const now = nowMs()
    const [sold, newest] = yield* Effect.all([
      skus.length === 0 ? Effect.succeed([]) : readModels.sold({ skus, nowMs: now, days: SELLING_DAYS }),
      desk.newest(skus.map(alertDeskSubject)).pipe(Effect.mapError(() => UNREADABLE))
    ])
    const items = shown.map((row): LowStockItem => {
      const soldByDay = daysOf(sold.filter(({ sku }) => sku === row.sku))
      return {
        ...row,
        raisedAt: row.raisedAt.toISOString(),
        stand: standView(row, newest.get(alertDeskSubject(row.sku)), now),
        soldByDay,
        proposal: propose({ ...row, soldByDay, leadDays: asked.leadDays, coverDays: asked.coverDays })
      }
    })
    const last = skus.at(-1)
    const page: LowStockPage = rows.length > shown.length && last !== undefined ? { items, next: last } : { items }
    return page
  })

  private readonly decided = Effect.fnUntraced(
    { self: this },
    function* (this: AlertDesk, sku: string, decision: Omit<AlertDecision, "available">) {
      const { desk, nowMs, readModels } = this.services
      const alert = yield* readModels.raisedOf(sku)
      const outcome = yield* desk
        .change<AlertOutcome & { readonly newest?: AlertDecision }>(alertDeskSubject(sku), (newest) => {
          const decided = decideAlert(alert, newest, decision)
          const event = decided.ok ? decided.event : undefined
          const after = event ?? newest
          return { event, answer: after === undefined ? decided : { ...decided, newest: after } }
        })
        .pipe(Effect.mapError(() => UNREADABLE))
      if (!outcome.ok) return yield* Effect.fail(outcome)
      return {
        ok: true,
        sku,
        stand: alert === undefined ? { state: "open" } : standView(alert, outcome.newest, nowMs())
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

const daysIn = (text: string | null, { usual, most }: typeof LEAD_DAYS): number | undefined => {
  const days = text === null ? usual : Number(text)
  return Number.isInteger(days) && days >= 0 && days <= most && text !== "" ? days : undefined
}

const readAsked = (query: URLSearchParams): Asked | Refusal => {
  const limit = Number(query.get("limit") ?? Limits.LOW_STOCK_PAGE_MAX)
  if (!Number.isInteger(limit) || limit < 1 || limit > Limits.LOW_STOCK_PAGE_MAX) {
    return invalid(`Send limit as an integer from 1 to ${Limits.LOW_STOCK_PAGE_MAX}.`, "limit")
  }
  const leadDays = daysIn(query.get("leadDays"), LEAD_DAYS)
  if (leadDays === undefined) return invalid("Send leadDays as whole days from 0 to 365.", "leadDays")
  const coverDays = daysIn(query.get("coverDays"), COVER_DAYS)
  if (coverDays === undefined) return invalid("Send coverDays as whole days from 0 to 365.", "coverDays")
  return { after: query.get("after") ?? undefined, limit, leadDays, coverDays }
}

const ACTS = ["acknowledge", "snooze", "reopen"] as const

const readDecision = (
  request: AskedRequest,
  body: unknown,
  nowMs: number
): Omit<AlertDecision, "available"> | Refusal => {
  const fields = (body ?? {}) as Record<string, unknown>
  const act = ACTS.find((one) => one === fields["act"])
  if (act === undefined) return invalid(`Send act as one of ${ACTS.join(", ")}.`, "act")
  const version = fields["version"]
  if (typeof version !== "number" || !Number.isSafeInteger(version)) {
    return invalid("Send version: the alert's, as it was listed.", "version")
  }
  const note = noteOf(fields["note"])
  if (note === false) return invalid(`Send note as text of at most ${Limits.TEXT_LENGTH_MAX} characters.`, "note")
  const until = act === "snooze" ? Date.parse(String(fields["until"])) : undefined
  if (until !== undefined && Number.isNaN(until)) return invalid("Send until as a time in ISO 8601.", "until")
  return {
    act,
    version,
    by: whoActs(request, fields["by"]),
    at: nowMs,
    ...(note === undefined ? {} : { note }),
    ...(until === undefined ? {} : { until })
  }
}

export const alertEntries = (desk: AlertDesk): ReadonlyArray<Entry> => [
  ["get", "/v1/alerts/open", "alerts.read", (request, respond) => desk.open(request, respond)],
  ["post", "/v1/alerts/:sku/desk", "alerts.work", (request, respond, sku) => desk.decide(request, respond, sku)]
]
