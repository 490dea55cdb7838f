/**
 * How recovery does, as a schema.
 */
import { Schema } from "effect"
import { GROUPINGS } from "../../../actors/recovery/attribution.ts"
import type { Figures as FiguresShape } from "../../recovery/figures-protocol.ts"
import { done, Minor, Moment, Units } from "./values.ts"

const { optionalKey } = Schema

const Interval = Schema.Struct({ difference: Schema.Finite, low: Schema.Finite, high: Schema.Finite }).annotate({
  identifier: "Interval",
  description: "With its 95 % interval."
})

const Group = Schema.Struct({ customers: Units, bought: Units, revenueMinor: Minor }).annotate({
  identifier: "GroupFigures"
})

const Compared = Schema.Struct({
  treated: Group,
  holdout: Group,
  verdict: Schema.Literals(["not-enough-yet", "lift", "loss", "no-difference-shown"]),
  saying: Schema.String,
  baseline: optionalKey(
    Schema.Struct({ bought: Schema.Finite, revenueMinor: Schema.Finite }).annotate({
      description: "What those who were written to would have bought anyway."
    })
  ),
  lift: optionalKey(Schema.Struct({ conversion: Interval, revenueMinor: optionalKey(Interval) }))
}).annotate({ identifier: "Compared" })

const Counts = Schema.Record(Schema.String, Schema.Finite)

const Row = Schema.Struct({
  group: Schema.String,
  messages: Units,
  conversions: Units,
  revenueMinor: Counts,
  segments: Units,
  costMicroMinor: Counts.annotate({ description: "Millionths of a minor unit, by currency." }),
  compared: optionalKey(Compared)
})

const Day = Schema.Struct({
  day: Schema.String,
  treated: Group,
  holdout: Group,
  baselineMinor: optionalKey(Schema.Finite),
  liftMinor: optionalKey(Interval)
})

const Funnel = Schema.Struct({
  left: Units,
  heldOut: Units,
  begun: Units,
  written: Units,
  bought: Units,
  replied: Units,
  withheld: Counts,
  endings: Counts
})

export const Figures: Schema.Codec<FiguresShape> = done("RecoveryFigures", {
  from: Moment,
  to: Moment,
  windowDays: Units,
  by: Schema.Literals(GROUPINGS),
  currency: optionalKey(Schema.String),
  currencies: Schema.Array(Schema.String),
  total: Compared,
  waiting: Units.annotate({ description: "Customers whose window is not over." }),
  groups: Schema.Array(Row),
  saying: optionalKey(Schema.String),
  days: Schema.Array(Day).annotate({ description: "Cumulated, by the day on which the cart was left." }),
  funnel: Funnel
})
