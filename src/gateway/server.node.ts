/**
 * The server on Node's own HTTP and the `ws` library, for a Node that uWebSockets.js has no binary for.
 */
import {
  createServer,
  type IncomingMessage,
  type ServerOptions as HttpServerOptions,
  type Server,
  type ServerResponse
} from "node:http"
import type { AddressInfo, Socket as RawSocket } from "node:net"
import type { Duplex } from "node:stream"
import { Effect, type Scope } from "effect"
import { WebSocket, WebSocketServer } from "ws"
import { FRAME_BYTES_MAX, HEADERS_LENGTH_MAX, REQUEST_MS_MAX, SOCKET_IDLE_SECONDS } from "../../config/limits.ts"
import {
  agreedProtocol,
  callerOf,
  type ListenFailed,
  type Opening,
  HOST_ALONE,
  ORIGIN_HEADERS,
  needsHeaders,
  portTaken,
  reasons,
  type Response,
  SAFE_HEADERS,
  type RunningServer,
  type ServerOptions,
  type ServerSocket,
  type SocketPath,
  UNSENT_BYTES_MAX
} from "./serving.ts"

export const serveNode = (options: ServerOptions): Effect.Effect<RunningServer, ListenFailed, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(listen(options), (served) => Effect.promise(() => served.stop())),
    ({ server, sockets }) => ({
      port: (server.address() as AddressInfo).port,
      publish: (topic, frame) => sockets.publish(topic, frame),
      sockets: () => sockets.size,
      closeSockets: (code, reason) => sockets.close(code, reason)
    })
  )

const listen = (options: ServerOptions) =>
  Effect.callback<{ server: Server; sockets: Sockets; stop: () => Promise<void> }, ListenFailed>((resume) => {
    const sockets = new Sockets(options)
    const server = createServer(BOUNDS, (request, response) => onRequest(request, response, options))
    server.on("upgrade", (request, socket, head) => sockets.upgrade(request, socket, head))
    server.once("error", () => resume(Effect.fail(portTaken(options))))
    const stop = (): Promise<void> =>
      new Promise((resolve) => {
        sockets.stop()
        server.close(() => resolve())
        server.closeIdleConnections()
        // A client that keeps its connection open would keep the hub.
        setTimeout(() => server.closeAllConnections(), STOP_MS_MAX).unref()
      })
    server.listen({ host: options.host, port: options.port, exclusive: true }, () =>
      resume(Effect.succeed({ server, sockets, stop }))
    )
  })

/** uWebSockets.js closes what comes slower than some kilobytes a second after as long, however busily it trickles. */
const BOUNDS: HttpServerOptions = {
  maxHeaderSize: HEADERS_LENGTH_MAX,
  headersTimeout: REQUEST_MS_MAX,
  requestTimeout: REQUEST_MS_MAX,
  keepAliveTimeout: REQUEST_MS_MAX,
  connectionsCheckingInterval: REQUEST_MS_MAX / 10
}
const STOP_MS_MAX = 1_000
const NORMAL_GOING_AWAY = 1001

interface Served {
  readonly path: SocketPath
  readonly server: WebSocketServer
}

const socketServer = (path: SocketPath): WebSocketServer =>
  new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES_MAX,
    clientTracking: false,
    handleProtocols: (offered) => agreedProtocol(path, [...offered].join(",")) || false
  })

class Sockets {
  private readonly servers: ReadonlyMap<string, Served>
  private readonly open = new Set<WebSocket>()
  private readonly alive = new WeakSet<WebSocket>()
  private readonly topics = new Map<string, Set<WebSocket>>()
  private readonly heartbeat: NodeJS.Timeout
  private readonly options: ServerOptions

  constructor(options: ServerOptions) {
    this.options = options
    this.servers = new Map(options.sockets.map((path) => [path.path, { path, server: socketServer(path) }]))
    this.heartbeat = setInterval(() => this.ping(), (SOCKET_IDLE_SECONDS * 1_000) / 2)
  }

  get size(): number {
    return this.open.size
  }

  upgrade(request: IncomingMessage, raw: Duplex, head: Buffer): void {
    const served = this.servers.get((request.url ?? "/").split("?", 1)[0] as string)
    if (served === undefined) {
      raw.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n")
      return
    }
    const { path, server } = served
    server.handleUpgrade(request, raw, head, (socket) => {
      const opening = { headers: allHeaders(request), address: addressOf(request, this.options.proxiesTrusted ?? 0) }
      this.join(path, socket, raw as RawSocket, opening)
    })
  }

  publish(topic: string, frame: string): void {
    for (const socket of this.topics.get(topic) ?? []) send(socket, frame)
  }

  close(code: number, reason: string): void {
    for (const socket of this.open) socket.close(code, reason)
  }

