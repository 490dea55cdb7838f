/**
 * How the hub does and the servers that it stands on. A server that does not answer is told as such: the page that says so is
 * what is looked at when one does not.
 */
import { Cause, Effect } from "effect"
import type { NatsShape } from "../../../streams/nats/connection.ts"
import type { ProjectionLag } from "../projections.ts"
import { type RecentFigures, SAMPLE_EVERY_MS } from "../recent-figures.ts"
import type { KindFigures, RecentSamples, ServerFigures, StreamFigures, SystemFigures } from "../system-protocol.ts"
import type { Entry } from "./entry.ts"
import { json } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface ServerLook {
  readonly version: string
  readonly bytes: number
}

/** Each fails with a sentence when the server does not answer. */
export interface ServerLooks {
  readonly redis: Effect.Effect<ServerLook, string>
  readonly postgres: Effect.Effect<ServerLook, string>
}

/** What is asked of a host of any kind of actors. */
interface HostLook {
  readonly book: { readonly size: number; readonly awakeCount: number }
  readonly depth: number
  readonly isStalled: boolean
  readonly standing: { readonly sequence: number }
  readonly stats: { readonly turns: number }
}

export interface SystemServices {
  readonly startedAt: Date
  readonly hosts: Readonly<Record<KindFigures["kind"], HostLook>>
  readonly partitions: Readonly<Record<KindFigures["kind"], number>>
  readonly lags: () => ReadonlyArray<ProjectionLag>
  readonly nats: NatsShape
  readonly servers: ServerLooks
  readonly recent: RecentFigures
  readonly run: (effect: Effect.Effect<void>) => void
}

/** However many look, the servers are asked no more often. */
const ASKED_EVERY_MS = 2_000
const SERVER_WITHIN = "2 seconds"
const KINDS = ["stock", "carts", "customers"] as const

export class SystemRoutes {
  private readonly services: SystemServices
  private asked: { readonly atMs: number; readonly servers: Promise<SystemFigures["servers"]> } | undefined

  constructor(services: SystemServices) {
    this.services = services
  }

  now(respond: Respond): void {
    void this.servers().then((servers) => respond(json(200, this.figures(servers))))
  }

  recently(respond: Respond): void {
    const samples: RecentSamples = { everyMs: SAMPLE_EVERY_MS, items: this.services.recent.items }
    respond(json(200, samples))
  }

  private figures(servers: SystemFigures["servers"]): SystemFigures {
    const { hosts, lags, partitions, startedAt } = this.services
    return {
      startedAt: startedAt.toISOString(),
      node: process.version,
      kinds: KINDS.map((kind) => kindOf(kind, hosts[kind], partitions[kind])),
      projections: lags(),
      servers
    }
  }

  private servers(): Promise<SystemFigures["servers"]> {
    const now = performance.now()
    if (this.asked === undefined || now - this.asked.atMs > ASKED_EVERY_MS) {
      const { nats, servers } = this.services
      const looks = Effect.all(
        { nats: looked(natsLook(nats)), redis: looked(servers.redis), postgres: looked(servers.postgres) },
        { concurrency: "unbounded" }
      )
      const answer = new Promise<SystemFigures["servers"]>((resolve) =>
        this.services.run(Effect.map(looks, (value) => resolve(value)))
      )
      this.asked = { atMs: now, servers: answer }
    }
    return this.asked.servers
  }
}

const kindOf = (kind: KindFigures["kind"], host: HostLook, partitions: number): KindFigures => ({
  kind,
  partitions,
  known: host.book.size,
  awake: host.book.awakeCount,
  waiting: host.depth,
  turns: host.stats.turns,
  sequence: host.standing.sequence,
  isStalled: host.isStalled
})

/** With the time that its answer took; whatever goes wrong is a sentence. */
const looked = (look: Effect.Effect<ServerLook, string>): Effect.Effect<ServerFigures> =>
  Effect.suspend(() => {
    const askedAt = performance.now()
    return look.pipe(
      Effect.timeoutOrElse({ duration: SERVER_WITHIN, orElse: () => Effect.fail("It did not answer in time.") }),
      Effect.matchCause({
        onFailure: (cause): ServerFigures => ({ isThere: false, message: sentenceOf(cause) }),
        onSuccess: (found): ServerFigures => ({
          isThere: true,
          answeredMs: Math.round((performance.now() - askedAt) * 100) / 100,
          ...found
        })
      })
    )
  })

const sentenceOf = (cause: Cause.Cause<string>): string => {
  const failure = Cause.squash(cause)
  return typeof failure === "string" ? failure : "It did not answer."
}

const natsLook = ({
  connection,
  manager
}: NatsShape): Effect.Effect<ServerLook & { readonly streams: unknown }, string> =>
  Effect.tryPromise({
    try: async () => {
      const streams: Array<StreamFigures> = []
      for await (const { config, state } of manager.streams.list()) {
        streams.push({ name: config.name, messages: state.messages, bytes: state.bytes })
      }
      streams.sort((left, right) => right.bytes - left.bytes)
      const bytes = streams.reduce((sum, stream) => sum + stream.bytes, 0)
      return { version: connection.info?.version ?? "", bytes, streams }
    },
    catch: () => "NATS does not answer; nothing can be changed until it does."
  })

export const systemEntries = (system: SystemRoutes): ReadonlyArray<Entry> => [
  ["get", "/v1/system", "status.read", (_request, respond) => system.now(respond)],
  ["get", "/v1/system/recent", "status.read", (_request, respond) => system.recently(respond)]
]
