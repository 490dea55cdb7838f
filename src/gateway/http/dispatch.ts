/**
 * From a request to its route: the one place that asks whether who sends it may do what the route does.
 *
 * Whoever cannot be told apart from anybody (`authenticate` refuses) gets no further than the public addresses and the
 * pages. What is asked about is read from the address: its SKU, cart, customer and channel are the action's target.
 */
import { isBound, may, type Principal, type Target } from "../../../actors/access/may.ts"
import { decodeSku } from "../../../streams/subjects.ts"
import { invalid } from "../decode.ts"
import type { AddressLimiter } from "../rate-limit.ts"
import type { Refusal } from "../protocol.ts"
import type { Handle, Request, Response } from "../serving.ts"
import { refused } from "./replies.ts"
import { EACH_FIELD, type Entry, PUBLIC } from "./entry.ts"
import type { StaticFiles } from "./static-files.ts"

export interface DispatchServices {
  readonly routes: ReadonlyArray<Entry>
  /** Who sends the request, or why it cannot be said. */
  readonly authenticate: (request: Request) => Principal | Refusal
  readonly files: StaticFiles
  readonly limiter: AddressLimiter | undefined
}

/** Asked by programs that watch the hub: they must get through when nobody else does. */
const UNLIMITED = new Set(["/healthz", "/readyz", "/metrics"])

const tooFast = refused({
  ok: false,
  code: "overloaded",
  message: "Too many requests; slow down.",
  retryAfterMs: 1_000
})

export const makeHandle = ({ routes: entries, authenticate, files, limiter }: DispatchServices): Handle => {
  const routes = entries.map(([method, pattern, action, route]) => ({
    method,
    action,
    route,
    segments: pattern.split("/")
  }))
  return (request, respond) => {
    if (!UNLIMITED.has(request.path) && limiter?.take(request.address, request.receivedAtMs) === false) {
      return respond(tooFast)
    }
    const segments = request.path.split("/")
    const method = request.method === "head" ? "get" : request.method
    let otherMethod = false
    for (const route of routes) {
      const matched = match(route.segments, segments)
      if (matched === undefined) continue
      if (route.method !== method) {
        otherMethod = true
        continue
      }
      if (route.action === PUBLIC) return route.route({ ...request, principal: NOBODY }, respond, ...matched)
      const principal = authenticate(request)
      if ("ok" in principal) return respond(refused(principal))
      if (route.action === EACH_FIELD) return route.route({ ...request, principal }, respond, ...matched)
      if (!may(principal, route.action, isBound(principal) ? targetOf(route.segments, matched) : undefined)) {
        return respond(forbidden(principal, route.action))
      }
      return route.route({ ...request, principal }, respond, ...matched)
    }
    const file = method === "get" && !otherMethod ? files.get(request) : undefined
    if (file !== undefined) return respond(file)
    if (otherMethod) return respond(refused(invalid(`${request.path} does not take ${request.method}.`), 405))
    respond(refused(invalid(`There is nothing at ${request.path}; see the README for the addresses.`), 404))
  }
}

/** Who comes to a public address: the route knows its callers by their signature, or does not care who they are. */
const NOBODY: Principal = { kind: "open", name: "nobody", roles: [] }

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

const targetOf = (pattern: ReadonlyArray<string>, matched: ReadonlyArray<string | undefined>): Target => {
  const parameters = pattern.filter((segment) => segment.startsWith(":"))
  const those = (wanted: (parameter: string) => boolean): ReadonlyArray<string> =>
    parameters.flatMap((parameter, index) => (wanted(parameter) ? [matched[index] ?? ""] : []))
  return {
    names: those((parameter) => NAMES.has(parameter)),
    channels: those((parameter) => parameter === ":channel")
  }
}

const match = (
  pattern: ReadonlyArray<string>,
  path: ReadonlyArray<string>
): ReadonlyArray<string | undefined> | undefined => {
  if (pattern.length !== path.length) return undefined
  const parameters: Array<string | undefined> = []
  for (const [index, segment] of pattern.entries()) {
    const given = path[index] as string
    if (segment.startsWith(":")) parameters.push(decodeSku(given))
    else if (segment !== given) return undefined
  }
  return parameters
}
