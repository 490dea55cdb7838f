/**
 * The addresses of cart recovery: its settings, its figures, and what is due.
 */
import { Schema } from "effect"
import { ATTRIBUTION_WINDOW_DAYS_MAX, GROUPINGS } from "../../../actors/recovery/attribution.ts"
import { CHANNELS } from "../../../actors/recovery/channel.ts"
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from "../../../config/limits.ts"
import {
  BUDGET_DAYS_DEFAULT,
  BUDGET_DAYS_MAX,
  MASKED_AT_ONCE_MAX,
  RECOVERY_PAGE_DEFAULT
} from "../../../config/recovery.ts"
import type { BudgetView, RecoveryQueue, SuppressedList } from "../../recovery/figures-protocol.ts"
import type { Preview as PreviewShape, SettingsView, VersionsPage } from "../../recovery/protocol.ts"
import type { Descriptions } from "./description.ts"
import { after, before, DateOrMoment, limitUpTo } from "./queries.ts"
import { KeptSettings, PreviewAsked, RecoverySettingsChange } from "./recovery-bodies.ts"
import { Figures } from "./recovery-figures.ts"
import { refusalWith } from "./refusal-shapes.ts"
import { Currency, done, integerFrom, isReplayed, Minor, Moment, nullable, Units, Version } from "./values.ts"

const { optionalKey } = Schema

const versionLine = {
  version: Version,
  at: optionalKey(Moment.annotate({ description: "Absent for version 0, which nobody has saved." })),
  by: Schema.String,
  note: optionalKey(Schema.String)
}

const SettingsSeen: Schema.Codec<SettingsView> = done("RecoverySettingsSeen", {
  ...versionLine,
  isCurrent: Schema.Boolean,
  settings: KeptSettings
})

const Versions: Schema.Codec<VersionsPage> = Schema.Struct({
  items: Schema.Array(Schema.Struct(versionLine)),
  next: optionalKey(Schema.Int.annotate({ description: "The before of the page that follows." }))
}).annotate({ identifier: "RecoverySettingsVersions" })

const Message = Schema.Struct({
  channel: Schema.Literals(CHANNELS),
  form: Schema.Literals(["template", "free"]),
  text: optionalKey(Schema.String),
  subject: optionalKey(Schema.String),
  template: optionalKey(Schema.Struct({ name: Schema.String, variables: Schema.Record(Schema.String, Schema.String) })),
  characters: optionalKey(Units),
  segments: optionalKey(Units),
  alphabet: optionalKey(Schema.Literals(["GSM", "UCS-2"])),
  costClass: Schema.Literals(["segment", "template", "conversation", "mail", "none"])
})

const Preview: Schema.Codec<PreviewShape> = done("RecoveryPreview", {
  faults: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })),
  sequenceId: optionalKey(Schema.String),
  steps: Schema.Array(
    Schema.Struct({
      step: Units,
      delayMs: Schema.Finite,
      template: Schema.String,
      mayOffer: Schema.Boolean,
      example: optionalKey(Schema.Struct({ offerKey: Schema.String, code: Schema.String })),
      messages: Schema.Array(Message)
    })
  )
})

const Budget: Schema.Codec<BudgetView> = done("RecoveryBudget", {
  isOffering: Schema.Boolean,
  currency: optionalKey(Schema.String),
  zone: optionalKey(Schema.String),
  leftMinor: optionalKey(Minor.annotate({ description: "Of today's; absent: no offers are made." })),
  days: Schema.Array(
    Schema.Struct({
      day: Schema.String,
      limitMinor: optionalKey(Minor),
      spentMinor: Minor,
      reservedMinor: Minor.annotate({ description: "What offers that are not settled yet may still cost." })
    })
  )
})

const Queue: Schema.Codec<RecoveryQueue> = done("RecoveryQueue", {
  at: Moment,
  running: Units,
  underWay: Units,
  withinAnHour: Units,
  items: Schema.Array(
    Schema.Struct({
      recoveryId: Schema.String,
      customerId: Schema.String,
      cart: Schema.String,
      sequence: Schema.String,
      step: Units,
      phase: Schema.Literals(["waiting", "planned", "sending", "retrying"]),
      channel: nullable(Schema.String),
      dueAt: Moment,
      leftAt: Moment,
      messages: Units
    })
  ),
  next: optionalKey(Schema.String)
})

const Suppressed: Schema.Codec<SuppressedList> = done("SuppressedList", {
  count: Units,
  items: Schema.Array(
    Schema.Struct({
      address: Schema.String.annotate({ description: "Masked." }),
      channel: Schema.String,
      reason: Schema.String,
      at: Moment
    })
  ),
  next: optionalKey(Schema.String)
})

const SettingsRefusal = refusalWith("RecoverySettingsRefusal", ["unknown_version", "unknown_cart"])

const set = {
  summary: "Change the settings",
  details: "Refused with version_conflict when somebody else has changed them since.",
  body: RecoverySettingsChange,
  answer: done("RecoverySettingsChanged", {
    changed: Schema.Boolean,
    version: optionalKey(Version),
    replayed: isReplayed
  }),
  refusals: [400, 409, 413, 429, 503]
} as const

export const MaskedPage = Schema.Struct({ after, limit: limitUpTo(MASKED_AT_ONCE_MAX, RECOVERY_PAGE_DEFAULT) })

export const VersionQuery = Schema.Struct({ version: optionalKey(integerFrom(0, 999_999_999)) })

export const VersionsQuery = Schema.Struct({
  before,
  limit: limitUpTo(PAGE_LIMIT_MAX, PAGE_LIMIT_DEFAULT)
})

export const FiguresQuery = Schema.Struct({
  from: optionalKey(DateOrMoment),
  to: optionalKey(DateOrMoment),
  windowDays: optionalKey(integerFrom(1, ATTRIBUTION_WINDOW_DAYS_MAX)),
  by: optionalKey(Schema.Literals(GROUPINGS)),
  currency: optionalKey(Currency)
})

export const BudgetQuery = Schema.Struct({
  days: optionalKey(integerFrom(1, BUDGET_DAYS_MAX).annotate({ description: `Default ${BUDGET_DAYS_DEFAULT}.` }))
})

export const recovery = {
  "get /v1/recovery/settings": {
    summary: "The settings of now, or of a version",
    query: VersionQuery,
    answer: SettingsSeen,
    refusals: [400, 404, 503],
    refusal: SettingsRefusal
  },
  "post /v1/recovery/settings": set,
  "put /v1/recovery/settings": set,
  "get /v1/recovery/settings/versions": {
    summary: "Who changed the settings, newest first",
    query: VersionsQuery,
    answer: Versions,
    refusals: [400, 503]
  },
  "post /v1/recovery/preview": {
    summary: "What would be said about a cart, by these settings or those of now",
    body: PreviewAsked,
    answer: Preview,
    refusals: [400, 404, 413, 503],
    refusal: SettingsRefusal
  },
  "get /v1/recovery/figures": {
    summary: "How recovery does, beside those who were not written to",
    query: FiguresQuery,
    answer: Figures,
    refusals: [400, 503]
  },
  "get /v1/recovery/budget": {
    summary: "What offers have cost, and may cost",
    query: BudgetQuery,
    answer: Budget,
    refusals: [400, 503]
  },
  "get /v1/recovery/queue": { summary: "What is due", query: MaskedPage, answer: Queue, refusals: [400, 503] },
  "get /v1/recovery/suppressed": {
    summary: "Who is not written to, and why",
    query: MaskedPage,
    answer: Suppressed,
    refusals: [400, 503]
  }
} as const satisfies Descriptions
