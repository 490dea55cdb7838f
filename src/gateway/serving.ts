/**
 * What the gateway asks of a server for HTTP and WebSockets, and what both of them share.
 *
 * Routes get plain requests and give plain responses; sockets are handed over as ports. Bodies are collected up to the
 * contract's limit; what is larger is refused without being kept.
 */
import { Schema } from "effect"
import type { Known } from "../access/principal.ts"
import { SOCKET_BACKPRESSURE_BYTES_MAX } from "../../config/limits.ts"
import type { Decoded } from "./decode.ts"
import { current } from "../tracing/tracing.ts"

export interface Request {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** The query as it came, without the question mark: some signatures are over its characters. */
  readonly search: string
  readonly address: string
  /** Names in lower case; all of them, or of what nobody looks at only those that say which page sends it. */
  readonly headers: Readonly<Record<string, string>>
  /** `undefined` when it was larger than the limit. */
  readonly body: Uint8Array | undefined
  /** The body as JSON, where somebody has read it already. */
  readonly read?: Decoded<unknown> | undefined
  readonly receivedAtMs: number
}

/** A request on its way to its route: who sends it is known, and may do it. */
export interface AskedRequest extends Request {
  readonly principal: Known
}

export interface Response {
  readonly status: number
  readonly contentType: string
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** Webhooks are signed in their headers, traces stand there, and some answers depend on them; for everything else reading them would cost. */
export const needsHeaders = (path: string): boolean =>
  current() !== undefined ||
  path === "/graphql" ||
  path.startsWith("/v1/access/") ||
  path.startsWith("/v1/channels/") ||
  path.startsWith("/v1/outreach/") ||
  path.startsWith("/v1/payments/")

export type Handle = (request: Request, respond: (response: Response) => void) => void

export interface SocketEvents {
  readonly onFrame: (bytes: ArrayBuffer) => void
  readonly onDrained: () => void
  readonly onClosed: () => void
}

/** Who opens a socket, as the handshake says it. */
export interface Opening {
  readonly headers: Readonly<Record<string, string>>
  readonly address: string
}

export interface ServerSocket {
  readonly opening: Opening
  /** Sub-protocol that the handshake agreed to; "": none. */
  readonly protocol: string
  /** Text, or its UTF-8, whose bytes it has taken when it returns. */
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
  /** Of every request all headers are read, and not only where `needsHeaders` says so. */
  readonly keepsAllHeaders?: boolean
  /** Proxies in front whose X-Forwarded-For is believed; 0 unless given. */
  readonly proxiesTrusted?: number
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

/**
 * Who called, when proxies stand in front: each of them puts the address it was called from at the end of X-Forwarded-For, so
 * only so many entries from the end are true, and those before are whatever the client has written.
 */
export const callerOf = (direct: string, forwarded: string | undefined, proxiesTrusted: number): string => {
  if (proxiesTrusted === 0 || forwarded === undefined || forwarded === "") return direct
  const entries = forwarded.split(",")
  const said = entries[Math.max(0, entries.length - proxiesTrusted)]?.trim() ?? ""
  return said === "" || said.length > ADDRESS_LENGTH_MAX ? direct : said
}

/** An IPv6 address with its zone. */
const ADDRESS_LENGTH_MAX = 64

/** Of what only reads, by which name the hub is called. */
export const HOST_ALONE = ["host"] as const

/** Of a request that changes something, these are always read: they say which page sends it. */
export const ORIGIN_HEADERS = ["origin", "host", "sec-fetch-site"] as const

/**
 * With every answer, unless it says otherwise: nothing here is to be framed, run or guessed at, and no address of a page goes
 * to where its links lead. Pages bring a policy of their own.
 */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin"
}

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
  414: "URI Too Long",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable"
}
