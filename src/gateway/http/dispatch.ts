/**
 * From a request to its route: the one place that asks whether who sends it may do what the route does.
 *
 * Whoever cannot be told apart from anybody gets no further than the public addresses and the pages. What is asked about is
 * read from the address and, of whoever is bound to a tenant or to channels, from the body as well (`maySay`). What changes something
 * administrative goes to the audit record with its outcome, refused or not, before it is answered.
 */
import { ACTIONS, type Action } from "../../../actors/access/actions.ts"
import { isBound, type Principal, type Target } from "../../../actors/access/may.ts"
import { URL_LENGTH_MAX } from "../../../config/limits.ts"
import type { Found } from "../../access/authenticate.ts"
import { maySay } from "../../access/body-target.ts"
import type { Act } from "../../access/acts.ts"
import { actionOf } from "../../access/request-action.ts"
import { decodeSku } from "../../../streams/subjects.ts"
import { atPlace } from "../../tracing/traced-call.ts"
import { TRACEPARENT } from "../../tracing/traceparent.ts"
import { current } from "../../tracing/tracing.ts"
import { decodeJson, invalid } from "../decode.ts"
import type { RateLimiter } from "../rate-limit.ts"
import type { Handle, Request, Response } from "../serving.ts"
import { refused } from "./replies.ts"
import { EACH_FIELD, type Entry, OWN, OWN_NAMES, PUBLIC } from "./entry.ts"
import type { StaticFiles } from "./static-files.ts"
import type { Respond } from "./stock.ts"

export interface DispatchServices {
  readonly routes: ReadonlyArray<Entry>
  /** Who sends the request, or why it cannot be said. */
  readonly authenticate: (request: Request) => Found | Promise<Found>
  /** Settles when the act is recorded; never fails. */
  readonly record: (act: Omit<Act, "at">) => Promise<void>
  /** Whether a page of this origin may read what is answered. */
  readonly isCorsOrigin: (origin: string | undefined) => boolean
  readonly files: StaticFiles
  readonly limiter: RateLimiter
}

/** Asked by programs that watch the hub: they must get through when nobody else does. */
const UNLIMITED = new Set(["/healthz", "/readyz", "/metrics"])

const tooFast = refused({
  ok: false,
  code: "overloaded",
  message: "Too many requests; slow down.",
  retryAfterMs: 1_000
})

const tooLong = refused(invalid(`An address with its query has at most ${URL_LENGTH_MAX} characters.`), 414)

interface Route {
  readonly method: string
  readonly segments: ReadonlyArray<string>
  readonly entry: Entry
}

type Parameters = ReadonlyArray<string | undefined>

export const makeHandle = (services: DispatchServices): Handle => {
  const { files, limiter } = services
  const routes = services.routes.map((entry): Route => ({ method: entry[0], segments: entry[1].split("/"), entry }))
  const handle: Handle = (request, answer) => {
    const shared = services.isCorsOrigin(request.headers["origin"]) ? sharedWith(request.headers["origin"]) : undefined
    if (shared !== undefined && request.method === "options") return answer({ ...preflight, headers: shared })
    const respond: Respond =
      shared === undefined ? answer : (response) => answer({ ...response, headers: { ...response.headers, ...shared } })
    if (request.path.length + request.search.length > URL_LENGTH_MAX) return respond(tooLong)
    const isLimited = limiter.isOn && !UNLIMITED.has(request.path)
    if (isLimited && !limiter.take(`address ${request.address}`, request.receivedAtMs)) return respond(tooFast)
    const segments = request.path.split("/")
    const method = request.method === "head" ? "get" : request.method
    let otherMethod = false
    for (const route of routes) {
      const matched = match(route.segments, segments)
      if (matched === undefined) continue
      if (route.method === method) return admit(services, route, matched, request, respond)
      otherMethod = true
    }
    const file = method === "get" && !otherMethod ? files.get(request) : undefined
    if (file !== undefined) return respond(file)
    if (otherMethod) return respond(refused(invalid(`${request.path} does not take ${request.method}.`), 405))
    respond(refused(invalid(`There is nothing at ${request.path}; see the README for the addresses.`), 404))
  }
  return (request, answer) => {
    const place = current() === undefined ? undefined : request.headers[TRACEPARENT]
    if (place === undefined) handle(request, answer)
    else atPlace(place, () => handle(request, answer))
  }
}

