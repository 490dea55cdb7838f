/**
 * What is done with stock: reserve, commit, release, configure, several lines at once, and facts. Read, refused and answered as
 * over HTTP.
 */
import { wrongSku } from "../gateway/decode.ts"
import { takeEach, wrongCount } from "../gateway/http/stock.ts"
import { submitFact, submitLines, submitRequest } from "../gateway/requests.ts"
import { actionOf, STOCK_REQUEST } from "../access/request-action.ts"
import { act } from "./allowed.ts"
import { given } from "./asking.ts"
import type { Part, Resolver } from "./part.ts"
import { answered, refusal } from "./refusals.ts"

type Body = Readonly<Record<string, unknown>>

const onSku =
  (type: string, body: (args: Body) => Body = given): Resolver =>
  (_source, { sku, ...args }: Body & { readonly sku: string }, context, info) => {
    const { principal, receivedAtMs, services, traceparent } = context
    const received = { receivedAtMs, traceparent, channels: principal.channels }
    const said = { type, ...body(args) }
    const action = actionOf(STOCK_REQUEST, said)
    return act(context, info, { action, target: { names: [sku], channels: [] }, body: said }, () =>
      answered((reply) => submitRequest(services.host, sku, { body: said, ...received }, reply))
    )
  }

const onLines =
  (type: string): Resolver =>
  (_source, args: Body & { readonly lines?: ReadonlyArray<Body> }, context, info) => {
    const { principal, receivedAtMs, services, traceparent } = context
    const { lines } = args
    const received = { receivedAtMs, traceparent, channels: principal.channels }
    const said = { type, ...given(args), ...(lines === undefined ? {} : { lines: lines.map(given) }) }
    return act(context, info, { action: "stock.request", target: { names: [], channels: [] }, body: said }, () =>
      answered((reply) => submitLines(services.host, { body: said, ...received }, reply))
    )
  }

const backordering = (backorder: Body): Body | true => {
  const { limit } = backorder
  return limit === null || limit === undefined ? true : given(backorder)
}

/** Rules by their channels, as HTTP has them. */
const configuring = ({ backorder, buffers, ...args }: Body): Body => ({
  ...given(args),
  ...(backorder === null || backorder === undefined ? {} : { backorder: backordering(backorder as Body) }),
  ...(Array.isArray(buffers)
    ? { buffers: Object.fromEntries(buffers.map(({ channel, ...rule }: Body) => [String(channel), given(rule)])) }
    : {})
})

interface Facts {
  readonly sku: string
  readonly facts: ReadonlyArray<Body>
}

export const stockRequests: Part = {
  types: /* GraphQL */ `
    extend type Mutation {
      "Holds units for a while. The same hold with a new mutation id replaces it."
      reserve(
        sku: String!
        mutationId: String!
        holdId: String!
        quantity: Int!
        ttlMs: SafeInt
        locationId: String
        channel: String
        holder: String
      ): StockAnswer
      "The hold is sold."
      commit(sku: String!, mutationId: String!, holdId: String!): StockAnswer
      release(sku: String!, mutationId: String!, holdId: String!): StockAnswer
      configureStock(
        sku: String!
        mutationId: String!
        safetyThreshold: Int
        backorder: Backorder
        buffers: [ChannelRule!]
        components: [Component!]
      ): StockAnswer
      "Several lines, all or nothing."
      reserveLines(
        mutationId: String!
        holdId: String!
        lines: [LineInput!]!
        ttlMs: SafeInt
        channel: String
        holder: String
      ): LinesAnswer
      commitLines(mutationId: String!, holdId: String!): LinesAnswer
      releaseLines(mutationId: String!, holdId: String!): LinesAnswer
      "What has happened already, each judged alone; answered when the accepted ones are stored durably."
      recordFacts(sku: String!, facts: [FactInput!]!): FactsTaken
    }

    enum FactType {
      sale
      receipt
      return
      count
      adjustment
      transfer
    }

    input FactInput {
      type: FactType!
      mutationId: String!
      quantity: Int!
      locationId: String
      toLocationId: String
      channel: String
      occurredAt: String
      reference: String
      reason: String
    }

    type FactsTaken {
      accepted: Int!
      rejected: [RejectedFact!]!
    }

    type RejectedFact {
      index: Int!
      code: String!
      message: String!
      path: String
    }

    input LineInput {
      sku: String!
      quantity: Int!
      locationId: String
    }

    "Units that may be promised beyond what is there: so many, or any number."
    input Backorder {
      limit: Int
      "backorder or preorder."
      kind: String
    }

    "What one channel may see and sell of a SKU."
    input ChannelRule {
      channel: String!
      buffer: Int
      cap: Int
      ringFenced: Int
    }

    input Component {
      sku: String!
      quantity: Int!
    }

    type StockAnswer {
      sku: String!
      version: SafeInt!
      available: SafeInt!
      physical: SafeInt!
      allocated: SafeInt!
      safetyThreshold: SafeInt!
      holdId: String
      expiresAt: DateTime
      "True when the same mutation id was answered so before."
      replayed: Boolean
    }

    type LinesAnswer {
      holdId: String!
      expiresAt: DateTime
      lines: [LineAnswer!]!
      replayed: Boolean
    }

    type LineAnswer {
      sku: String!
      version: SafeInt!
      available: SafeInt!
      physical: SafeInt!
      allocated: SafeInt!
    }
  `,
  resolvers: {
    Mutation: {
      reserve: onSku("reserve"),
      commit: onSku("commit"),
      release: onSku("release"),
      configureStock: onSku("configure", configuring),
      reserveLines: onLines("reserve"),
      commitLines: onLines("commit"),
      releaseLines: onLines("release"),
      recordFacts: (_source, { facts, sku }: Facts, context, info) => {
        const { receivedAtMs, services, traceparent } = context
        const said = facts.map(given)
        return act(context, info, { action: "stock.fact", target: { names: [sku], channels: [] }, body: said }, () => {
          const wrong = wrongSku(sku) ?? wrongCount(facts)
          if (wrong !== undefined) throw refusal(wrong)
          const received = said.map((fact) => ({ body: fact, receivedAtMs, traceparent }))
          return answered((reply) =>
            takeEach(received, (fact, taken) => submitFact(services.host, sku, fact, taken), reply)
          )
        })
      }
    }
  }
}
