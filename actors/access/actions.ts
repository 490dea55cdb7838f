/**
 * The closed list of what can be done with the hub, and which roles may do it.
 *
 * Every route, socket message and resolver names one of these. What is not in this list cannot be asked for, and what is
 * not granted here is refused. `isRecorded`: an act that the audit record keeps, whatever came of it; the ordinary
 * business of stock and carts is in the journal already.
 */

/** viewer looks; operator runs stock and channels; marketing wins carts back; auditor reads what was done; admin may all. */
export const ROLES = ["viewer", "operator", "marketing", "admin", "auditor"] as const
export type Role = (typeof ROLES)[number]

export interface Rule {
  readonly roles: ReadonlyArray<Role>
  readonly isRecorded: boolean
}

const look = (...roles: ReadonlyArray<Role>): Rule => ({ roles: [...roles, "admin"], isRecorded: false })
const act = (...roles: ReadonlyArray<Role>): Rule => ({ roles: [...roles, "admin"], isRecorded: true })
/** Known to whoever may come in at all. */
const anybody = look("viewer", "operator", "marketing", "auditor")
/** The daily business: kept by the journal, not by the audit record. */
const trade = look("operator")

export const ACTIONS = {
  "status.read": anybody,
  "metrics.read": anybody,
  "stock.read": anybody,
  "stock.request": trade,
  "stock.fact": trade,
  "stock.configure": trade,
  "incidents.read": anybody,
  "incidents.resolve": act("operator"),
  "alerts.read": anybody,
  "alerts.work": act("operator"),
  "reorder.configure": act("operator"),
  "dead-letters.read": anybody,
  "dead-letters.redrive": act("operator"),
  "channels.read": anybody,
  "channels.map": act("operator"),
  "channels.redrive": act("operator"),
  "channels.discard": act("operator"),
  "channels.ship": act("operator"),
  "channels.reconcile": act("operator"),
  "channels.resume": act("operator"),
  "carts.read": anybody,
  "carts.request": trade,
  "carts.fact": trade,
  "carts.configure": act(),
  "promotions.read": anybody,
  "promotions.configure": act("marketing"),
  "payments.read": anybody,
  "payments.refund": act("operator"),
  "customers.read": look("operator", "marketing", "auditor"),
  "customers.request": look("operator", "marketing"),
  "recovery.read": anybody,
  "recovery.configure": act("marketing"),
  "personal-data.export": act(),
  "personal-data.erase": act(),
  "personal-data.accesses": look("auditor"),
  "leakage.estimate": anybody,
  "audit.read": look("auditor"),
  "access.read": look("auditor"),
  "access.manage": act(),
  /** One's own password and sessions. */
  "access.own": anybody
} as const satisfies Readonly<Record<string, Rule>>

export type Action = keyof typeof ACTIONS

export const isAction = (text: string): text is Action => Object.hasOwn(ACTIONS, text)
export const isRole = (text: string): text is Role => (ROLES as ReadonlyArray<string>).includes(text)
