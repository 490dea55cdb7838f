/**
 * The addresses of what people work through: incidents, alerts, dead letters.
 */
import { Schema } from "effect"
import { LOW_STOCK_PAGE_MAX } from "../../../config/limits.ts"
import type { Descriptions } from "./description.ts"
import type { LetterSettled, LowStockItem, Stand as StandShape } from "../work-protocol.ts"
import { after, limitUpTo, page, Page } from "./queries.ts"
import { Refusal } from "./refusal-shapes.ts"
import { pageOf } from "./stock-answers.ts"
import { done, integerFrom, Moment, nullable, Units, Version } from "./values.ts"
import { AlertDecision, LetterDiscard, LetterRedrive, OUTCOMES, Resolution } from "./work-bodies.ts"

const { optionalKey } = Schema

const note = optionalKey(Schema.String)
const Outcome = Schema.Literals(OUTCOMES)

const Resolved = done("Resolved", {
  incidentId: Schema.String,
  outcome: Outcome,
  note
})

const position = Version.annotate({ description: "Its place in the journal's order." })

const Incident = Schema.Struct({
  position,
  id: Schema.String,
  kind: Schema.Literals(["oversell", "shortfall", "paid_but_short"]),
  sku: Schema.String,
  version: Version,
  locationId: Schema.String,
  units: Units.annotate({ description: "Units short." }),
  mutationId: Schema.String,
  channel: nullable(Schema.String),
  reference: nullable(Schema.String),
  holdId: nullable(Schema.String),
  at: Moment,
  status: Schema.Literals(["open", "resolved"]),
  outcome: nullable(Outcome),
  note: nullable(Schema.String),
  resolvedAt: nullable(Moment)
}).annotate({ identifier: "Incident" })

const Alert = Schema.Struct({
  position,
  sku: Schema.String,
  version: Version,
  state: Schema.String.annotate({ description: "low when available reached the threshold, else recovered." }),
  available: Units,
  safetyThreshold: Units,
  at: Moment
}).annotate({ identifier: "Alert" })

const Settled: Schema.Codec<LetterSettled> = Schema.Struct({
  act: Schema.Literals(["redriven", "discarded"]),
  by: Schema.String,
  at: Moment,
  reason: optionalKey(Schema.String),
  mutationId: optionalKey(Schema.String)
}).annotate({ identifier: "LetterSettled" })

const LetterDone = done("LetterDone", { id: Version, settled: Settled })

const Stand: Schema.Codec<StandShape> = Schema.Struct({
  state: Schema.Literals(["open", "acknowledged", "snoozed"]),
  by: optionalKey(Schema.String),
  at: optionalKey(Moment),
  note: optionalKey(Schema.String),
  until: optionalKey(Moment)
}).annotate({ identifier: "AlertStand" })

const LowStock: Schema.Codec<LowStockItem> = Schema.Struct({
  sku: Schema.String,
  version: Version.annotate({ description: "To be named when something is done about it." }),
  raisedAt: Moment,
  availableThen: Units,
  available: Units,
  safetyThreshold: Units,
  stand: Stand,
  soldByDay: Schema.Array(Schema.Finite),
  proposal: Schema.Struct({
    quantity: Units.annotate({ description: "0: nothing is to be ordered." }),
    velocity: Schema.Finite.annotate({ description: "Units a day." }),
    daysLeft: optionalKey(Schema.Finite),
    reasons: Schema.Array(Schema.String)
  })
}).annotate({ identifier: "LowStock" })

const Days = optionalKey(integerFrom(0, 365))

const DeadLetter = Schema.Struct({
  id: Version,
  at: Moment,
  source: optionalKey(Schema.String.annotate({ description: "What it is a letter of; absent: a fact." })),
  code: Schema.String,
  message: Schema.String.annotate({ description: "Why it could not be taken." }),
  path: optionalKey(Schema.String),
  subject: Schema.String.annotate({ description: "Where it had been published." }),
  body: Schema.String.annotate({ description: "Its text as it came, cut at 64 KiB." }),
  sequence: Version,
  settled: optionalKey(Settled)
}).annotate({ identifier: "DeadLetter" })

export const IncidentsQuery = Schema.Struct({ ...page, status: optionalKey(Schema.Literals(["open", "resolved"])) })

export const LowStockQuery = Schema.Struct({
  after,
  limit: limitUpTo(LOW_STOCK_PAGE_MAX, LOW_STOCK_PAGE_MAX),
  leadDays: Days,
  coverDays: Days
})

export const LettersQuery = Schema.Struct({ ...page, status: optionalKey(Schema.Literals(["open", "settled"])) })

export const work = {
  "get /v1/incidents": {
    summary: "Incidents, oldest first",
    query: IncidentsQuery,
    answer: pageOf("IncidentPage", Incident),
    refusals: [400, 503]
  },
  "post /v1/incidents/:id/resolution": {
    summary: "Say what was done about an incident",
    body: Resolution,
    answer: Resolved,
    refusals: [400, 429, 503],
    refusal: Refusal
  },
  "get /v1/alerts": {
    summary: "Low-stock alerts and their ends, oldest first",
    query: Page,
    answer: pageOf("AlertPage", Alert),
    refusals: [400, 503]
  },
  "get /v1/alerts/open": {
    summary: "What is low now, how it sells, and how much to order",
    query: LowStockQuery,
    answer: pageOf("LowStockPage", LowStock),
    refusals: [400, 503]
  },
  "post /v1/alerts/:sku/desk": {
    summary: "Acknowledge, snooze or reopen an alert",
    body: AlertDecision,
    answer: done("AlertDecided", { sku: Schema.String, stand: Stand }),
    refusals: [400, 404, 409, 413, 503]
  },
  "get /v1/dead-letters": {
    summary: "Messages that could not be taken, oldest first",
    query: LettersQuery,
    answer: pageOf("DeadLetterPage", DeadLetter),
    refusals: [400, 503]
  },
  "post /v1/dead-letters/:id/redrive": {
    summary: "Apply a fact after all, as it came or mended",
    body: LetterRedrive,
    answer: LetterDone,
    refusals: [400, 409, 413, 429, 503]
  },
  "post /v1/dead-letters/:id/discard": {
    summary: "Let a dead letter be, with the reason",
    body: LetterDiscard,
    answer: LetterDone,
    refusals: [400, 409, 413, 503]
  }
} as const satisfies Descriptions
