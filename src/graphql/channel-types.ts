/**
 * The channels' part of the schema, in the shapes of `src/channels/protocol.ts`.
 */
export const CHANNEL_TYPES = /* GraphQL */ `
  extend type Query {
    channels: [Channel!]
    listings(channel: String!, after: String, limit: Int = 100): ListingPage
    "The channel lists it, and no SKU stands behind it."
    unmapped(channel: String!, after: String, limit: Int = 100): UnmappedPage
    "Happenings that cannot become facts yet."
    held(channel: String!, after: String, limit: Int = 100): HeldPage
    "Listings that were given up."
    deadListings(channel: String!, after: String, limit: Int = 100): DeadListingPage
  }

  extend type Mutation {
    "A sku of null takes the mapping away."
    mapListings(channel: String!, mappings: [Mapping!]!): Mapped
    "Maps what the channel lists by the merchant's own SKUs."
    adoptListings(channel: String!, dryRun: Boolean): Adopted
    redrive(channel: String!, all: Boolean, listingIds: [String!]): Redriven
    discard(channel: String!, reason: String!, listingIds: [String!], heldIds: [String!]): Discarded
    reconcile(channel: String!, dryRun: Boolean): Reconciliation
    "Tells the channel of a package."
    confirmShipment(channel: String!, shipment: ShipmentInput!): Shipped
    resumeChannel(channel: String!): Resumed
  }

  type Channel {
    name: String!
    adapter: String!
    "ok, throttled, down, suspended or shadow."
    state: String!
    message: String
    lastFailure: Failure
    pollFailure: PollFailure
    "When it last answered; null: never since the hub started."
    aliveAt: DateTime
    listings: Int!
    unmapped: Int!
    behind: Int!
    waiting: Int!
    freshness: Freshness!
    startedMs: Quantiles!
    syncedMs: Quantiles!
    callsPerSecond: Float!
    writesPerSecond: Float!
    writes: SafeInt!
    "By how they ended."
    calls: [Count!]!
    "Happenings told by the channel, by type."
    events: [Count!]!
    held: Int!
    deadLetters: Int!
    stuck: Int!
    refusedDeliveries: SafeInt!
    driftCorrected: SafeInt!
  }

  type Failure {
    message: String!
    at: DateTime!
  }

  type PollFailure {
    kind: String!
    message: String!
    count: Int!
  }

  "1 is fresh, 0 stale for 30 seconds."
  type Freshness {
    least: Float!
    mean: Float!
  }

  type Listing {
    listingId: String!
    sku: String!
    wanted: SafeInt
    version: SafeInt
    shown: SafeInt
    inStep: Boolean!
    freshness: Float!
    written: Written
    confirmedAt: DateTime
    attempts: Int!
    retryAt: DateTime
    givenUp: GivenUp
  }

  type Written {
    version: SafeInt!
    quantity: SafeInt!
    at: DateTime
  }

  type GivenUp {
    version: SafeInt!
    quantity: SafeInt!
    attempts: Int!
    code: String!
    message: String!
    at: DateTime
    discarded: String
  }

  type ListingPage {
    items: [Listing!]!
    next: String
  }

  type Unmapped {
    listingId: String!
    sku: String
    quantity: SafeInt!
    seenAt: DateTime
  }

  type UnmappedPage {
    items: [Unmapped!]!
    next: String
  }

  type Held {
    id: String!
    type: String!
    listingId: String
    quantity: SafeInt
    why: String!
    detail: String!
    at: DateTime
  }

  type HeldPage {
    items: [Held!]!
    next: String
  }

  type DeadListing {
    listingId: String!
    sku: String!
    quantity: SafeInt!
    version: SafeInt!
    attempts: Int!
    code: String!
    message: String!
    at: DateTime
    "What would be sent now."
    wanted: SafeInt
  }

  type DeadListingPage {
    items: [DeadListing!]!
    next: String
  }

  input Mapping {
    listingId: String!
    sku: String
  }

  input ShipmentInput {
    orderId: String!
    "Names the package: the same again is told once."
    packageId: Int!
    carrier: String!
    method: String
    tracking: String!
    shippedAt: DateTime!
    lines: [ShippedLine!]!
  }

  input ShippedLine {
    lineId: String!
    quantity: Int!
  }

  type Shipped {
    orderId: String!
    packageId: Int!
  }

  type Mapped {
    mapped: Int!
    "Held happenings that became facts."
    released: Int!
  }

  type Adopted {
    isDryRun: Boolean!
    found: Int!
    mapped: Int!
    released: Int!
    withoutSku: Int!
    "The first of those whose SKU the hub does not know."
    unknown: [Unknown!]!
  }

  type Unknown {
    listingId: String!
    sku: String!
  }

  type Redriven {
    redriven: Int!
  }

  type Discarded {
    discarded: Int!
  }

  type Resumed {
    channel: String!
  }

  type Reconciliation {
    channel: String!
    isDryRun: Boolean!
    startedAt: DateTime!
    tookMs: Float!
    compared: Int!
    skipped: Int!
    unmapped: Int!
    missing: [String!]!
    driftCount: Int!
    causes: [Count!]!
    drift: [Drift!]!
  }

  type Drift {
    listingId: String!
    sku: String!
    shown: SafeInt!
    wanted: SafeInt!
    version: SafeInt!
    cause: String!
    since: DateTime
  }
`