const admit = (
  services: DispatchServices,
  { entry, segments }: Route,
  matched: Parameters,
  request: Request,
  respond: Respond
): void => {
  const [, , kind, route, bounds] = entry
  if (kind === PUBLIC) return route({ ...request, principal: NOBODY }, respond, ...matched)
  const enter = (found: Found): void => {
    if ("refused" in found) return respond(unknown(found.refused))
    const principal = found
    const isLimited = services.limiter.isOn && principal.kind !== "open" && !UNLIMITED.has(request.path)
    if (isLimited && !services.limiter.take(`${principal.kind} ${principal.name}`, request.receivedAtMs)) {
      return respond(tooFast)
    }
    if (kind === EACH_FIELD) return route({ ...request, principal }, respond, ...matched)
    const isRead = principal.kind !== "open" && (typeof kind === "object" || isBound(principal))
    const asked = { ...request, principal, read: isRead ? readOf(request) : undefined }
    // What cannot be read is refused by its route, with the reason.
    const body = asked.read?.ok === true ? asked.read.value : undefined
    const action = typeof kind === "object" ? actionOf(kind, body) : kind
    const reply = ACTIONS[action].isRecorded ? recording(services, principal, action, request, respond) : respond
    const address = isBound(principal) ? addressed(principal, segments, matched, bounds) : WHOLE
    if (!maySay(principal, action, address, body)) return reply(forbidden(principal, action))
    route(asked, reply, ...matched)
  }
  const found = services.authenticate(request)
  if (found instanceof Promise) found.then(enter, () => respond(cannotTell))
  else enter(found)
}

/** With a key or token only: no cookie goes there and back, and none is asked for. */
const sharedWith = (origin: string | undefined): Readonly<Record<string, string>> => ({
  "access-control-allow-origin": origin ?? "",
  "access-control-allow-methods": "GET, POST, PUT, DELETE",
  "access-control-allow-headers": "authorization, content-type",
  "access-control-max-age": "600",
  "cross-origin-resource-policy": "cross-origin",
  vary: "origin"
})

const preflight: Response = { status: 204, contentType: "text/plain", body: "" }

const recording =
  (
    { record }: DispatchServices,
    { kind, name }: Principal,
    action: Action,
    { address, path }: Request,
    respond: Respond
  ): Respond =>
  (response) =>
    void record({ who: { kind, name }, action, target: path, outcome: response.status, address }).then(() =>
      respond(response)
    )

/** Who comes to a public address: the route knows its callers by their signature, or does not care who they are. */
const NOBODY: Principal = { kind: "open", name: "nobody", roles: [] }

const unknown = (message: string): Response => {
  const response = refused({ ok: false, code: "unauthorized", message })
  return { ...response, headers: { ...response.headers, "www-authenticate": "Bearer" } }
}

const cannotTell = refused({ ok: false, code: "unavailable", message: "Who you are cannot be found out now." })

const forbidden = (principal: Principal, action: string): Response =>
  refused(
    {
      ok: false,
      code: "unauthorized",
      message: `${principal.name} may not do this (${action}); ask an administrator of the hub.`
    },
    403
  )

/** Parameters of addresses that name something with an owner. */
const NAMES = new Set([":sku", ":cart", ":customer"])

/** Once for all who look into it; `undefined`: there is nothing to look into. */
const readOf = ({ body, method }: Request): Request["read"] =>
  method === "get" || method === "head" || body === undefined ? undefined : decodeJson(body, body.byteLength)

const WHOLE: Target = {}

const addressed = (
  { channels: boundTo }: Principal,
  pattern: ReadonlyArray<string>,
  matched: Parameters,
  bounds: Entry[4]
): Target => {
  if (bounds === OWN || (bounds === OWN_NAMES && boundTo === undefined)) return { isOwn: true }
  const parameters = pattern.filter((segment) => segment.startsWith(":"))
  const those = (wanted: (parameter: string) => boolean): ReadonlyArray<string> =>
    parameters.flatMap((parameter, index) => (wanted(parameter) ? [matched[index] ?? ""] : []))
  return {
    names: those((parameter) => NAMES.has(parameter)),
    channels: those((parameter) => parameter === ":channel")
  }
}

const match = (pattern: ReadonlyArray<string>, path: ReadonlyArray<string>): Parameters | undefined => {
  if (pattern.length !== path.length) return undefined
  // Asked of nearly every route for a request: nothing is decoded or made for those that are not meant.
  for (let index = 0; index < pattern.length; index++) {
    const segment = pattern[index] as string
    if (segment !== path[index] && !segment.startsWith(":")) return undefined
  }
  return path.filter((_given, index) => pattern[index]?.startsWith(":") === true).map(decodeSku)
}
