/**
 * The `fetch` that adapters are given. A channel without limits is told several hundred times a second, and most of what
 * such a call costs are the platform's streams and signals around it. So what `callChannel` asks for, a text sent and no
 * redirect followed, goes by the plain requests of undici, which the platform's `fetch` is made of, at a third of the
 * cost; whatever else may be asked of `fetch` is left to the platform's.
 */
import { pipeline, Readable } from "node:stream"
import { createGunzip } from "node:zlib"
import { Agent, type Dispatcher, request } from "undici"
import { TRACEPARENT } from "../tracing/traceparent.ts"
import { placeOfCall } from "../tracing/traced-call.ts"

/** Connections to one host; how many calls a channel has under way is limited by its adapter. */
const CONNECTIONS_MAX = 128
/** Longer answers, packed ones and those of unknown length are handed on as they come. */
const WHOLE_BYTES_MAX = 1024 * 1024

const DEFAULTS = { accept: "*/*", "accept-encoding": "gzip", "user-agent": "holdfast" }

const agent = new Agent({ connections: CONNECTIONS_MAX })

export const adapterFetch: typeof fetch = (input, init) =>
  typeof input === "string" && init !== undefined && isPlain(init) ? plainly(input, init) : fetch(input, init)

type PlainInit = Omit<RequestInit, "body" | "headers"> & {
  readonly body: string
  readonly headers?: Record<string, string>
}

const PLAIN = new Set(["method", "headers", "body", "signal", "redirect"])

const isPlain = (init: RequestInit): init is PlainInit =>
  init.redirect === "manual" &&
  typeof init.body === "string" &&
  (init.headers === undefined || Object.getPrototypeOf(init.headers) === Object.prototype) &&
  Object.keys(init).every((key) => PLAIN.has(key))

const plainly = async (url: string, { method, headers, body, signal }: PlainInit): Promise<Response> => {
  // An adapter may write a name in capitals: a plain object would then send it beside the default.
  const sent = new Headers(DEFAULTS)
  for (const name in headers) sent.set(name, headers[name] ?? "")
  const place = placeOfCall()
  if (place !== undefined) sent.set(TRACEPARENT, place)
  const answer = await request(url, {
    dispatcher: agent,
    method: (method ?? "GET") as Dispatcher.HttpMethod,
    headers: sent,
    body,
    signal: signal ?? null
  })
  const told = new Headers()
  for (const [name, value = ""] of Object.entries(answer.headers)) {
    for (const one of Array.isArray(value) ? value : [value]) told.append(name, one)
  }
  return new Response(await bodyOf(answer), { status: answer.statusCode, headers: told })
}

/** Statuses that have none; a `Response` of theirs refuses one. */
const BODILESS = new Set([204, 205, 304])

const bodyOf = async ({
  body,
  headers,
  statusCode
}: Dispatcher.ResponseData): Promise<Uint8Array | ReadableStream | null> => {
  if (BODILESS.has(statusCode)) {
    await body.dump()
    return null
  }
  const isPacked = headers["content-encoding"] === "gzip"
  if (!isPacked && Number(headers["content-length"] ?? Number.NaN) <= WHOLE_BYTES_MAX) return body.bytes()
  // What goes wrong on the way is told by the end of the pipe.
  const unpacked = isPacked ? pipeline(body, createGunzip(), () => undefined) : body
  return Readable.toWeb(unpacked) as ReadableStream
}
