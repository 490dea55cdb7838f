/**
 * How recovery does, over HTTP: figures, the budget of offers, what is due, who is not written to, and one customer's timeline.
 * Read from PostgreSQL, but for the budget, which is the customers' own; addresses are masked.
 */
import { Effect } from "effect"
import type { Counted, Grouping } from "../../../actors/recovery/attribution.ts"
import {
  BUDGET_DAYS_DEFAULT,
  BUDGET_DAYS_MAX,
  FIGURES_DAYS_DEFAULT,
  FIGURES_DAYS_MAX,
  RECOVERY_PAGE_DEFAULT
} from "../../../config/recovery.ts"
import type { Ending, Period } from "../../../streams/projections/recovery-figures.ts"
import type {
  Paged,
  QueueCounts,
  Queued,
  SuppressedAddress,
  TimelineEntry
} from "../../../streams/projections/recovery-queries.ts"
import type { ListQuery } from "../../../streams/projections/queries.ts"
import { unavailable } from "../../host/answers.ts"
import { budgetView } from "../../recovery/budget-view.ts"
import { decodeCustomerId } from "../../recovery/decode.ts"
import { type Asked, reportOf } from "../../recovery/figures.ts"
import type { RecoveryShape } from "../../recovery/layer.ts"
import { type Masked, masking } from "../../recovery/masked.ts"
import type { BudgetView, Figures } from "../../recovery/figures-protocol.ts"
import { type Decoded, invalid } from "../decode.ts"
import { BudgetQuery, FiguresQuery, MaskedPage } from "../openapi/recovery.ts"
import type { Refusal } from "../protocol.ts"
import { readQuery } from "../read-query.ts"
import type { Request } from "../serving.ts"
import { json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

/** Each fails with a sentence for the client when PostgreSQL cannot answer. */
export interface RecoveryReadModels {
  readonly currencies: (period: Period) => Effect.Effect<ReadonlyArray<string>, string>
  readonly counted: (
    period: Period,
    what: { readonly by: Grouping; readonly currency: string }
  ) => Effect.Effect<Counted, string>
  readonly endings: (period: Period) => Effect.Effect<ReadonlyArray<Ending>, string>
  readonly queue: (query: ListQuery) => Effect.Effect<Paged<Queued>, string>
  readonly queueCounts: (atMs: number) => Effect.Effect<QueueCounts, string>
  readonly suppressed: (query: ListQuery) => Effect.Effect<Paged<SuppressedAddress>, string>
  readonly suppressedCount: Effect.Effect<number, string>
  readonly timeline: (customerId: string, query: ListQuery) => Effect.Effect<Paged<TimelineEntry>, string>
}

export interface RecoveryServices extends Pick<RecoveryShape, "host" | "addresses"> {
  readonly readModels: RecoveryReadModels
  readonly nowMs: () => number
  readonly run: (effect: Effect.Effect<void>) => void
}

const DAY_MS = 86_400_000

export class RecoveryRoutes {
  private readonly services: RecoveryServices
  private readonly masked: Masked

  constructor(services: RecoveryServices) {
    this.services = services
    this.masked = masking(services)
  }

  /** As the settings have it, in whole days. */
  private usualDays(): number {
    const { attributionMs } = this.services.host.book.settings.current.settings
    return Math.max(1, Math.round(attributionMs / DAY_MS))
  }

  figures(request: Request, respond: Respond): void {
    const figures = this.readFigures(request.query)
    if (!figures.ok) return respond(refused(figures.refusal))
    this.answer(respond, figures.value)
  }

  /** `from`, `to`, `windowDays`, `by`, `currency`, each as a text or not at all. */
  readFigures(query: URLSearchParams): Decoded<Effect.Effect<Figures, string>> {
    const { nowMs, readModels } = this.services
    const given = readQuery(FiguresQuery, query)
    const decoded = given.ok ? askedIn(given.value, nowMs(), this.usualDays()) : given
    if (!decoded.ok) return decoded
    const { currency: wanted, period, ...asked } = decoded.value
    const value = Effect.gen(function* () {
      const currencies = yield* readModels.currencies(period)
      const currency = wanted ?? currencies[0]
      const counted = yield* readModels.counted(period, { by: asked.by, currency: currency ?? "" })
      return reportOf({ ...asked, currency, currencies }, counted, yield* readModels.endings(period))
    })
    return { ok: true, value }
  }

  budget(request: Request, respond: Respond): void {
    const asked = readQuery(BudgetQuery, request.query)
    if (!asked.ok) return respond(refused(asked.refusal))
    this.readBudget(asked.value.days ?? BUDGET_DAYS_DEFAULT, (seen) =>
      respond(seen.ok ? json(200, seen) : refused(seen))
    )
  }

  readBudget(days: number, done: (seen: BudgetView | Refusal) => void): void {
    if (!Number.isInteger(days) || days < 1 || days > BUDGET_DAYS_MAX) {
      return done(invalid(`Send days as an integer from 1 to ${BUDGET_DAYS_MAX}.`, "days"))
    }
    const { host, nowMs } = this.services
    host.view(
      (book) => budgetView(book, { at: nowMs(), days }),
      (seen) => done(seen === undefined ? unavailable("The hub takes no turns now.") : seen.value)
    )
  }

  queue(request: Request, respond: Respond): void {
    this.page(request, respond, (query) => this.readQueue(query))
  }

  readQueue(query: ListQuery) {
    const { nowMs, readModels } = this.services
    return Effect.gen(function* () {
      const page = yield* readModels.queue(query)
      const counts = yield* readModels.queueCounts(nowMs())
      return { ok: true, at: new Date(nowMs()), ...counts, ...page }
    })
  }

  suppressed(request: Request, respond: Respond): void {
    this.page(request, respond, (query) => this.readSuppressed(query))
  }

  readSuppressed(query: ListQuery) {
    const { readModels } = this.services
    return Effect.gen({ self: this }, function* () {
      const { items, next } = yield* readModels.suppressed(query)
      const masked = yield* Effect.forEach(items, (item) =>
        Effect.map(this.masked.address(item.address), (address) => ({ ...item, address }))
      )
      return { ok: true, count: yield* readModels.suppressedCount, items: masked, ...(next && { next }) }
    })
  }

  timeline(request: Request, respond: Respond, name: string | undefined): void {
    const customer = decodeCustomerId(name)
    if (!customer.ok) return respond(refused(customer.refusal))
    const { host, readModels } = this.services
    this.page(request, respond, (query) =>
      Effect.gen({ self: this }, function* () {
        const { items, next } = yield* readModels.timeline(customer.value, query)
        if (items.length === 0 && query.after === undefined && host.book.peek(customer.value) === undefined) {
          return { ok: false, code: "unknown_customer", message: `No customer ${customer.value} is known.` }
        }
        const told = yield* Effect.forEach(items, ({ at, event }) =>
          Effect.map(this.masked.event(event), (masked) => ({ ...masked, at }))
        )
        return { ok: true, items: told, ...(next && { next }) }
      })
    )
  }

  private page(
    request: Request,
    respond: Respond,
    read: (query: ListQuery) => Effect.Effect<{ readonly ok: boolean }, string>
  ): void {
    const asked = readQuery(MaskedPage, request.query)
    if (!asked.ok) return respond(refused(asked.refusal))
    const { after, limit = RECOVERY_PAGE_DEFAULT } = asked.value
    this.answer(respond, read({ after, limit }))
  }

  private answer(respond: Respond, read: Effect.Effect<{ readonly ok: boolean }, string>): void {
    this.services.run(
      Effect.match(read, {
        onSuccess: (body) => respond(json(body.ok ? 200 : 404, body)),
        onFailure: (message) => respond(refused({ ok: false, code: "unavailable", message }))
      })
    )
  }
}

const askedIn = (
  { by = "sequence", currency, from: given, to, windowDays: days }: typeof FiguresQuery.Type,
  atMs: number,
  usualDays: number
): Decoded<Omit<Asked, "currencies"> & { readonly period: Period }> => {
  const windowDays = days ?? usualDays
  const toMs = to === undefined ? atMs : Date.parse(to)
  const fromMs = given === undefined ? toMs - FIGURES_DAYS_DEFAULT * DAY_MS : Date.parse(given)
  if (fromMs >= toMs) return { ok: false, refusal: invalid("Send from as a moment before to.", "from") }
  if (toMs - fromMs > FIGURES_DAYS_MAX * DAY_MS) {
    return { ok: false, refusal: invalid(`Send from and to at most ${FIGURES_DAYS_MAX} days apart.`, "from") }
  }
  const [from, until] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()]
  const period = { fromMs, toMs, atMs, windowMs: windowDays * DAY_MS }
  return { ok: true, value: { from, to: until, windowDays, by, currency, period } }
}
