/**
 * How the hub does.
 */
import { demand } from "./allowed.ts"
import type { Part } from "./part.ts"

export const hub: Part = {
  types: /* GraphQL */ `
    extend type Query {
      "The hub's figures at this moment. Latencies in milliseconds."
      status: HubStatus
    }

    type HubStatus {
      startedAt: DateTime!
      skus: Int!
      sockets: Int!
      openHolds: Int!
      commandsPerSecond: Float!
      changesPerSecond: Float!
      answerMs: Quantiles!
      appendMs: Quantiles!
      lowStock: Int!
      oversellIncidents: SafeInt!
      conflatedSockets: SafeInt!
      factsSequence: SafeInt!
      projections: [Projection!]!
    }

    type Quantiles {
      p50: Float
      p95: Float
      p99: Float
    }

    "What is derived from the journal, and how far behind it is."
    type Projection {
      name: String!
      lagEvents: SafeInt!
      lagSeconds: Float!
    }

    "How many there are of what has this name."
    type Count {
      name: String!
      count: SafeInt!
    }
  `,
  resolvers: {
    Query: {
      status: (_source, _args, { principal, services }) => {
        demand(principal, "status.read")
        return services.status()
      }
    }
  }
}
