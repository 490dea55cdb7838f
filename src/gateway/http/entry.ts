/**
 * An entry of the table of routes. One without an action does not compile, and there is no action but of the closed list.
 */
import type { Action } from "../../../actors/access/actions.ts"
import type { ByType } from "../../access/request-action.ts"
import type { AskedRequest } from "../serving.ts"
import type { Respond } from "./stock.ts"

export type Route = (request: AskedRequest, respond: Respond, ...parameters: ReadonlyArray<string | undefined>) => void

/** For whoever calls: the caller is known by a signature in the request, or nothing is told that is not for everybody. */
export const PUBLIC = "public"

/** For whoever is known: what is asked for asks by itself, field by field. */
export const EACH_FIELD = "each-field"

/** The answer holds only what is the caller's own: the route looks at who asks. */
export const OWN = "own"

/** The answer holds only what has a name of the caller's own tenant; of a channel it is not. */
export const OWN_NAMES = "own-names"

/**
 * In the pattern `:x` stands for one segment, handed over percent-decoded, `undefined` when it cannot be decoded. `:sku`,
 * `:cart`, `:customer` and `:channel` are what the action is about.
 */
export type Entry = readonly [
  method: string,
  pattern: string,
  action: Action | ByType | typeof PUBLIC | typeof EACH_FIELD,
  route: Route,
  bounds?: typeof OWN | typeof OWN_NAMES
]
