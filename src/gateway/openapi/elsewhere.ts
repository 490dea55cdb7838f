/**
 * The addresses beside those of the contract: GraphQL, and what late syncs cost.
 */
import { Schema } from "effect"
import type { Descriptions } from "./description.ts"
import { Anything, Currency, done, integerFrom, Minor, nullable } from "./values.ts"

const { optionalKey } = Schema

const GraphqlAsked = Schema.Struct({
  query: optionalKey(Schema.String),
  operationName: optionalKey(nullable(Schema.String)),
  variables: optionalKey(nullable(Anything)),
  extensions: optionalKey(nullable(Anything))
}).annotate({ identifier: "GraphqlRequest" })

const GraphqlAnswer = Schema.Struct({
  data: optionalKey(nullable(Anything)),
  errors: optionalKey(Schema.Array(Anything)),
  extensions: optionalKey(Anything)
}).annotate({ identifier: "GraphqlAnswer" })

export const graphql = {
  "get /graphql": {
    summary: "A GraphQL query",
    details: "The schema tells of itself. Each field asks for its own action.",
    query: Schema.Struct({
      query: optionalKey(Schema.String),
      operationName: optionalKey(Schema.String),
      variables: optionalKey(Schema.String.annotate({ description: "JSON." })),
      extensions: optionalKey(Schema.String.annotate({ description: "JSON." }))
    }),
    answer: GraphqlAnswer,
    others: { 400: "As GraphQL over HTTP has it." },
    refusals: [413, 503]
  },
  "post /graphql": {
    summary: "A GraphQL query or mutation",
    details: "The schema tells of itself. Each field asks for its own action.",
    body: GraphqlAsked,
    answer: GraphqlAnswer,
    others: { 400: "As GraphQL over HTTP has it." },
    refusals: [413, 503]
  }
} as const satisfies Descriptions

const Loss = Schema.Struct({
  oversellsPerDay: Schema.Finite,
  directLossMinor: Minor,
  lifetimeLossMinor: Minor,
  totalLossMinor: Minor
})
const probable = { oversellProbability: Schema.Finite, ...Loss.fields }
const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })).annotate({
  wanted: "as a share from 0 to 1, such as 0.02 for 2 %"
})
const AtLeastZero = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
const AboveZero = Schema.Finite.check(Schema.isGreaterThan(0)).annotate({ wanted: "as a number above 0" })
const Amount = integerFrom(0, Number.MAX_SAFE_INTEGER).annotate({
  wanted: "as an integer from 0, in minor units (cents)"
})

export const LeakageAsked = Schema.Struct({
  ordersPerDay: AtLeastZero,
  orderValueMinor: Amount,
  lifetimeValueMinor: Amount,
  churn: Share,
  currency: Currency,
  oversellProbability: optionalKey(Share),
  salesPerDay: optionalKey(AtLeastZero),
  unitsPerOrder: optionalKey(AboveZero),
  windowDays: optionalKey(AboveZero)
}).annotate({ identifier: "LeakageAsked" })

export const leakage = {
  "post /v1/leakage": {
    summary: "What late syncs cost a day",
    details: "From assumptions, from the latency of now, and from the hub's own incidents.",
    body: LeakageAsked,
    answer: done("Leakage", {
      assumed: optionalKey(Schema.Struct(probable)),
      fromMeasuredLatency: optionalKey(Schema.Struct({ latencyMs: Schema.Finite, ...probable })),
      fromIncidents: Schema.StructWithRest(Schema.Struct({ windowDays: Schema.Finite }), [Anything])
    }),
    refusals: [400, 413, 503]
  }
} as const satisfies Descriptions
