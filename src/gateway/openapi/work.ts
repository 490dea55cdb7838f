/**
 * The addresses of what people work through: incidents, alerts, dead letters.
 */
import { Schema } from "effect"
import { LOW_STOCK_PAGE_MAX } from "../../../config/limits.ts"
import type { Descriptions } from "./description.ts"
import {
  LETTER_KINDS,
  type LetterSettled,
  type LettersRedriven,
  type LowStockItem,
  type LowStockPage,
  type ReorderSettingsView,
  type ReorderVersionsView,
  type Stand as StandShape
} from "../work-protocol.ts"
import { after, limitUpTo, page, Page } from "./queries.ts"
import { Refusal } from "./refusal-shapes.ts"
import { pageOf } from "./stock-answers.ts"
import { done, Moment, nullable, Units, Version } from "./values.ts"
import {
  AlertDecision,
  LetterDiscard,
  LetterRedrive,
  LettersRedrive,
  openDays,
  OUTCOMES,
  ReorderChange,
  ReorderChangeOfSku,
  ReorderDays,
  Resolution,
  wholeDays
} from "./work-bodies.ts"

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

const stored = { version: Version, ...openDays }

const ReorderView: Schema.Codec<ReorderSettingsView> = done("ReorderSettings", {
  sku: optionalKey(Schema.String),
  ...stored,
  by: optionalKey(Schema.String),
  at: optionalKey(Moment),
  used: Schema.Struct(wholeDays).annotate({ description: "What proposals are made by." })
})

const ReorderVersions: Schema.Codec<ReorderVersionsView> = done("ReorderVersions", {
  items: Schema.Array(Schema.Struct({ ...stored, by: Schema.String, at: Moment }))
})

const LowStock: Schema.Codec<LowStockItem> = Schema.Struct({
  sku: Schema.String,
  version: Version.annotate({ description: "To be named when something is done about it." }),
  raisedAt: Moment,
  availableThen: Units,
  available: Units,
  safetyThreshold: Units,
  stand: Stand,
  soldByDay: Schema.Array(Schema.Finite),
  reorder: Schema.Struct({
    version: Version.annotate({ description: "Of the SKU's own settings; 0: it has none." }),
    own: Schema.Struct(openDays),
    ...wholeDays
  }),
  proposal: Schema.Struct({
    quantity: Units.annotate({ description: "0: nothing is to be ordered." }),
    velocity: Schema.Finite.annotate({ description: "Units a day." }),
    daysLeft: optionalKey(Schema.Finite),
    reasons: Schema.Array(Schema.String)
  })
}).annotate({ identifier: "LowStock" })

const Days = optionalKey(ReorderDays.annotate({ description: "As if it were set for all SKUs." }))

const LowStocks: Schema.Codec<LowStockPage> = Schema.Struct({
  ...pageOf("LowStockPage", LowStock).fields,
  reorder: Schema.Struct({ version: Version, ...wholeDays }).annotate({ description: "Those for all SKUs." })
}).annotate({ identifier: "LowStockPage" })

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

export const LettersQuery = Schema.Struct({
  ...page,
  status: optionalKey(Schema.Literals(["open", "settled"])),
  kind: optionalKey(Schema.Literals(LETTER_KINDS))
})

const Redriven: Schema.Codec<LettersRedriven> = done("LettersRedriven", {
  redriven: Schema.Array(Version),
  refused: Schema.Array(Schema.Struct({ id: Version, code: Schema.String, message: Schema.String }))
})

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
    answer: LowStocks,
    refusals: [400, 503]
  },
  "post /v1/alerts/:sku/desk": {
    summary: "Acknowledge, snooze or reopen an alert",
    body: AlertDecision,
    answer: done("AlertDecided", { sku: Schema.String, stand: Stand }),
    refusals: [400, 404, 409, 413, 503]
  },
  "get /v1/reorder-settings": {
    summary: "How long a delivery takes and is to last, for all SKUs",
    answer: ReorderView,
    refusals: [503]
  },
  "get /v1/reorder-settings/versions": {
    summary: "Who changed that, the newest first",
    details: "The last sixteen.",
    answer: ReorderVersions,
    refusals: [503]
  },
  "post /v1/reorder-settings": {
    summary: "Set it for all SKUs",
    body: ReorderChange,
    answer: ReorderView,
    refusals: [400, 409, 413, 503]
  },
  "get /v1/stock/:sku/reorder-settings": {
    summary: "What one SKU has of its own, and what is used for it",
    answer: ReorderView,
    refusals: [400, 503]
  },
  "get /v1/stock/:sku/reorder-settings/versions": {
    summary: "Who changed a SKU's own, the newest first",
    details: "The last sixteen.",
    answer: ReorderVersions,
    refusals: [400, 503]
  },
  "post /v1/stock/:sku/reorder-settings": {
    summary: "Set it for one SKU, or leave it to those for all",
    body: ReorderChangeOfSku,
    answer: ReorderView,
    refusals: [400, 409, 413, 503]
  },
  "get /v1/dead-letters": {
    summary: "Messages that could not be taken, oldest first",
    query: LettersQuery,
    answer: pageOf("DeadLetterPage", DeadLetter),
    refusals: [400, 503]
  },
  "post /v1/dead-letters/redrive": {
    summary: "Try letters again as they came, each by itself",
    body: LettersRedrive,
    answer: Redriven,
    refusals: [400, 413]
  },
  "post /v1/dead-letters/:id/redrive": {
    summary: "Try a letter again: a fact as it came or mended, a payment as it came, what a channel did not take",
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
