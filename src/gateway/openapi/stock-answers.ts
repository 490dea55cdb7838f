/**
 * What the hub says of its stock, as schemas.
 */
import { Schema } from "effect"
import type { LedgerLine, StockLevels } from "../history-protocol.ts"
import type * as Protocol from "../protocol.ts"
import { RejectedFact } from "./refusal-shapes.ts"
import { Anything, done, isReplayed, Moment, nullable, Units, Version } from "./values.ts"

const { optionalKey } = Schema

const numbers = {
  sku: Schema.String,
  version: Version.annotate({ description: "Of the SKU, one more with each change." }),
  available: Units.annotate({ description: "physical - allocated; below zero when more was sold than there was." }),
  physical: Units,
  allocated: Units.annotate({ description: "Units in open holds." })
}

const StockNumbers: Schema.Codec<Protocol.StockNumbers> = Schema.Struct(numbers).annotate({
  identifier: "StockNumbers"
})

const LocationStock = Schema.Struct({ locationId: Schema.String, physical: Units, allocated: Units }).annotate({
  identifier: "LocationStock"
})

const view = {
  ...numbers,
  safetyThreshold: Units,
  locations: optionalKey(Schema.Array(LocationStock))
}

const StockView: Schema.Codec<Protocol.StockView> = Schema.Struct(view).annotate({ identifier: "StockView" })

const next = optionalKey(
  Schema.String.annotate({ description: "The after of the page that follows; absent on the last." })
)

/** A page of things, and where the one behind it begins. */
export const pageOf = <Item extends Schema.Constraint>(identifier: string, item: Item) =>
  Schema.Struct({ items: Schema.Array(item), next }).annotate({ identifier })

/** The same, of a part that says ok. */
export const okPageOf = <Item extends Schema.Constraint>(identifier: string, item: Item) =>
  done(identifier, { items: Schema.Array(item), next })

export const StockPage: Schema.Codec<Protocol.StockPage> = pageOf("StockPage", StockView)

export const LocationPage: Schema.Codec<Protocol.LocationPage> = pageOf(
  "LocationPage",
  Schema.Struct({
    locationId: Schema.String,
    skus: Units,
    physical: Units.annotate({ description: "Over all SKUs, as allocated is." }),
    allocated: Units,
    soldOut: Units.annotate({ description: "SKUs of which none is available there." })
  }).annotate({ identifier: "Location" })
)

export const StockAtPage: Schema.Codec<Protocol.StockAtPage> = pageOf(
  "StockAtPage",
  Schema.Struct({ sku: Schema.String, physical: Units, allocated: Units, available: Units }).annotate({
    identifier: "StockAt"
  })
)

export const SkuAnswer: Schema.Codec<Protocol.SkuAnswer> = done("SkuAnswer", {
  ...view,
  holdId: optionalKey(Schema.String),
  expiresAt: optionalKey(Moment),
  replayed: isReplayed
})

export const LinesAnswer: Schema.Codec<Protocol.LinesAnswer> = done("LinesAnswer", {
  holdId: Schema.String,
  expiresAt: optionalKey(Moment),
  lines: Schema.Array(StockNumbers),
  replayed: isReplayed
})

export const FactsTaken = Schema.Struct({
  accepted: Schema.Int.annotate({ description: "Facts that are on the disk." }),
  rejected: Schema.Array(RejectedFact)
}).annotate({ identifier: "FactsTaken" })

export const Synced = Schema.Struct({
  sku: Schema.String,
  synchronized: Schema.Literal(true),
  broadcast_latency_ms: Schema.Finite,
  updated_channels: Schema.Array(Schema.String),
  new_master_stock: Units.annotate({ description: "Physical, over all locations." }),
  timestamp: Moment,
  version: Version,
  drift: optionalKey(
    Schema.Struct({ reported: Units, master: Units, difference: Units }).annotate({
      description: "The channel's total is another than the hub's."
    })
  )
}).annotate({ identifier: "Synced" })

const moment = { version: Version, at: Moment, physical: Units, allocated: Units }

const StockMoment = Schema.Struct(moment).annotate({ identifier: "StockMoment" })

/** Before its first change a SKU is at version 0, at no moment. */
const StockMomentOrNone = Schema.Struct({ ...moment, at: nullable(Moment) }).annotate({
  identifier: "StockMomentOrNone"
})

const LedgerEntry: Schema.Codec<LedgerLine> = Schema.Struct({
  ...moment,
  type: Schema.String,
  mutationId: Schema.String,
  scope: Schema.String,
  quantity: nullable(Units),
  locationId: nullable(Schema.String),
  channel: nullable(Schema.String),
  holdId: nullable(Schema.String),
  reference: nullable(Schema.String),
  reason: nullable(Schema.String),
  physicalBy: Units.annotate({ description: "What this change did to the total." }),
  allocatedBy: Units,
  journalSequence: Version
}).annotate({ identifier: "LedgerLine" })

export const Ledger = pageOf("LedgerPage", LedgerEntry)

const TracedState = Schema.Struct({
  version: Version,
  physical: Units,
  allocated: Units,
  available: Units,
  safetyThreshold: Units,
  locations: Schema.Array(LocationStock),
  openHolds: Units,
  holds: optionalKey(
    Schema.Array(Schema.Struct({ holdId: Schema.String, quantity: Units })).annotate({
      description: "The first of them."
    })
  )
}).annotate({ identifier: "TracedState" })

export const StockThen = done("StockThen", {
  sku: Schema.String,
  sequence: Version.annotate({ description: "Of the commit in the journal." }),
  at: Moment,
  command: Anything.annotate({ description: "As it was asked." }),
  event: Anything.annotate({ description: "What it came to." }),
  state: TracedState,
  newest: StockMoment
})

export const Levels: Schema.Codec<StockLevels & { readonly ok: true; readonly sku: string }> = done("StockLevels", {
  sku: Schema.String,
  first: StockMoment,
  newest: StockMoment,
  items: Schema.Array(StockMoment).annotate({
    description: "Of each stretch of time its last version and its lowest, in order."
  })
})

export const Difference = done("StockDifference", {
  sku: Schema.String,
  from: StockMomentOrNone,
  to: StockMomentOrNone,
  causes: Schema.Array(
    Schema.Struct({
      type: Schema.String,
      channel: nullable(Schema.String),
      changes: Units,
      physical: Units,
      allocated: Units
    })
  ).annotate({ description: "Changes of one type by one channel, together." })
})
