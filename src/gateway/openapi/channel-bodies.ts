/**
 * What operators say to a channel: the channels' thread reads it by these schemas.
 */
import { Schema } from "effect"
import { FRAME_MESSAGES_MAX, ID_LENGTH_MAX, LINES_MAX } from "../../../config/limits.ts"
import { GivenMoment, Id, nullable, Quantity, Reason, rule, textUpTo } from "./values.ts"

const { optionalKey } = Schema

export const Mapping = Schema.Struct({
  listingId: textUpTo(512),
  sku: nullable(Id).annotate({
    description: "null takes the mapping away.",
    wanted: `as a string of 1 to ${ID_LENGTH_MAX} characters, or null to take the mapping away`
  })
}).annotate({ identifier: "Mapping" })

export const Mappings = Schema.Union([Mapping, Schema.Array(Mapping).check(Schema.isMaxLength(FRAME_MESSAGES_MAX))])

const Ids = Schema.Array(Schema.String)
const SomeIds = Ids.check(Schema.isMinLength(1))

export const Chosen = Schema.Struct({
  all: optionalKey(Schema.Boolean),
  listingIds: optionalKey(SomeIds)
})
  .check(
    rule(
      ({ all, listingIds }) => all === true || listingIds !== undefined,
      "listingIds",
      'Send {"all": true} or {"listingIds": [...]}.'
    )
  )
  .annotate({ identifier: "ChosenListings", description: "all as true, or listingIds." })

export const Discard = Schema.Struct({
  reason: Reason,
  listingIds: optionalKey(Ids),
  heldIds: optionalKey(Ids)
})
  .check(
    rule(
      ({ heldIds = [], listingIds = [] }) => heldIds.length + listingIds.length > 0,
      "listingIds",
      'Send {"listingIds": [...]} or {"heldIds": [...]}; all at once is not discarded.'
    )
  )
  .annotate({ identifier: "Discard", description: "At least one of listingIds and heldIds." })

export const DryRun = Schema.Struct({
  dryRun: optionalKey(Schema.Boolean.annotate({ description: "true: only tell; default false." }))
}).annotate({ identifier: "DryRun" })

export const Shipment = Schema.Struct({
  orderId: Id,
  packageId: Quantity,
  carrier: Id,
  method: optionalKey(Id),
  tracking: Id,
  shippedAt: GivenMoment,
  lines: Schema.Array(Schema.Struct({ lineId: Id, quantity: Quantity })).check(Schema.isBetweenLength(1, LINES_MAX))
}).annotate({ identifier: "Shipment" })
