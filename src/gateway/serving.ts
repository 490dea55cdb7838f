/**
 * What the gateway asks of a server for HTTP and WebSockets, and what both of them share.
 *
 * Routes get plain requests and give plain responses; sockets are handed over as ports. Bodies are collected up to the
 * contract's limit; what is larger is refused without being kept.
 */
import { Schema } from "effect"
import type { Principal } from "../../actors/access/may.ts"
import { SOCKET_BACKPRESSURE_BYTES_MAX } from "../../config/limits.ts"

export interface Request {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** The query as it came, without the question mark: some signatures are over its characters. */
  readonly search: string
  readonly address: string
  /** Names in lower case; read only where somebody looks at them (`keepsHeaders`). */
  readonly headers: Readonly<Record<string, string>>
  /** `undefined` when it was larger than the limit. */
  readonly body: Uint8Array | undefined
  readonly receivedAtMs: number
}

/** A request on its way to its route: who sends it is known, and may do it. */
export interface AskedRequest extends Request {
  readonly principal: Principal
}

export interface Response {
  readonly status: number
  readonly contentType: string
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** Webhooks are signed in their headers; for everything else reading them would cost each request. */
export const keepsHeaders = (path: string): boolean =>
  path === "/graphql" ||
  path.startsWith("/v1/channels/") ||
  path.startsWith("/v1/outreach/") ||
  path.startsWith("/v1/payments/")

export type Handle = (request: Request, respond: (response: Response) => void) => void

export interface SocketEvents {
  readonly onFrame: (bytes: ArrayBuffer) => void
  readonly onDrained: () => void
  readonly onClosed: () => void
}

export interface ServerSocket {
  /** Sub-protocol that the handshake agreed to; "": none. */
  readonly protocol: string
  /** Text, or its UTF-8. */
  readonly send: (frame: string | Uint8Array) => void
  readonly unsentBytes: () => number
  readonly follow: (topic: string) => void
  readonly unfollow: (topic: string) => void
  readonly close: (code: number, reason: string) => void
}

/** An address at which sockets are opened. */
export interface SocketPath {
  readonly path: string
  /** The sub-protocol that is spoken there; without one, whatever a client names is agreed to. */
  readonly protocol?: string
  readonly open: (socket: ServerSocket) => SocketEvents
}

/** What the handshake agrees to; "": none of what the client offers. */
export const agreedProtocol = ({ protocol }: SocketPath, offered: string): string => {
  if (protocol === undefined) return offered
  return offered.split(",").some((one) => one.trim() === protocol) ? protocol : ""
}

export interface ServerOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly sockets: ReadonlyArray<SocketPath>
  readonly handle: Handle
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

export const portTaken = ({ host, port }: ServerOptions): ListenFailed =>
  new ListenFailed({ message: `Port ${port} on ${host} is taken; stop what uses it or set PORT to another.` })

/** What the library may keep for one client: stock frames stop far below, answers are watched by `sockets.ts`. */
export const UNSENT_BYTES_MAX = 8 * SOCKET_BACKPRESSURE_BYTES_MAX

export const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  202: "Accepted",
  204: "No Content",
  303: "See Other",
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
