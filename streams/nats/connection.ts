/**
 * The one connection to NATS, and publishing with acknowledgements over it.
 *
 * The client's own `js.publish` costs more CPU than everything else a turn does; here one wildcard inbox takes all
 * acknowledgements, which is several times cheaper. A publish that gets none in time is reported as unknown: it may
 * have been stored.
 */
import { connect, createInbox, type Msg, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node"
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream"
import { Context, Effect, Layer, Schedule, Schema } from "effect"
import { percentDecoded, withoutSecret } from "../../config/address.ts"
import { Breaks } from "./breaks.ts"
import { headersOf } from "./headers.ts"

/** NATS cannot be reached, or is not the server the hub needs. */
export class NatsUnavailable extends Schema.TaggedError<NatsUnavailable>()("NatsUnavailable", {
  message: Schema.String
}) {}

/**
 * `timeout`: nobody knows whether it was stored, because no acknowledgement came in time or the line broke. `unavailable`: no
 * stream listened. `refused`: the server said no.
 */
export class PublishFailed extends Schema.TaggedError<PublishFailed>()("PublishFailed", {
  reason: Schema.Literals(["timeout", "unavailable", "refused"]),
  code: Schema.Finite,
  detail: Schema.String
}) {}

/** What a message says of its subject's last sequence, and the codes by which it is refused because that is another. */
export const EXPECTED = "Nats-Expected-Last-Subject-Sequence"
export const WRONG_LAST_SEQUENCE: ReadonlySet<number> = new Set([10071, 10164])

export interface PublishAck {
  readonly seq: number
  readonly duplicate: boolean
}

interface Waiting {
  readonly settle: (outcome: PublishAck | PublishFailed) => void
  readonly deadline: number
}

/** Acknowledgements that may be outstanding; callers bound themselves far below. */
const WAITING_MAX = 65_536
const SWEEP_MS = 250

export class AckPublisher {
  private readonly prefix = `${createInbox()}.`
  private readonly waiting = new Map<string, Waiting>()
  /** Set while anybody waits. */
  private sweeper: NodeJS.Timeout | undefined
  private readonly connection: NatsConnection
  private count = 0

  constructor(connection: NatsConnection, breaks: Breaks) {
    this.connection = connection
    breaks.onBreak(() => this.giveUp(Infinity, "the line broke before an acknowledgement"))
    connection.subscribe(`${this.prefix}*`, {
      callback: (error, message) => {
        if (error === null) this.onAck(message)
      }
    })
  }

  publish(
    subject: string,
    data: Uint8Array,
    options: { readonly headers?: MsgHdrs; readonly timeoutMs: number },
    settle: (outcome: PublishAck | PublishFailed) => void
  ): void {
    if (this.waiting.size >= WAITING_MAX || this.connection.isClosed()) {
      settle(
        new PublishFailed({ reason: "unavailable", code: 0, detail: "too many publishes wait, or NATS is closed" })
      )
      return
    }
    const token = (this.count++).toString(36)
    this.waiting.set(token, { settle, deadline: performance.now() + options.timeoutMs })
    this.sweeper ??= setInterval(() => this.expire(), SWEEP_MS).unref()
    this.connection.publish(subject, data, {
      reply: this.prefix + token,
      ...(options.headers === undefined ? {} : { headers: options.headers })
    })
  }

  close(): void {
    clearInterval(this.sweeper)
  }

  private onAck(message: Msg): void {
    const token = message.subject.slice(this.prefix.length)
    const waiting = this.waiting.get(token)
    if (waiting === undefined) return
    this.waiting.delete(token)
    waiting.settle(readAck(message))
  }

  private expire(): void {
    this.giveUp(performance.now(), "no acknowledgement in time")
    if (this.waiting.size > 0) return
    clearInterval(this.sweeper)
    this.sweeper = undefined
  }

  /** Those whose time is over by then. All are taken out before the first is told: it may publish again at once. */
  private giveUp(untilMs: number, detail: string): void {
    const over = [...this.waiting].filter(([, { deadline }]) => deadline <= untilMs)
    for (const [token] of over) this.waiting.delete(token)
    for (const [, { settle }] of over) settle(new PublishFailed({ reason: "timeout", code: 0, detail }))
  }
}

const readAck = (message: Msg): PublishAck | PublishFailed => {
  if (message.headers?.code === 503) {
    return new PublishFailed({ reason: "unavailable", code: 503, detail: "no stream answers on this subject" })
  }
  const ack = message.json<{ seq?: number; duplicate?: boolean; error?: { err_code: number; description: string } }>()
  if (ack.error !== undefined || ack.seq === undefined) {
    return new PublishFailed({
      reason: "refused",
      code: ack.error?.err_code ?? 0,
      detail: ack.error?.description ?? "the acknowledgement names no sequence"
    })
  }
  return { seq: ack.seq, duplicate: ack.duplicate === true }
}

export interface NatsShape {
  readonly connection: NatsConnection
  readonly breaks: Breaks
  readonly jetstream: JetStreamClient
  readonly manager: JetStreamManager
  readonly publisher: AckPublisher
}

/** `duplicate_window`, schedules and atomic batches need this release. */
const SERVER_MIN = [2, 12] as const

export class Nats extends Context.Service<Nats, NatsShape>()("holdfast/streams/Nats") {
  static readonly layer = (url: string): Layer.Layer<Nats, NatsUnavailable> => Layer.effect(Nats, acquire(url))
}

/**
 * A network that has forgotten a connection does not say so. With the client's own two minutes between pings the hub was
 * unavailable until the third was due; this is fifteen seconds.
 */
const PING_MS = 5_000
const PINGS_OUT_MAX = 2

/** The client takes a user and password, or a token alone, beside the address and not in it. */
export const serverOf = (url: string): { servers: string; user?: string; pass?: string; token?: string } => {
  if (!URL.canParse(url)) return { servers: url }
  const { username, password, host, protocol } = new URL(url)
  if (username === "") return { servers: url }
  const servers = `${protocol}//${host}`
  const user = percentDecoded(username)
  return password === "" ? { servers, token: user } : { servers, user, pass: percentDecoded(password) }
}

const acquire = Effect.fnUntraced(function* (url: string) {
  const connection = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () =>
        connect({
          ...serverOf(url),
          noAsyncTraces: true,
          maxReconnectAttempts: -1,
          reconnectTimeWait: 50,
          pingInterval: PING_MS,
          maxPingOut: PINGS_OUT_MAX,
          name: "holdfast"
        }),
      catch: (cause) =>
        new NatsUnavailable({
          message: `NATS does not answer at ${withoutSecret(url)} (${String(cause)}); start it or set NATS_URL.`
        })
    }).pipe(Effect.retry(Schedule.spaced("250 millis").pipe(Schedule.upTo({ times: 20 })))),
    // Everything that publishes waits for its acknowledgements itself, so closing needs no drain.
    (open) => Effect.promise(() => open.close())
  )
  const breaks = new Breaks(connection)
  yield* checkVersion(connection.info?.version ?? "0")
  const manager = yield* Effect.tryPromise({
    try: () => jetstreamManager(connection),
    catch: () =>
      new NatsUnavailable({
        message: `The NATS server at ${withoutSecret(url)} runs without JetStream; start it with -js.`
      })
  })
  const publisher = yield* Effect.acquireRelease(
    Effect.sync(() => new AckPublisher(connection, breaks)),
    (open) => Effect.sync(() => open.close())
  )
  return Nats.of({ connection, breaks, jetstream: jetstream(connection), manager, publisher })
})

const checkVersion = (version: string): Effect.Effect<void, NatsUnavailable> => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return major > SERVER_MIN[0] || (major === SERVER_MIN[0] && minor >= SERVER_MIN[1])
    ? Effect.void
    : Effect.fail(
        new NatsUnavailable({ message: `NATS ${version} is too old; ${SERVER_MIN.join(".")} or newer is needed.` })
      )
}

/** Publishes and waits for the acknowledgement; see `PublishFailed` for the ways it can end otherwise. */
export const publishAcked = (
  publisher: AckPublisher,
  subject: string,
  data: Uint8Array,
  options: { readonly headers?: Record<string, string>; readonly timeoutMs: number }
): Effect.Effect<PublishAck, PublishFailed> =>
  Effect.callback((resume) => {
    const given = options.headers === undefined ? {} : { headers: headersOf(options.headers) }
    publisher.publish(subject, data, { ...given, timeoutMs: options.timeoutMs }, (outcome) =>
      resume(outcome instanceof PublishFailed ? Effect.fail(outcome) : Effect.succeed(outcome))
    )
  })
