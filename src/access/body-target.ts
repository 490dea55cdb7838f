/**
 * What a request's body is about, for who is bound to a tenant or to channels: every name and every channel in it, wherever
 * it stands. An address says whose SKU is meant; the body may name others (the lines of a cart, a bundle's components, the
 * customer that a cart becomes), and each must be within the bounds.
 */
import type { Action } from "../../actors/access/actions.ts"
import { isBound, may, type Principal, type Target } from "../../actors/access/may.ts"

/**
 * Actions that are about what their body says. All others are about what their address names: there a field that nobody reads
 * would otherwise make the hub as a whole a tenant's or a channel's. Configuring a SKU is of no channel, whatever it names.
 */
const SAID: ReadonlySet<Action> = new Set<Action>([
  "stock.read",
  "stock.request",
  "stock.fact",
  "carts.read",
  "carts.request",
  "carts.fact"
])

/** `address`: what the address names; `body`: as it was read, `undefined` when there is none to be read. */
export const maySay = (principal: Principal, action: Action, address: Target, body: unknown): boolean => {
  const isSaid = body !== undefined && isBound(principal) && address.isOwn !== true
  const isAboutBody = isSaid && SAID.has(action)
  if (!isAboutBody && !may(principal, action, address)) return false
  if (!isSaid) return true
  const { channels = [], names = [] } = address
  const said = bodyTarget(body, names.length === 0)
  // Where the address names the channel, a body that names none is about that one.
  const others = channels.length > 0 ? said.channels.filter((channel) => channel !== "") : said.channels
  return may(principal, action, { names: [...names, ...said.names], channels: [...channels, ...others] })
}

/** Fields that hold the name of something with an owner. */
const NAMES = new Set(["sku", "cart", "customer", "customerId"])

/**
 * `nameless`: the body, not the address, says what is meant (several lines at once). A hold over several SKUs is found by
 * its own name alone, so it must be a name of the tenant's, too.
 */
export const bodyTarget = (body: unknown, nameless: boolean): Required<Pick<Target, "names" | "channels">> => {
  const names: Array<string> = []
  const channels: Array<string> = []
  // A message that names no channel speaks of all of them.
  for (const message of Array.isArray(body) ? (body as ReadonlyArray<unknown>) : [body]) {
    const { channel, holdId } = isFields(message) ? message : {}
    channels.push(typeof channel === "string" ? channel : "")
    if (nameless && holdId !== undefined) names.push(typeof holdId === "string" ? holdId : "")
  }
  // By a list of its own and not by calls: a body may be nested as deep as it is long.
  const open: Array<unknown> = [body]
  while (open.length > 0) {
    const value = open.pop()
    if (Array.isArray(value)) open.push(...(value as ReadonlyArray<unknown>))
    else if (isFields(value)) {
      for (const [field, held] of Object.entries(value)) {
        if (NAMES.has(field)) names.push(typeof held === "string" ? held : "")
        if (field === "channel" && held !== undefined) channels.push(typeof held === "string" ? held : "")
        open.push(held)
      }
    }
  }
  return { names, channels }
}

export const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
