/**
 * GraphQL over a socket, at `/graphql` with the sub-protocol graphql-transport-ws. `graphql-ws` keeps the protocol; queries
 * and mutations run as over HTTP; subscriptions send their results past the library (`live/`), which would make each
 * subscriber's message anew.
 */
import { isUtf8 } from "node:buffer"
import type { FormattedExecutionResult, GraphQLError, GraphQLFormattedError, GraphQLSchema } from "graphql"
import { type Context, GRAPHQL_TRANSPORT_WS_PROTOCOL, makeServer, type Server } from "graphql-ws"
import { SOCKET_INIT_MS_MAX, SOCKET_OPERATIONS_MAX } from "../../config/graphql.ts"
import {
  ID_LENGTH_MAX,
  MESSAGE_BYTES_MAX,
  SOCKET_BACKPRESSURE_BYTES_MAX,
  SOCKET_UNSENT_BYTES_MAX
} from "../../config/limits.ts"
import type { Principal } from "../../actors/access/may.ts"
import { bearerOf } from "../access/credentials.ts"
import { invalid } from "../gateway/decode.ts"
import type { Entrance } from "../gateway/entrance.ts"
import { type RateLimit, TokenBucket } from "../gateway/rate-limit.ts"
import { SocketGuard } from "../gateway/socket-guard.ts"
import type { ServerSocket, SocketEvents, SocketPath } from "../gateway/serving.ts"
import type { GraphqlContext, GraphqlServices } from "./context.ts"
import type { Documents } from "./documents.ts"
import { Outlet, type OutletSocket } from "./live/outlet.ts"
import { refusal, shown } from "./refusals.ts"

export interface SocketOptions {
  readonly schema: GraphQLSchema
  readonly documents: Documents
  readonly services: GraphqlServices
  readonly rateLimit: RateLimit
  readonly entrance: Entrance
  readonly fault: (error: Error) => void
}

const CLOSE = {
  /** A message is larger than it may be. */
  tooLarge: 1009,
  /** Results are not read. */
  policy: 1008,
  badRequest: 4400,
  internal: 4500
} as const

/** Unsent bytes are looked at each time so many have been handed over: asking costs as much as a small change does. */
const LOOK_EVERY_BYTES = SOCKET_UNSENT_BYTES_MAX / 4
/** What may wait for a socket that asks more than it reads; the library drops frames at twice that. */
const UNREAD_BYTES_MAX = 4 * SOCKET_BACKPRESSURE_BYTES_MAX

export const graphqlSockets = (options: SocketOptions): SocketPath => {
  const server = protocolServer(options)
  return {
    path: "/graphql",
    protocol: GRAPHQL_TRANSPORT_WS_PROTOCOL,
    open: (socket) => new GraphqlSocket(socket, server, options)
  }
}

type Connection = Context<Readonly<Record<string, unknown>> | undefined, GraphqlSocket>

const protocolServer = (options: SocketOptions): Server<GraphqlSocket> => {
  const { documents, fault, schema, services } = options
  const show = shown(fault)
  const told = (error: GraphQLError): GraphQLFormattedError => show(error).toJSON()
  return makeServer<Readonly<Record<string, unknown>> | undefined, GraphqlSocket>({
    connectionInitWaitTimeout: SOCKET_INIT_MS_MAX,
    // Nobody that is known: 4403, as the protocol has it.
    onConnect: ({ connectionParams, extra }) => extra.connect(connectionParams),
    onSubscribe: (connection, id, payload) => {
      const refused = tooBusy(connection) ?? wrongId(id)
      if (refused !== undefined) return [refused]
      const read = documents.read(payload)
      if (!read.ok) return read.errors
      const { cost: _cost, ...runnable } = read.value
      const { address, principal } = connection.extra
      if (principal === undefined) return [notKnown]
      const outlet = new Outlet(connection.extra, id)
      const contextValue: GraphqlContext = { address, principal, services, receivedAtMs: performance.now(), outlet }
      return { schema, ...runnable, contextValue }
    },
    onNext: (_connection, _id, _payload, _args, result) =>
      result.errors && ({ ...result, errors: result.errors.map(told) } as FormattedExecutionResult),
    onError: (_connection, _id, _payload, errors) => errors.map(told)
  })
}

