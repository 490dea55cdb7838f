/**
 * The shapes in which the hub tells of users, keys, sessions and acts. No secret and no hash is in them.
 */
import type { Grants } from "../../actors/access/may.ts"
import { boundsOf, type Key, type User } from "../../actors/access/state.ts"
import type { Session } from "./sessions.ts"

/** Times are ISO 8601 throughout. */
export interface UserView extends Grants {
  readonly name: string
  readonly addedAt: string
  /** The password was given by somebody else and not changed yet. */
  readonly mustChangePassword: boolean
}

export interface KeyView extends Grants {
  readonly id: string
  readonly name: string
  /** What it begins with: by this a key that was found somewhere is known. */
  readonly prefix: string
  readonly addedAt: string
  readonly addedBy: string
  readonly expiresAt?: string
  /** Exact to the minute. */
  readonly lastUsedAt?: string
  /** After a rotation: the secret before is good until then. */
  readonly formerUntil?: string
}

export interface SessionView {
  readonly openedAt: string
  readonly seenAt: string
  readonly expiresAt: string
  readonly address: string
  /** Of who asks. */
  readonly isThis: boolean
}

const iso = (ms: number): string => new Date(ms).toISOString()

export const userView = (user: User): UserView => ({
  name: user.name,
  roles: user.roles,
  addedAt: iso(user.addedAt),
  mustChangePassword: user.isOneTime,
  ...boundsOf(user)
})

export const keyView = (key: Key, usedAt: number | undefined, nowMs: number): KeyView => ({
  id: key.id,
  name: key.name,
  prefix: `hf_${key.id}_`,
  roles: key.roles,
  addedAt: iso(key.addedAt),
  addedBy: key.addedBy,
  ...boundsOf(key),
  ...(key.expiresAt === undefined ? {} : { expiresAt: iso(key.expiresAt) }),
  ...(usedAt === undefined ? {} : { lastUsedAt: iso(usedAt) }),
  ...(key.former !== undefined && key.former.until > nowMs ? { formerUntil: iso(key.former.until) } : {})
})

export const sessionView = (session: Session, credential: string | undefined): SessionView => ({
  openedAt: iso(session.openedAt),
  seenAt: iso(session.seenAt),
  expiresAt: iso(session.expiresAt),
  address: session.address,
  isThis: session.hash === credential
})
