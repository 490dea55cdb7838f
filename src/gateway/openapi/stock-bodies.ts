/**
 * What is said to the stock, as schemas. The hub reads these messages by `decode.ts`, which is several times as fast as a
 * schema; that both take the same messages is checked by properties in `test/gateway/openapi/bodies.test.ts`.
 */
import { Schema } from "effect"
import * as Limits from "../../../config/limits.ts"
import type { FactBody, LinesRequestBody, RequestBody } from "../protocol.ts"
import { GivenMoment, Id, integerFrom, MutationId, Quantity, textUpTo, Threshold } from "./values.ts"

const { optionalKey } = Schema

const Location = Id.annotate({ description: "Default: default." })
const Ttl = integerFrom(Limits.HOLD_TTL_MS_MIN, Limits.HOLD_TTL_MS_MAX).annotate({
  description: `Milliseconds for which the units are held; default ${Limits.HOLD_TTL_MS_DEFAULT}.`
})
const Holder = Id.annotate({ description: "Whose hold it is, where holds are counted." })

const fact = {
  mutationId: MutationId,
  locationId: optionalKey(Location),
  channel: optionalKey(Id),
  occurredAt: optionalKey(GivenMoment),
  reference: optionalKey(textUpTo(Limits.TEXT_LENGTH_MAX)),
  reason: optionalKey(textUpTo(Limits.TEXT_LENGTH_MAX))
}

export const Fact: Schema.Codec<FactBody> = Schema.Union([
  Schema.Struct({
    type: Schema.Literals(["sale", "receipt", "return"]),
    quantity: Quantity,
    toLocationId: optionalKey(Id),
    ...fact
  }),
  Schema.Struct({
    type: Schema.Literal("count"),
    quantity: Threshold.annotate({ description: "The counted total." }),
    toLocationId: optionalKey(Id),
    ...fact
  }),
  Schema.Struct({
    type: Schema.Literal("adjustment"),
    quantity: Schema.Union([integerFrom(-Limits.QUANTITY_MAX, -1), Quantity]).annotate({
      description: "Units more or fewer."
    }),
    toLocationId: optionalKey(Id),
    ...fact
  }),
  Schema.Struct({
    type: Schema.Literal("transfer"),
    quantity: Quantity,
    toLocationId: Id.annotate({ description: "Where the units go." }),
    ...fact
  })
]).annotate({ identifier: "Fact", description: "Something that happened already." })

const Facts = Schema.Array(Fact).check(Schema.isBetweenLength(1, Limits.FRAME_MESSAGES_MAX))

export const FactOrFacts = Schema.Union([Fact, Facts]).annotate({
  identifier: "FactOrFacts",
  description: "One fact of at most 64 KiB, or an array of at most 1 MiB; each is judged alone."
})

const ChannelRule = Schema.Struct({
  buffer: optionalKey(Threshold.annotate({ description: "Units held back from this channel; default 0." })),
  cap: optionalKey(Threshold.annotate({ description: "The most units that it is shown; default: no cap." })),
  ringFenced: optionalKey(Threshold.annotate({ description: "Units that only this channel may take; default 0." }))
}).annotate({ identifier: "ChannelRule" })

const isNamed = Schema.is(Id)

const Buffers = Schema.Record(Schema.String, Schema.Union([Threshold, ChannelRule]))
  .check(
    Schema.isMaxProperties(Limits.CHANNEL_RULES_MAX),
    Schema.makeFilter<object>((rules) => Object.keys(rules).every(isNamed) || "A channel's name is wrong.", {
      toJsonSchema: () => [{ propertyNames: { minLength: 1, maxLength: Limits.ID_LENGTH_MAX } }, true]
    })
  )
  .annotate({ description: "By channel; a bare number is its buffer." })

const Backorder = Schema.Union([
  Schema.Boolean,
  Schema.Struct({ limit: Threshold, kind: optionalKey(Schema.Literals(["backorder", "preorder"])) })
]).annotate({ description: "Units that may be promised beyond what is there; true: without limit; default false." })

const Component = Schema.Struct({ sku: Id, quantity: integerFrom(1, 1_000_000) })

const SETTINGS = ["safetyThreshold", "backorder", "buffers", "components"]

const Configure = Schema.Struct({
  type: Schema.Literal("configure"),
  mutationId: MutationId,
  safetyThreshold: optionalKey(Threshold.annotate({ description: "At or below it one low-stock alert is raised." })),
  backorder: optionalKey(Backorder),
  buffers: optionalKey(Buffers),
  components: optionalKey(
    Schema.Array(Component)
      .check(Schema.isMaxLength(Limits.COMPONENTS_MAX))
      .annotate({ description: "Makes the SKU a bundle that sells these; []: a plain SKU again." })
  )
}).check(
  Schema.makeFilter<object>(
    (settings) => SETTINGS.some((name) => Object.hasOwn(settings, name)) || `Send one of ${SETTINGS.join(", ")}.`,
    { toJsonSchema: () => ({ anyOf: SETTINGS.map((name) => ({ required: [name] })) }) }
  )
)

const hold = { ttlMs: optionalKey(Ttl), channel: optionalKey(Id), holder: optionalKey(Holder) }

const CommitOrRelease = Schema.Struct({
  type: Schema.Literals(["commit", "release"]),
  mutationId: MutationId,
  holdId: Id
})

export const StockRequest: Schema.Codec<RequestBody> = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("reserve"),
    mutationId: MutationId,
    holdId: Id,
    quantity: Quantity,
    locationId: optionalKey(Location),
    ...hold
  }),
  CommitOrRelease,
  Configure,
  Schema.Struct({ type: Schema.Literal("read"), locations: optionalKey(Schema.Boolean) })
]).annotate({ identifier: "StockRequest" })

const Line = Schema.Struct({ sku: Id, quantity: Quantity, locationId: optionalKey(Location) })

export const LinesRequest: Schema.Codec<LinesRequestBody> = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("reserve"),
    mutationId: MutationId,
    holdId: Id,
    lines: Schema.Array(Line).check(Schema.isBetweenLength(1, Limits.LINES_MAX)),
    ...hold
  }),
  CommitOrRelease
]).annotate({ identifier: "LinesRequest", description: "All lines or none." })

export const Sync = Schema.Struct({
  sku: Id,
  quantityChange: integerFrom(-Limits.QUANTITY_MAX, Limits.QUANTITY_MAX).annotate({ description: "0 only compares." }),
  newTotalStock: Schema.Int.annotate({
    description: "The channel's own total, which is compared.",
    wanted: "as an integer: the channel's own total"
  }),
  locationId: optionalKey(Location),
  mutationId: optionalKey(MutationId)
}).annotate({ identifier: "SyncStock" })