const tooBusy = ({ extra, subscriptions }: Connection): GraphQLError | undefined => {
  const isFast = extra.bucket.take(performance.now()) === false
  if (!isFast && Object.keys(subscriptions).length <= SOCKET_OPERATIONS_MAX) return undefined
  return refusal({
    ok: false,
    code: "overloaded",
    message: isFast
      ? "This socket asks faster than it may; wait for answers and try again."
      : `A socket may have ${SOCKET_OPERATIONS_MAX} operations open; complete some of them first.`
  })
}

const notKnown = refusal({
  ok: false,
  code: "unauthorized",
  message: "It is not known any more who this is; connect again."
})

/** `{"token": …}`, or `{"authorization": "Bearer …"}` as HTTP's header has it. */
const tokenIn = (params: Readonly<Record<string, unknown>> = {}): string | undefined => {
  const { Authorization, authorization = Authorization, token } = params
  if (typeof token === "string") return token
  return typeof authorization === "string" ? bearerOf({ authorization }) : undefined
}

const wrongId = (id: string): GraphQLError | undefined =>
  id.length <= ID_LENGTH_MAX ? undefined : refusal(invalid(`Send id with at most ${ID_LENGTH_MAX} characters.`, "id"))

class GraphqlSocket implements SocketEvents, OutletSocket {
  private readonly guard: SocketGuard
  readonly bucket: TokenBucket
  private readonly port: ServerSocket
  private readonly fault: (error: Error) => void
  private readonly drained = new Set<() => void>()
  private readonly ended: (code?: number, reason?: string) => Promise<void>
  private onMessage: (text: string) => Promise<void> = async () => undefined
  private handedBytes = 0
  private isClosed = false

  constructor(port: ServerSocket, server: Server<GraphqlSocket>, { entrance, fault, rateLimit }: SocketOptions) {
    this.port = port
    this.guard = new SocketGuard(entrance, port)
    this.fault = fault
    this.bucket = new TokenBucket(rateLimit)
    this.ended = server.opened(
      {
        protocol: port.protocol,
        send: (text) => this.send(text),
        close: (code = CLOSE.internal, reason = "") => this.close(code, reason),
        onMessage: (take) => (this.onMessage = take)
      },
      this
    )
  }

  get principal(): Principal | undefined {
    return this.guard.principal
  }

  get address(): string {
    return this.port.opening.address
  }

  /** Whether it is known who this is: by the handshake's headers, or by the key or token that comes with the first message. */
  async connect(params: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    await this.guard.finding
    const token = tokenIn(params)
    if (this.guard.principal === undefined && token !== undefined) {
      this.guard.authenticate(token, () => undefined)
      await this.guard.finding
    }
    return this.guard.principal !== undefined
  }

  onFrame(bytes: ArrayBuffer): void {
    if (bytes.byteLength > MESSAGE_BYTES_MAX)
      return this.close(CLOSE.tooLarge, `a message has at most ${MESSAGE_BYTES_MAX} bytes`)
    const buffer = Buffer.from(bytes)
    if (!isUtf8(buffer)) return this.close(CLOSE.badRequest, "a message is JSON in UTF-8")
    this.onMessage(buffer.toString()).catch((error: Error) => {
      this.fault(error)
      this.close(CLOSE.internal, "the hub could not answer this")
    })
  }

  onDrained(): void {
    for (const drained of this.drained) drained()
  }

  onClosed(): void {
    this.isClosed = true
    this.guard.onClosed()
    this.ended().catch(this.fault)
  }

  whenDrained(drained: () => void): () => void {
    this.drained.add(drained)
    return () => void this.drained.delete(drained)
  }

  send(frame: string | Uint8Array): void {
    if (this.isClosed) return
    this.handedBytes += frame.length
    this.port.send(frame)
    if (this.handedBytes > LOOK_EVERY_BYTES && this.unsentBytes() > UNREAD_BYTES_MAX) {
      this.close(CLOSE.policy, "results are not read")
    }
  }

  unsentBytes(): number {
    return this.port.unsentBytes()
  }

  hasRoom(): boolean {
    if (this.handedBytes <= LOOK_EVERY_BYTES) return true
    if (this.unsentBytes() > SOCKET_UNSENT_BYTES_MAX) return false
    this.handedBytes = 0
    return true
  }

  private close(code: number, reason: string): void {
    if (!this.isClosed) this.port.close(code, reason)
  }
}