  stop(): void {
    clearInterval(this.heartbeat)
    this.close(NORMAL_GOING_AWAY, "the hub is going down")
  }

  private join(path: SocketPath, socket: WebSocket, raw: RawSocket, opening: Opening): void {
    this.open.add(socket)
    this.alive.add(socket)
    const followed = new Set<string>()
    const events = path.open(this.portOf(socket, followed, opening))
    socket.on("message", (data: Buffer) => {
      this.alive.add(socket)
      events.onFrame(Uint8Array.from(data).buffer)
    })
    socket.on("pong", () => this.alive.add(socket))
    raw.on("drain", () => events.onDrained())
    // What is wrong with a frame closes the socket; there is nothing to add.
    socket.on("error", () => undefined)
    socket.on("close", () => {
      this.open.delete(socket)
      for (const topic of followed) this.leave(topic, socket)
      events.onClosed()
    })
  }

  private portOf(socket: WebSocket, followed: Set<string>, opening: Opening): ServerSocket {
    return {
      opening,
      protocol: socket.protocol,
      send: (frame) => send(socket, frame),
      unsentBytes: () => socket.bufferedAmount,
      follow: (topic) => {
        if (socket.readyState !== WebSocket.OPEN) return
        followed.add(topic)
        const followers = this.topics.get(topic)
        if (followers === undefined) this.topics.set(topic, new Set([socket]))
        else followers.add(socket)
      },
      unfollow: (topic) => {
        followed.delete(topic)
        this.leave(topic, socket)
      },
      close: (code, reason) => socket.close(code, reason)
    }
  }

  private leave(topic: string, socket: WebSocket): void {
    const followers = this.topics.get(topic)
    followers?.delete(socket)
    if (followers?.size === 0) this.topics.delete(topic)
  }

  private ping(): void {
    for (const socket of this.open) {
      if (!this.alive.has(socket)) socket.terminate()
      else {
        this.alive.delete(socket)
        socket.ping()
      }
    }
  }
}

/** Past the bound a frame is dropped, as the other server does. */
const send = (socket: WebSocket, frame: string | Uint8Array): void => {
  if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount >= UNSENT_BYTES_MAX) return
  socket.send(typeof frame === "string" ? frame : Buffer.from(frame), { binary: false })
}

const onRequest = (
  request: IncomingMessage,
  response: ServerResponse,
  { handle, keepsAllHeaders, proxiesTrusted = 0 }: ServerOptions
): void => {
  const [path = "/", search = ""] = (request.url ?? "/").split(/\?(.*)/s)
  const head = {
    method: (request.method ?? "GET").toLowerCase(),
    path,
    query: new URLSearchParams(search),
    search,
    address: addressOf(request, proxiesTrusted),
    headers: keepsAllHeaders === true || needsHeaders(path) ? allHeaders(request) : originHeaders(request),
    receivedAtMs: performance.now()
  }
  const respond = (answer: Response): void => {
    if (response.headersSent || response.destroyed) return
    write(response, answer, head.method === "head")
  }
  if (head.method === "get" || head.method === "head") return handle({ ...head, body: new Uint8Array(0) }, respond)
  collectBody(request, (body) => handle({ ...head, body }, respond))
}

const addressOf = ({ headers, socket }: IncomingMessage, proxiesTrusted: number): string => {
  const forwarded = headers["x-forwarded-for"]
  return callerOf(
    socket.remoteAddress ?? "",
    Array.isArray(forwarded) ? forwarded.join(",") : forwarded,
    proxiesTrusted
  )
}

const originHeaders = (request: IncomingMessage): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = {}
  for (const name of request.method === "GET" ? HOST_ALONE : ORIGIN_HEADERS) {
    const value = request.headers[name]
    if (typeof value === "string") headers[name] = value
  }
  return headers
}

const allHeaders = (request: IncomingMessage): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = {}
  for (const name in request.headers) {
    const value = request.headers[name]
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value
  }
  return headers
}

const collectBody = (request: IncomingMessage, done: (body: Uint8Array | undefined) => void): void => {
  let chunks: Array<Buffer> = []
  let size = 0
  request.on("data", (chunk: Buffer) => {
    size += chunk.length
    if (size <= FRAME_BYTES_MAX) chunks.push(chunk)
    else chunks = []
  })
  request.on("end", () => done(size <= FRAME_BYTES_MAX ? Buffer.concat(chunks) : undefined))
}

const write = (response: ServerResponse, answer: Response, headOnly: boolean): void => {
  response.writeHead(answer.status, reasons[answer.status] ?? "", {
    "content-type": answer.contentType,
    ...SAFE_HEADERS,
    "content-length": Buffer.byteLength(answer.body),
    ...answer.headers
  })
  response.end(headOnly ? undefined : answer.body)
}
