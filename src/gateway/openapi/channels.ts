/**
 * The addresses of channels: how they are, what they list, and what operators do with them.
 */
import { Schema } from "effect"
import { CHANNEL_LOG_PAGE_MAX } from "../../../config/limits.ts"
import type * as Protocol from "../../channels/protocol.ts"
import { Chosen, Discard, DryRun, Mappings, Shipment } from "./channel-bodies.ts"
import type { Descriptions } from "./description.ts"
import { limitUpTo, Page } from "./queries.ts"
import { refusalWith } from "./refusal-shapes.ts"
import { okPageOf } from "./stock-answers.ts"
import { Anything, done, integerFrom, Moment, nullable, Units, Version } from "./values.ts"

const { optionalKey } = Schema

const Quantiles = Schema.Struct({ p50: Schema.Finite, p95: Schema.Finite, p99: Schema.Finite })
const Counts = Schema.Record(Schema.String, Schema.Finite)

const Health: Schema.Codec<Protocol.ChannelHealth> = Schema.Struct({
  name: Schema.String,
  adapter: Schema.String,
  state: Schema.Literals(["ok", "throttled", "down", "suspended", "shadow"]).annotate({
    description: "down: it fails, and is asked now and then whether it is back; suspended: it waits for an operator."
  }),
  message: optionalKey(Schema.String.annotate({ description: "What the operator is to do." })),
  lastFailure: optionalKey(Schema.Struct({ message: Schema.String, at: Schema.String })),
  pollFailure: optionalKey(Schema.Struct({ kind: Schema.String, message: Schema.String, count: Schema.Finite })),
  aliveAt: nullable(Moment),
  listings: Units,
  unmapped: Units.annotate({ description: "Listings that no SKU stands behind." }),
  behind: Units.annotate({ description: "Listings that do not show what they ought to yet." }),
  waiting: Units,
  freshness: Schema.Struct({ least: Schema.Finite, mean: Schema.Finite }).annotate({
    description: "1: fresh; 0: stale for 30 seconds."
  }),
  startedMs: Quantiles.annotate({ description: "From a change to the start of the call that carries it." }),
  syncedMs: Quantiles.annotate({ description: "From a change to the channel's answer." }),
  syncedCounts: Schema.Array(Schema.Struct({ untilMs: nullable(Schema.Finite), count: Units })).annotate({
    description: "Writes by how long they took; the last is longer than all others."
  }),
  callsPerSecond: Schema.Finite,
  writesPerSecond: Schema.Finite,
  writes: Units,
  calls: Counts.annotate({ description: "By how they ended." }),
  events: Counts.annotate({ description: "By type." }),
  held: Units,
  deadLetters: Units,
  stuck: Units,
  refusedDeliveries: Units,
  driftCorrected: Units
}).annotate({ identifier: "ChannelHealth" })

const Channels = done("ChannelList", { channels: Schema.Array(Health) })

const listing = {
  listingId: Schema.String,
  sku: Schema.String,
  wanted: nullable(Units),
  version: nullable(Version),
  shown: nullable(Units),
  inStep: Schema.Boolean,
  freshness: Schema.Finite,
  written: nullable(
    Schema.Struct({ version: Version, quantity: Units, at: nullable(Moment), previous: optionalKey(Units) })
  ),
  confirmedAt: nullable(Moment),
  attempts: Units,
  retryAt: nullable(Moment),
  givenUp: nullable(
    Schema.Struct({
      version: Version,
      quantity: Units,
      attempts: Units,
      code: Schema.String,
      message: Schema.String,
      at: nullable(Moment),
      discarded: optionalKey(Schema.String)
    })
  )
}

const Listing = Schema.Struct(listing).annotate({ identifier: "Listing" })
const ListingOfSku = Schema.Struct({ channel: Schema.String, ...listing }).annotate({ identifier: "ListingOfSku" })

const Unmapped: Schema.Codec<Protocol.UnmappedItem> = Schema.Struct({
  listingId: Schema.String,
  sku: nullable(Schema.String.annotate({ description: "As the channel has it." })),
  quantity: Units,
  seenAt: nullable(Moment)
}).annotate({ identifier: "UnmappedListing" })

const Held: Schema.Codec<Protocol.HeldItem> = Schema.Struct({
  id: Schema.String,
  type: Schema.String,
  listingId: optionalKey(Schema.String),
  quantity: optionalKey(Units),
  why: Schema.String,
  detail: Schema.String,
  at: nullable(Moment)
}).annotate({ identifier: "HeldHappening" })

const Letter: Schema.Codec<Protocol.DeadListing> = Schema.Struct({
  listingId: Schema.String,
  sku: Schema.String,
  quantity: Units,
  version: Version,
  attempts: Units,
  code: Schema.String,
  message: Schema.String,
  at: nullable(Moment),
  wanted: nullable(Units)
}).annotate({ identifier: "DeadListing" })

const Log: Schema.Codec<Protocol.LogList> = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      at: Moment,
      type: Schema.String,
      listingId: optionalKey(Schema.String),
      quantity: optionalKey(Units),
      version: optionalKey(Version),
      detail: Schema.String
    })
  ),
  next: optionalKey(Schema.String.annotate({ description: "The before of the page that follows." }))
}).annotate({ identifier: "ChannelLog" })

