/**
 * The addresses of the hub as a whole: how it is, and what it can do.
 */
import { Schema } from "effect"
import type { HubStatus } from "../protocol.ts"
import type { RecentSamples, SystemFigures } from "../system-protocol.ts"
import type { Descriptions } from "./description.ts"
import { Anything, done, Moment, Units, Version } from "./values.ts"

const { optionalKey } = Schema

const Well = done("Well", {})

const Latency = Schema.Struct({ p50: Schema.Finite, p95: Schema.Finite, p99: Schema.Finite }).annotate({
  identifier: "Latency",
  description: "Milliseconds."
})

const Projections = Schema.Array(
  Schema.Struct({ name: Schema.String, lagEvents: Schema.Finite, lagSeconds: Schema.Finite })
)

const Status: Schema.Codec<HubStatus> = Schema.Struct({
  startedAt: Moment,
  access: Schema.Literals(["open", "required"]).annotate({
    description: "open: everybody on this machine may do everything, since no access control is configured."
  }),
  skus: Units,
  sockets: Units,
  openHolds: Units,
  commandsPerSecond: Schema.Finite,
  changesPerSecond: Schema.Finite,
  answerMs: Latency,
  appendMs: Latency,
  lowStock: Units,
  oversellIncidents: Units.annotate({ description: "Since the start of the process." }),
  conflatedSockets: Units,
  factsSequence: Version,
  projections: Projections
}).annotate({ identifier: "HubStatus" })

const Samples: Schema.Codec<RecentSamples> = Schema.Struct({
  everyMs: Schema.Finite,
  items: Schema.Array(
    Schema.Struct({
      at: Schema.Finite.annotate({ description: "Milliseconds since the epoch." }),
      commandsPerSecond: Schema.Finite,
      changesPerSecond: Schema.Finite,
      answerMs: Latency,
      appendMs: Latency,
      lagSeconds: Schema.Finite,
      sockets: Units,
      rssBytes: Schema.Finite,
      heapBytes: Schema.Finite,
      loopShare: Schema.Finite
    })
  )
}).annotate({ identifier: "RecentSamples" })

const Server = Schema.Union([
  Schema.Struct({ isThere: Schema.Literal(false), message: Schema.String }),
  Schema.Struct({
    isThere: Schema.Literal(true),
    version: Schema.String,
    answeredMs: Schema.Finite,
    bytes: Schema.Finite,
    streams: optionalKey(
      Schema.Array(Schema.Struct({ name: Schema.String, messages: Schema.Finite, bytes: Schema.Finite }))
    )
  })
]).annotate({ identifier: "ServerFigures" })

const System: Schema.Codec<SystemFigures> = Schema.Struct({
  startedAt: Moment,
  node: Schema.String,
  kinds: Schema.Array(
    Schema.Struct({
      kind: Schema.Literals(["stock", "carts", "customers"]),
      partitions: Units,
      known: Units,
      awake: Units,
      waiting: Units.annotate({ description: "Mail that waits for a turn." }),
      turns: Units,
      sequence: Version,
      isStalled: Schema.Boolean
    })
  ),
  projections: Projections,
  servers: Schema.Struct({ nats: Server, redis: Server, postgres: Server })
}).annotate({ identifier: "SystemFigures" })

export const hub = {
  "get /healthz": { summary: "Whether the process is there", answer: Well, refusals: [] },
  "get /readyz": { summary: "Whether it takes requests", answer: Well, refusals: [503] },
  "get /metrics": {
    summary: "Figures for Prometheus",
    answer: { mediaType: "text/plain" },
    refusals: []
  },
  "get /v1/status": { summary: "The hub's figures at this moment", answer: Status, refusals: [] },
  "get /v1/system": { summary: "The hub's actors and the servers that it stands on", answer: System, refusals: [] },
  "get /v1/system/recent": {
    summary: "Looks at the hub over the last quarter of an hour, oldest first",
    answer: Samples,
    refusals: []
  },
  "get /v1/openapi.json": {
    summary: "This document",
    details: "The page at /docs shows it to people.",
    answer: Anything,
    refusals: []
  }
} as const satisfies Descriptions
