/**
 * Users and keys as they are, folded from their events. Folding never refuses: what was decided once is so.
 */
import type { AccessEvent } from "./events.ts"
import type { Bounds, Grants } from "./may.ts"

export interface User extends Grants {
  readonly name: string
  readonly passwordHash: string
  /** The password was given by somebody else: it must be changed before anything is done with it. */
  readonly isOneTime: boolean
  readonly addedAt: number
  /** The sessions from before are no longer good. */
  readonly sessionsFrom: number
}

export interface Key extends Grants {
  /** Public; what is looked up. */
  readonly id: string
  readonly name: string
  readonly secretHash: string
  readonly former?: { readonly secretHash: string; readonly until: number }
  readonly addedAt: number
  readonly addedBy: string
  readonly expiresAt?: number
}

export interface AccessState {
  readonly users: ReadonlyMap<string, User>
  readonly keys: ReadonlyMap<string, Key>
}

export const initialState: AccessState = { users: new Map(), keys: new Map() }

export const evolve = (state: AccessState, event: AccessEvent): AccessState => {
  switch (event.type) {
    case "user-added":
      return withUser(state, {
        ...boundsOf(event),
        name: event.user,
        roles: event.roles,
        passwordHash: event.passwordHash,
        isOneTime: true,
        addedAt: event.at,
        sessionsFrom: event.at
      })
    case "user-changed":
      return changed(state, event.user, ({ name, passwordHash, isOneTime, addedAt, sessionsFrom }) => ({
        ...boundsOf(event),
        roles: event.roles,
        name,
        passwordHash,
        isOneTime,
        addedAt,
        sessionsFrom
      }))
    case "user-removed":
      return { ...state, users: without(state.users, event.user) }
    case "password-set":
      return changed(state, event.user, (user) => ({
        ...user,
        passwordHash: event.passwordHash,
        isOneTime: event.isOneTime,
        sessionsFrom: event.at
      }))
    case "sessions-ended":
      return changed(state, event.user, (user) => ({ ...user, sessionsFrom: event.at }))
    case "key-added":
      return withKey(state, {
        ...boundsOf(event),
        id: event.key,
        name: event.name,
        roles: event.roles,
        secretHash: event.secretHash,
        addedAt: event.at,
        addedBy: event.by,
        ...(event.expiresAt === undefined ? {} : { expiresAt: event.expiresAt })
      })
    case "key-rotated": {
      const key = state.keys.get(event.key)
      if (key === undefined) return state
      const former = { secretHash: key.secretHash, until: event.formerUntil }
      return withKey(state, { ...key, secretHash: event.secretHash, former })
    }
    case "key-revoked":
      return { ...state, keys: without(state.keys, event.key) }
  }
}

export const boundsOf = ({ tenant, channels, actions }: Bounds): Bounds => ({
  ...(tenant === undefined ? {} : { tenant }),
  ...(channels === undefined ? {} : { channels }),
  ...(actions === undefined ? {} : { actions })
})

const withUser = (state: AccessState, user: User): AccessState => ({
  ...state,
  users: new Map(state.users).set(user.name, user)
})

const withKey = (state: AccessState, key: Key): AccessState => ({
  ...state,
  keys: new Map(state.keys).set(key.id, key)
})

const changed = (state: AccessState, name: string, change: (user: User) => User): AccessState => {
  const user = state.users.get(name)
  return user === undefined ? state : withUser(state, change(user))
}

const without = <A>(all: ReadonlyMap<string, A>, name: string): ReadonlyMap<string, A> => {
  const rest = new Map(all)
  rest.delete(name)
  return rest
}
