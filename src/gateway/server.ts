/**
 * The only file that knows uWebSockets.js: an HTTP and WebSocket server as a scoped resource.
 *
 * Routes get plain requests and give plain responses; sockets are handed over as ports. Bodies are collected up to the
 * contract's limit; what is larger is refused without being kept.
 */
import { Deferred, Effect, Exit, Schema } from "effect"
import uws, { type HttpRequest, type HttpResponse, type WebSocket } from "uWebSockets.js"
import { FRAME_BYTES_MAX, SOCKET_BACKPRESSURE_BYTES_MAX, SOCKET_IDLE_SECONDS } from "../../config/limits.ts"

export interface Request {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly address: string
  /** `undefined` when it was larger than the limit. */
  readonly body: Uint8Array | undefined
  readonly receivedAtMs: number
}

export interface Response {
  readonly status: number
  readonly contentType: string
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export type Handle = (request: Request, respond: (response: Response) => void) => void

export interface SocketEvents {
  readonly onFrame: (bytes: ArrayBuffer) => void
  readonly onDrained: () => void
  readonly onClosed: () => void
}

export interface ServerSocket {
  readonly send: (frame: string) => void
  readonly unsentBytes: () => number
  readonly follow: (topic: string) => void
  readonly unfollow: (topic: string) => void
  readonly close: (code: number, reason: string) => void
}

export interface ServerOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly socketPath: string
  readonly handle: Handle
  readonly openSocket: (socket: ServerSocket) => SocketEvents
}

export interface RunningServer {
  readonly port: number
  readonly publish: (topic: string, frame: string) => void
  /** Sockets open now. */
  readonly sockets: () => number
  /** Closes every socket with this code. */
  readonly closeSockets: (code: number, reason: string) => void
}

/** The address or port cannot be had. */
export class ListenFailed extends Schema.TaggedError<ListenFailed>()("ListenFailed", { message: Schema.String }) {}

interface SocketData {
  events: SocketEvents | undefined
  open: boolean
}

type Socket = WebSocket<SocketData>

/** What the library may keep for one client: stock frames stop far below, answers are watched by `sockets.ts`. */
const UNSENT_BYTES_MAX = 8 * SOCKET_BACKPRESSURE_BYTES_MAX

export const serve = (options: ServerOptions) =>
  Effect.acquireRelease(
    Effect.flatMap(
      Effect.sync(() => start(options)),
      (started) => Effect.map(Deferred.await(started.listening), (port) => ({ ...started, port }))
    ),
    (started) => Effect.sync(started.stop)
  )

/** Missing from the library's types. Without it a second hub would share the port and take half of the clients. */
const EXCLUSIVE = (uws as unknown as { readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number }).LIBUS_LISTEN_EXCLUSIVE_PORT

type ListenExclusively = (host: string, port: number, options: number, done: (token: unknown) => void) => void

const start = (options: ServerOptions) => {
  const app = uws.App()
  const sockets = new Set<Socket>()
  const listening = Deferred.makeUnsafe<number, ListenFailed>()
  let listenSocket: unknown
  app.ws<SocketData>(options.socketPath, {
    maxPayloadLength: FRAME_BYTES_MAX,
    maxBackpressure: UNSENT_BYTES_MAX,
    idleTimeout: SOCKET_IDLE_SECONDS,
    sendPingsAutomatically: true,
    upgrade: (response, request, context) => {
      response.upgrade<SocketData>(
        { events: undefined, open: true },
        request.getHeader("sec-websocket-key"),
        request.getHeader("sec-websocket-protocol"),
        request.getHeader("sec-websocket-extensions"),
        context
      )
    },
    open: (socket) => {
      sockets.add(socket)
      socket.getUserData().events = options.openSocket(portOf(socket))
    },
    message: (socket, bytes) => socket.getUserData().events?.onFrame(bytes),
    drain: (socket) => socket.getUserData().events?.onDrained(),
    close: (socket) => {
      const data = socket.getUserData()
      data.open = false
      sockets.delete(socket)
      data.events?.onClosed()
    }
  })
  app.any("/*", (response, request) => onRequest(response, request, options.handle))
  const listen = app.listen.bind(app) as unknown as ListenExclusively
  listen(options.host, options.port, EXCLUSIVE, (token) => {
    listenSocket = token
    const exit = token
      ? Exit.succeed(uws.us_socket_local_port(token as uws.us_listen_socket))
      : Exit.fail(
          new ListenFailed({
            message: `Port ${options.port} on ${options.host} is taken; stop what uses it or set PORT to another.`
          })
        )
    Deferred.doneUnsafe(listening, exit)
  })
  const closeSockets = (code: number, reason: string): void => {
    for (const socket of sockets) socket.end(code, reason)
  }
  return {
    listening,
    publish: (topic: string, frame: string) => void app.publish(topic, frame, false),
    sockets: () => sockets.size,
    closeSockets,
    stop: () => {
      if (listenSocket) uws.us_listen_socket_close(listenSocket as uws.us_listen_socket)
      closeSockets(1001, "the hub is going down")
    }
  }
}

/** After a socket is closed its native half is gone: touching it throws. */
const portOf = (socket: Socket): ServerSocket => {
  const data = socket.getUserData()
  return {
    send: (frame) => {
      if (data.open) socket.send(frame, false)
    },
    unsentBytes: () => (data.open ? socket.getBufferedAmount() : 0),
    follow: (topic) => {
      if (data.open) socket.subscribe(topic)
    },
    unfollow: (topic) => {
      if (data.open) socket.unsubscribe(topic)
    },
    close: (code, reason) => {
      if (data.open) socket.end(code, reason)
    }
  }
}

const onRequest = (response: HttpResponse, request: HttpRequest, handle: Handle): void => {
  const head = {
    method: request.getMethod(),
    path: request.getUrl(),
    query: new URLSearchParams(request.getQuery() ?? ""),
    address: Buffer.from(response.getRemoteAddressAsText()).toString(),
    receivedAtMs: performance.now()
  }
  let open = true
  const respond = (answer: Response): void => {
    if (!open) return
    open = false
    response.cork(() => write(response, answer, head.method === "head"))
  }
  response.onAborted(() => {
    open = false
  })
  if (head.method === "get" || head.method === "head") return handle({ ...head, body: new Uint8Array(0) }, respond)
  collectBody(response, (body) => handle({ ...head, body }, respond))
}

const collectBody = (response: HttpResponse, done: (body: Uint8Array | undefined) => void): void => {
  let chunks: Array<Buffer> = []
  let size = 0
  response.onData((chunk, isLast) => {
    size += chunk.byteLength
    // The chunk's memory is only lent for the duration of this call.
    if (size <= FRAME_BYTES_MAX) chunks.push(Buffer.from(new Uint8Array(chunk)))
    else chunks = []
    if (isLast) done(size <= FRAME_BYTES_MAX ? Buffer.concat(chunks) : undefined)
  })
}

const write = (response: HttpResponse, answer: Response, headOnly: boolean): void => {
  response.writeStatus(`${answer.status} ${reasons[answer.status] ?? ""}`)
  response.writeHeader("content-type", answer.contentType)
  response.writeHeader("x-content-type-options", "nosniff")
  for (const name in answer.headers) response.writeHeader(name, answer.headers[name] as string)
  if (headOnly) response.endWithoutBody(Buffer.byteLength(answer.body))
  else response.end(answer.body)
}

const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  202: "Accepted",
  204: "No Content",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  413: "Payload Too Large",
  429: "Too Many Requests",
  503: "Service Unavailable"
}
