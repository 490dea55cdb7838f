/**
 * The settings of recovery as an editor sends them, whole: the hub reads them by these schemas. What is wrong in what they
 * mean is told by `actors/recovery/settings.ts`.
 */
import { Schema } from "effect"
import { CART_TOTAL_MINOR_MAX } from "../../../actors/cart/limits.ts"
import { CHANNELS } from "../../../actors/recovery/channel.ts"
import { CATALOGUE_MAX } from "../../../actors/recovery/incentive-rules.ts"
import type { RecoverySettings as Settings } from "../../../actors/recovery/settings.ts"
import { SEQUENCES_MAX, TEMPLATES_MAX } from "../../../actors/recovery/settings.ts"
import { ID_LENGTH_MAX, LINES_MAX, TEXT_LENGTH_MAX } from "../../../config/limits.ts"
import { BY_HUB } from "../../recovery/seed.ts"
import { integerFrom, MutationId, NOTHING_TO_SAY, textUpTo } from "./values.ts"

const { Boolean, Finite, optionalKey, String } = Schema

/** Far more than may be there, and not so many that naming what is wrong with them takes long. */
const ENTRIES_MAX = 64
const COUNTRIES_MAX = 250

const several = <Item extends Schema.Constraint>(item: Item, most = ENTRIES_MAX) =>
  Schema.Array(item).check(Schema.isMaxLength(most))

const named = <Value extends Schema.Constraint>(value: Value, most: number) =>
  Schema.Record(String, value)
    .check(Schema.isMaxProperties(most))
    .annotate({ wanted: `as a JSON object of at most ${most} names` })

const REASONS = ["left-checkout", "idle-cart"] as const

const Sequence = Schema.Struct({
  sequenceId: String,
  steps: several(Schema.Struct({ delayMs: Finite, channels: several(String), template: String, mayOffer: Boolean })),
  gapMs: Finite,
  expiresMs: Finite,
  fits: Schema.Struct({
    reason: optionalKey(
      Schema.Literals(REASONS).annotate({ wanted: "as left-checkout or idle-cart, or leave it out for both" })
    ),
    segment: optionalKey(String),
    minimumMinor: optionalKey(Finite),
    belowMinor: optionalKey(Finite),
    currency: optionalKey(String)
  })
}).annotate({ identifier: "RecoverySequence" })

const Template = Schema.Struct({ text: String, subject: String, approved: String }).annotate({
  identifier: "RecoveryTemplate"
})

const Hours = Schema.Struct({
  opensMinute: Finite,
  closesMinute: Finite,
  closedDays: several(Finite.annotate({ wanted: "as a number from 0 (Sunday) to 6" }))
}).annotate({ identifier: "ContactHours" })

const Contact = Schema.Struct({
  hours: Hours,
  hoursByCountry: named(Hours, COUNTRIES_MAX),
  zoneWhenUnknown: optionalKey(String),
  caps: several(
    Schema.Struct({ channel: optionalKey(Schema.Literals(CHANNELS)), messagesMax: Finite, windowMs: Finite })
  ),
  patienceMs: Finite,
  oneTextCountries: several(String, COUNTRIES_MAX),
  textWithinMs: Finite,
  holdoutShare: Finite,
  holdoutSalt: String
}).annotate({ identifier: "ContactPolicy" })

const Terms = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("free-shipping") }),
  Schema.Struct({
    kind: Schema.Literal("percentage"),
    basisPoints: Finite.annotate({ wanted: "Say how much: basisPoints, from 1 to 10000 hundredths of a percent." })
  }),
  Schema.Struct({
    kind: Schema.Literal("amount"),
    amountMinor: Finite.annotate({ wanted: "Say how much: amountMinor, from 1 minor unit." })
  })
])

/** In the order in which they are kept: one content is one text. */
const Offers = Schema.Struct({
  currency: String.annotate({
    wanted: "Offers are made in one currency: name it by three capital letters, such as GBP."
  }),
  zone: String.annotate({
    wanted: "A budget's day ends at the shop's midnight: name its time zone, such as Europe/London."
  }),
  shippingCostMinor: Finite.annotate({
    wanted: "Say what it costs the shop to send an order, in minor units; 0 if it costs nothing."
  }),
  costBasisPoints: optionalKey(Finite),
  marginFloorBasisPoints: Finite,
  dailyBudgetMinor: Finite,
  catalogue: several(Schema.Struct({ offerKey: String, terms: Terms, says: optionalKey(String) }), CATALOGUE_MAX),
  offerTtlMs: Finite,
  offersPerCustomerMax: Finite,
  offersWindowMs: Finite,
  goodsMinimumMinor: Finite,
  scarceUnits: Finite,
  loyalOrders: Finite,
  loyalRevenueMinor: Finite,
  loyalDiscountShare: Finite,
  discountShareMax: Finite,
  returnShareMax: Finite
}).annotate({ identifier: "OfferRules" })

const offers = Schema.NullOr(Offers).annotate({
  wanted: "as the rules by which offers are made, or null where none are"
})

const settings = {
  sequences: several(Sequence, SEQUENCES_MAX),
  templates: named(Template, TEMPLATES_MAX),
  contact: Contact,
  attributionMs: Finite
}

/** Versions of before offers were among the settings have none. */
export const KeptSettings: Schema.Codec<Settings> = Schema.Struct({
  ...settings,
  offers: optionalKey(offers)
}).annotate({
  identifier: "KeptRecoverySettings"
})

export const RecoverySettings: Schema.Codec<Required<Settings>> = Schema.Struct({ ...settings, offers }).annotate({
  identifier: "RecoverySettings",
  description: "See RECOVERY.md. What is wrong is told in faults, each with its place."
})

/** Around the settings, which are read apart: everything that is wrong in them is told. */
export const ChangeHead = Schema.Struct({
  mutationId: MutationId,
  expectedVersion: integerFrom(0, 1_000_000_000).annotate({ description: "The version that was changed." }),
  by: textUpTo(ID_LENGTH_MAX)
    .check(Schema.makeFilter<string>((by) => by.trim() !== "" && by !== BY_HUB, NOTHING_TO_SAY))
    .annotate({
      description: "Who changes them, while the hub is open; else who asks.",
      wanted: `as who changes the settings; ${BY_HUB} is the hub's own`
    }),
  note: optionalKey(textUpTo(TEXT_LENGTH_MAX))
})

export const RecoverySettingsChange = Schema.Struct({ ...ChangeHead.fields, settings: RecoverySettings }).annotate({
  identifier: "RecoverySettingsChange"
})

export const PreviewAsked = Schema.Struct({
  settings: optionalKey(
    Schema.Unknown.annotate({ description: "As RecoverySettings; what is wrong in them is told in faults." })
  ),
  sequenceId: optionalKey(textUpTo(ID_LENGTH_MAX)),
  cart: optionalKey(textUpTo(ID_LENGTH_MAX)),
  lines: optionalKey(
    Schema.Array(Schema.Struct({ sku: textUpTo(ID_LENGTH_MAX), name: optionalKey(textUpTo(TEXT_LENGTH_MAX)) }))
      .check(Schema.isMaxLength(LINES_MAX))
      .annotate({ wanted: `as an array of at most ${LINES_MAX}, each with sku and name` })
  ),
  reason: optionalKey(Schema.Literals(REASONS)),
  totalMinor: optionalKey(integerFrom(0, CART_TOTAL_MINOR_MAX)),
  currency: optionalKey(textUpTo(3)),
  segment: optionalKey(textUpTo(64))
}).annotate({ identifier: "RecoveryPreviewAsked" })
