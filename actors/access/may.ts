/**
 * Whether somebody may do something: the one answer that HTTP, sockets, GraphQL and NATS all ask for.
 *
 * A principal may act when one of its roles is granted the action, its own list of actions (a key's scope) does not leave
 * it out, and the target is within its bounds. A tenant owns the names below `<tenant>/` (SKUs, carts, customers) and
 * nothing else; a principal bound to channels sees those channels and nothing that is the hub's as a whole. Bounds only
 * ever take away: no combination of them grants what the roles do not.
 */
import { type Action, ACTIONS, type Role } from "./actions.ts"

export interface Bounds {
  /** Sees and does only what is below `<tenant>/`. */
  readonly tenant?: string
  /** Sees and does only what is of these channels. */
  readonly channels?: ReadonlyArray<string>
  /** Of what its roles may, only these. */
  readonly actions?: ReadonlyArray<Action>
}

/** What a user or key is given. */
export interface Grants extends Bounds {
  readonly roles: ReadonlyArray<Role>
}

export interface Principal extends Grants {
  /** `open`: everybody on the loopback address, while no access control is configured. */
  readonly kind: "open" | "user" | "key" | "token"
  readonly name: string
}

/** What an action is about. Nothing named: the hub as a whole, which only the unbound may. */
export interface Target {
  /** SKUs, carts, customers. */
  readonly names?: ReadonlyArray<string>
  readonly channels?: ReadonlyArray<string>
  /** The answer holds only what is the principal's own, whoever asks. */
  readonly isOwn?: boolean
}

const WHOLE: Target = {}

export const may = (principal: Principal, action: Action, target: Target = WHOLE): boolean =>
  isGranted(principal, action) && (!isBound(principal) || target.isOwn === true || isWithin(principal, target))

/** Without regard to the target. */
export const isGranted = ({ roles, actions }: Principal, action: Action): boolean => {
  if (actions !== undefined && !actions.includes(action)) return false
  const granted: ReadonlyArray<Role> = ACTIONS[action].roles
  return roles.some((role) => granted.includes(role))
}

/** Whether there is anything that it may not see for what it is. */
export const isBound = ({ tenant, channels }: Principal): boolean => tenant !== undefined || channels !== undefined

export const owns = ({ tenant }: Principal, name: string): boolean =>
  tenant === undefined || name.startsWith(prefixOf(tenant))

/** `acme` owns `acme/MUG`, and neither `acme` nor `acmeshop/MUG`. */
export const prefixOf = (tenant: string): string => `${tenant}/`

/** What a list of names holds of this principal's own: all that begins so; "" is everything. */
export const ownOnly = ({ tenant }: Principal): string => (tenant === undefined ? "" : prefixOf(tenant))

const isWithin = (principal: Principal, { names = [], channels = [] }: Target): boolean => {
  if (names.length === 0 && channels.length === 0) return false
  if (!names.every((name) => owns(principal, name))) return false
  // A name says nothing of a channel: whoever is bound to channels must say which one it speaks of.
  if (principal.channels !== undefined && channels.length === 0) return false
  // And a channel says nothing of a tenant.
  if (principal.tenant !== undefined && names.length === 0 && principal.channels === undefined) return false
  return principal.channels === undefined || channels.every((channel) => principal.channels?.includes(channel) === true)
}
