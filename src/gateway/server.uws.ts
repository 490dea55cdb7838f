/**
 * The server on uWebSockets.js, the only file that knows it.
 */
import { Deferred, Effect, Exit, type Scope } from "effect"
import uws, { type HttpRequest, type HttpResponse, type WebSocket, type WebSocketBehavior } from "uWebSockets.js"
import { FRAME_BYTES_MAX, HEADERS_LENGTH_MAX, SOCKET_IDLE_SECONDS } from "../../config/limits.ts"
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
  type SocketEvents,
  type SocketPath,
  UNSENT_BYTES_MAX
} from "./serving.ts"

interface SocketData {
  readonly opening: Opening
  readonly protocol: string
  events: SocketEvents | undefined
  open: boolean
}

type Socket = WebSocket<SocketData>

export const serveUws = (options: ServerOptions): Effect.Effect<RunningServer, ListenFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.flatMap(
      Effect.sync(() => start(options)),
      (started) => Effect.map(Deferred.await(started.listening), (port) => ({ ...started, port }))
    ),
    (started) => Effect.sync(started.stop)
  )

/** Where there is no binary for this Node the library has a stand-in that cannot publish to topics. */
export const isNative =
  (uws as { readonly LIBUS_LISTEN_EXCLUSIVE_PORT?: number }).LIBUS_LISTEN_EXCLUSIVE_PORT !== undefined

/** Missing from the library's types. Without it a second hub would share the port and take half of the clients. */
const EXCLUSIVE = (uws as unknown as { readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number }).LIBUS_LISTEN_EXCLUSIVE_PORT

type ListenExclusively = (host: string, port: number, options: number, done: (token: unknown) => void) => void

const start = (options: ServerOptions) => {
  const app = uws.App()
  const sockets = new Set<Socket>()
  const listening = Deferred.makeUnsafe<number, ListenFailed>()
  let listenSocket: unknown
  for (const path of options.sockets) app.ws(path.path, behaviour(path, sockets, options))
  app.any("/*", (response, request) => onRequest(response, request, options))
  const listen = app.listen.bind(app) as unknown as ListenExclusively
  listen(options.host, options.port, EXCLUSIVE, (token) => {
    listenSocket = token
    const exit = token
      ? Exit.succeed(uws.us_socket_local_port(token as uws.us_listen_socket))
      : Exit.fail(portTaken(options))
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

const behaviour = (path: SocketPath, sockets: Set<Socket>, options: ServerOptions): WebSocketBehavior<SocketData> => ({
  maxPayloadLength: FRAME_BYTES_MAX,
  maxBackpressure: UNSENT_BYTES_MAX,
  idleTimeout: SOCKET_IDLE_SECONDS,
  sendPingsAutomatically: true,
  upgrade: (response, request, context) => {
    const headers = allHeaders(request)
    if (headers === undefined) return tooManyHeaders(response)
    const protocol = agreedProtocol(path, request.getHeader("sec-websocket-protocol"))
    response.upgrade<SocketData>(
      {
        opening: { headers, address: addressOf(response, request, options.proxiesTrusted ?? 0) },
        protocol,
        events: undefined,
        open: true
      },
      request.getHeader("sec-websocket-key"),
      protocol,
      request.getHeader("sec-websocket-extensions"),
      context
    )
  },
  open: (socket) => {
    sockets.add(socket)
    socket.getUserData().events = path.open(portOf(socket))
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

/** After a socket is closed its native half is gone: touching it throws. */
const portOf = (socket: Socket): ServerSocket => {
  const data = socket.getUserData()
  return {
    opening: data.opening,
    protocol: data.protocol,
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

const onRequest = (
  response: HttpResponse,
  request: HttpRequest,
  { handle, keepsAllHeaders, proxiesTrusted = 0 }: ServerOptions
): void => {
  const search = request.getQuery() ?? ""
  const isAll = keepsAllHeaders === true || needsHeaders(request.getUrl())
  const headers = isAll ? allHeaders(request) : originHeaders(request)
  if (headers === undefined) return tooManyHeaders(response)
  const head = {
    method: request.getMethod(),
    path: request.getUrl(),
    query: new URLSearchParams(search),
    search,
    address: addressOf(response, request, proxiesTrusted),
    headers,
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

const addressOf = (response: HttpResponse, request: HttpRequest, proxiesTrusted: number): string => {
  const direct = Buffer.from(response.getRemoteAddressAsText()).toString()
  return proxiesTrusted === 0 ? direct : callerOf(direct, request.getHeader("x-forwarded-for"), proxiesTrusted)
}

const originHeaders = (request: HttpRequest): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = {}
  for (const name of request.getMethod() === "get" ? HOST_ALONE : ORIGIN_HEADERS) {
    const value = request.getHeader(name)
    if (value !== "") headers[name] = value
  }
  return headers
}

/** `undefined`: there are more than anybody reads. */
const allHeaders = (request: HttpRequest): Readonly<Record<string, string>> | undefined => {
  const headers: Record<string, string> = {}
  let length = 0
  request.forEach((name, value) => {
    length += name.length + value.length
    headers[name] = value
  })
  return length > HEADERS_LENGTH_MAX ? undefined : headers
}

const tooManyHeaders = (response: HttpResponse): void =>
  void response.cork(() => response.writeStatus(`431 ${reasons[431] ?? ""}`).end("", true))

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
  for (const name in SAFE_HEADERS) {
    if (answer.headers?.[name] === undefined) response.writeHeader(name, SAFE_HEADERS[name] as string)
  }
  for (const name in answer.headers) response.writeHeader(name, answer.headers[name] as string)
  if (headOnly) response.endWithoutBody(Buffer.byteLength(answer.body))
  else response.end(answer.body)
}
