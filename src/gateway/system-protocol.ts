/**
 * The shapes in which the hub tells how it does, and the servers that it stands on; pages and programs read them.
 */
import type { LatencySummary } from "./protocol.ts"

/** One look at the hub; they are taken every few seconds. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly commandsPerSecond: number
  readonly changesPerSecond: number
  readonly answerMs: LatencySummary
  readonly appendMs: LatencySummary
  /** Of the projection that is furthest behind. */
  readonly lagSeconds: number
  readonly sockets: number
  readonly rssBytes: number
  readonly heapBytes: number
  /** Share of the time that the hub's own thread was at work since the look before. */
  readonly loopShare: number
}

/** `GET /v1/system/recent`: the oldest first. */
export interface RecentSamples {
  readonly everyMs: number
  readonly items: ReadonlyArray<Sample>
}

/** One kind of actors. */
export interface KindFigures {
  readonly kind: "stock" | "carts" | "customers"
  readonly partitions: number
  readonly known: number
  readonly awake: number
  /** Mail that waits for a turn. */
  readonly waiting: number
  readonly turns: number
  /** Of the journal. */
  readonly sequence: number
  /** An append's fate is not known. */
  readonly isStalled: boolean
}

export interface StreamFigures {
  readonly name: string
  readonly messages: number
  readonly bytes: number
}

export type ServerFigures =
  | { readonly isThere: false; readonly message: string }
  | {
      readonly isThere: true
      readonly version: string
      /** From the question to the answer. */
      readonly answeredMs: number
      readonly bytes: number
      readonly streams?: ReadonlyArray<StreamFigures>
    }

/** `GET /v1/system`. */
export interface SystemFigures {
  readonly startedAt: string
  readonly node: string
  readonly kinds: ReadonlyArray<KindFigures>
  readonly projections: ReadonlyArray<{
    readonly name: string
    readonly lagEvents: number
    readonly lagSeconds: number
  }>
  readonly servers: Readonly<Record<"nats" | "redis" | "postgres", ServerFigures>>
}
