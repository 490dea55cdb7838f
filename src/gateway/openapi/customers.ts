/**
 * The addresses of customers and their personal data. How somebody is reached is sealed where it is kept, and shown masked.
 */
import { Schema } from "effect"
import { MASKED_AT_ONCE_MAX, RECOVERY_PAGE_DEFAULT } from "../../../config/recovery.ts"
import type { Timeline as TimelineShape } from "../../recovery/figures-protocol.ts"
import { AnyChannel, CustomerRequest } from "./customer-bodies.ts"
import { Access } from "./personal-access.ts"
import type { Descriptions } from "./description.ts"
import { after, limitUpTo } from "./queries.ts"
import { refusalWith } from "./refusal-shapes.ts"
import { Anything, done, isReplayed, Moment, Version } from "./values.ts"

const { optionalKey } = Schema

const Customer = done("Customer", {
  customerId: Schema.String,
  name: optionalKey(Schema.String.annotate({ description: "Masked." })),
  optedOutAt: optionalKey(Moment),
  preferred: optionalKey(Schema.Array(AnyChannel)),
  zone: optionalKey(Schema.String),
  country: optionalKey(Schema.String),
  points: Schema.Array(
    Schema.Struct({
      channel: AnyChannel,
      address: optionalKey(Schema.String.annotate({ description: "Masked." })),
      consentedAt: optionalKey(Moment),
      suppressed: optionalKey(Schema.String.annotate({ description: "Why nobody is written to there." }))
    })
  ),
  messages: Schema.Array(Anything),
  withheld: optionalKey(Anything.annotate({ description: "Why nothing was sent, channel by channel." })),
  recovery: optionalKey(Anything.annotate({ description: "What is under way, and how it ended." })),
  orders: Anything,
  offers: Schema.Array(Anything),
  offerReasons: Schema.Array(Anything)
})

const AccessRecord = Schema.Struct({
  who: Schema.String,
  why: Schema.String,
  action: Schema.Literals(["opened", "exported", "erased"]),
  fields: Schema.Array(Schema.String),
  at: Moment
}).annotate({ identifier: "AccessRecord" })

const Timeline: Schema.Codec<TimelineShape> = done("Timeline", {
  items: Schema.Array(Schema.StructWithRest(Schema.Struct({ at: Moment, type: Schema.String }), [Anything])),
  next: optionalKey(Schema.String)
})

const refusal = refusalWith("CustomerRefusal", ["unknown_customer", "customer_erased", "nothing_kept"])

export const customers = {
  "get /v1/customers/:customer": {
    summary: "A customer, as far as recovery knows them",
    answer: Customer,
    refusals: [400, 404, 503],
    refusal
  },
  "post /v1/customers/:customer/requests": {
    summary: "How a customer may be reached, and that they want no more",
    body: CustomerRequest,
    answer: done("CustomerChanged", { changed: Schema.Boolean, version: optionalKey(Version), replayed: isReplayed }),
    refusals: [400, 409, 410, 413, 429, 503],
    refusal
  },
  "get /v1/customers/:customer/timeline": {
    summary: "What happened with a customer, newest first",
    query: Schema.Struct({ after, limit: limitUpTo(MASKED_AT_ONCE_MAX, RECOVERY_PAGE_DEFAULT) }),
    answer: Timeline,
    refusals: [400, 404, 503],
    refusal
  },
  "post /v1/customers/:customer/personal-data/export": {
    summary: "All that there is of a customer",
    details: "Who asks and why is recorded before anything is shown. One export at a time.",
    body: Access,
    answer: done("CustomerExport", {
      customerId: Schema.String,
      at: Moment,
      records: Schema.Array(Schema.Unknown),
      accesses: Schema.Array(AccessRecord),
      carts: Schema.Array(Anything)
    }),
    refusals: [400, 404, 413, 429, 503],
    refusal
  },
  "post /v1/customers/:customer/personal-data/erase": {
    summary: "The end of a customer's personal data, for ever",
    body: Access,
    answer: done("CustomerErased", { customerId: Schema.String, erased: Schema.Literal(true) }),
    refusals: [400, 404, 413, 503],
    refusal
  },
  "get /v1/customers/:customer/personal-data/accesses": {
    summary: "Who has seen a customer's personal data, and why",
    answer: done("Accesses", { customerId: Schema.String, accesses: Schema.Array(AccessRecord) }),
    refusals: [400, 404, 503],
    refusal
  }
} as const satisfies Descriptions