const ChannelRefusal = refusalWith("ChannelRefusal", ["unknown_channel"])
const ShipmentRefusal = refusalWith("ShipmentRefusal", ["unknown_channel", "shipment_refused"])

const reading = { refusals: [400, 404, 503], refusal: ChannelRefusal } as const
const acting = { refusals: [400, 404, 413, 503], refusal: ChannelRefusal } as const

/** As the channel sends them: the adapter reads them and checks who signed. */
const webhook = {
  details: "As the channel sends it; its adapter checks the signature.",
  body: { mediaType: "*/*" },
  answer: done("WebhookTaken", { taken: Units, ignored: optionalKey(Schema.String) }),
  refusals: [400, 401, 404, 413, 503],
  refusal: ChannelRefusal
} as const

export const LogAsked = Schema.Struct({
  before: optionalKey(
    integerFrom(1, Number.MAX_SAFE_INTEGER).annotate({ description: "The next of the page before." })
  ),
  limit: limitUpTo(CHANNEL_LOG_PAGE_MAX, CHANNEL_LOG_PAGE_MAX),
  type: optionalKey(Schema.Literals(["written", "failed", "dead", "mapped", "held"])),
  listing: optionalKey(Schema.String)
})

export const channels = {
  "get /v1/channels": { summary: "How each channel is", answer: Channels, refusals: [503] },
  "get /v1/stock/:sku/listings": {
    summary: "What each channel is to show of a SKU, and shows",
    answer: done("ListingsOfSku", { items: Schema.Array(ListingOfSku) }),
    refusals: [400, 503]
  },
  "get /v1/channels/:channel/listings": {
    summary: "Its listings",
    query: Page,
    answer: okPageOf("ListingPage", Listing),
    ...reading
  },
  "get /v1/channels/:channel/unmapped": {
    summary: "Listings that no SKU stands behind",
    query: Page,
    answer: okPageOf("UnmappedPage", Unmapped),
    ...reading
  },
  "get /v1/channels/:channel/held": {
    summary: "Happenings that cannot become facts yet",
    query: Page,
    answer: okPageOf("HeldPage", Held),
    ...reading
  },
  "get /v1/channels/:channel/dead-letters": {
    summary: "Listings that were given up",
    query: Page,
    answer: okPageOf("DeadListingPage", Letter),
    ...reading
  },
  "get /v1/channels/:channel/log": {
    summary: "What the synchroniser wrote down, newest first",
    query: LogAsked,
    answer: Log,
    refusals: [400, 503]
  },
  "post /v1/channels/:channel/mappings": {
    summary: "Say which SKU stands behind a listing: one mapping or an array",
    body: Mappings,
    answer: done("Mapped", { mapped: Units, released: Units }),
    ...acting
  },
  "post /v1/channels/:channel/mappings/by-sku": {
    summary: "Map every listing whose own SKU the hub knows",
    body: DryRun,
    isBodyOptional: true,
    answer: done("Adopted", {
      isDryRun: Schema.Boolean,
      found: Units,
      mapped: Units,
      released: Units,
      withoutSku: Units,
      unknown: Schema.Array(Schema.Struct({ listingId: Schema.String, sku: Schema.String }))
    }),
    ...acting
  },
  "post /v1/channels/:channel/dead-letters/redrive": {
    summary: "Try listings that were given up again",
    body: Chosen,
    answer: done("Redriven", { redriven: Units }),
    ...acting
  },
  "post /v1/channels/:channel/dead-letters/discard": {
    summary: "Let listings and happenings be, with the reason",
    body: Discard,
    answer: done("Discarded", { discarded: Units }),
    ...acting
  },
  "post /v1/channels/:channel/shipments": {
    summary: "Tell the channel of a package",
    body: Shipment,
    answer: done("Shipped", { orderId: Schema.String, packageId: Units }),
    refusals: [400, 404, 409, 413, 503],
    refusal: ShipmentRefusal
  },
  "post /v1/channels/:channel/reconcile": {
    summary: "Compare what it shows with what it ought to show, and put it right",
    body: DryRun,
    isBodyOptional: true,
    answer: done("Reconciled", {
      channel: Schema.String,
      isDryRun: Schema.Boolean,
      startedAt: Schema.String,
      tookMs: Schema.Finite,
      compared: Units,
      skipped: Units,
      unmapped: Units,
      missing: Schema.Array(Schema.String),
      driftCount: Units,
      causes: Counts,
      drift: Schema.Array(Anything)
    }),
    ...acting
  },
  "post /v1/channels/:channel/resume": {
    summary: "Let a suspended channel go on",
    answer: done("Resumed", { channel: Schema.String }),
    ...reading
  },
  "post /v1/channels/:channel/webhooks": { summary: "What the channel tells", ...webhook },
  "post /v1/channels/:channel/webhooks/:topic": { summary: "What the channel tells of one topic", ...webhook }
} as const satisfies Descriptions
