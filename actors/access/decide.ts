/**
 * Whether a change of users and keys is made.
 *
 * A1 There is always an administrator who is bound to nothing, once there has been one: who could let others in again?
 * A2 Nobody is named twice. A3 Users and keys are bounded in number.
 */
import * as Result from "effect/Result"
import type { AccessCommand } from "./commands.ts"
import type { AccessEvent, Unstamped } from "./events.ts"
import { KEYS_MAX, USERS_MAX } from "./limits.ts"
import type { Grants } from "./may.ts"
import { type AccessState, boundsOf } from "./state.ts"

export interface AccessRejection {
  readonly code: "name_taken" | "unknown_user" | "unknown_key" | "last_admin" | "too_many" | "key_expired"
  readonly message: string
}

type Decision = Result.Result<ReadonlyArray<AccessEvent>, AccessRejection>

const refuse = (code: AccessRejection["code"], message: string): Decision => Result.fail({ code, message })

export const decide = (state: AccessState, command: AccessCommand): Decision => {
  const { at, by } = command
  const done = (event: Unstamped<AccessEvent>): Decision => Result.succeed([{ ...event, at, by } as AccessEvent])
  switch (command.type) {
    case "add-user": {
      const { user, roles, passwordHash } = command
      if (state.users.has(user)) return refuse("name_taken", `There is a user ${user} already.`)
      if (state.users.size >= USERS_MAX) return refuse("too_many", `There are ${USERS_MAX} users, and no more may be.`)
      return done({ type: "user-added", user, roles, passwordHash, ...boundsOf(command) })
    }
    case "add-key": {
      const { key, name, roles, secretHash, expiresAt } = command
      if (state.keys.has(key)) return refuse("name_taken", `There is a key ${key} already.`)
      if (state.keys.size >= KEYS_MAX) return refuse("too_many", `There are ${KEYS_MAX} keys; revoke some first.`)
      const expiry = expiresAt === undefined ? {} : { expiresAt }
      return done({ type: "key-added", key, name, roles, secretHash, ...expiry, ...boundsOf(command) })
    }
    case "rotate-key": {
      const key = state.keys.get(command.key)
      if (key === undefined) return unknownKey(command.key)
      if (key.expiresAt !== undefined && key.expiresAt <= at) {
        return refuse("key_expired", `The key ${command.key} has expired; add a new one.`)
      }
      return done({
        type: "key-rotated",
        key: command.key,
        secretHash: command.secretHash,
        formerUntil: at + command.overlapMs
      })
    }
    case "revoke-key":
      return state.keys.has(command.key) ? done({ type: "key-revoked", key: command.key }) : unknownKey(command.key)
    default:
      return decideOfUser(state, command, done)
  }
}

type OfUser = Extract<AccessCommand, { readonly type: "change-user" | "remove-user" | "set-password" | "end-sessions" }>

const decideOfUser = (
  state: AccessState,
  command: OfUser,
  done: (event: Unstamped<AccessEvent>) => Decision
): Decision => {
  const { user } = command
  const known = state.users.get(user)
  if (known === undefined) return refuse("unknown_user", `There is no user ${user}.`)
  const isLast =
    isAdministrator(known) && ![...state.users.values()].some((one) => one !== known && isAdministrator(one))
  const last = () => refuse("last_admin", `${user} is the last administrator; make somebody else one first.`)
  switch (command.type) {
    case "change-user": {
      const after = { roles: command.roles, ...boundsOf(command) }
      if (isLast && !isAdministrator(after)) return last()
      return done({ type: "user-changed", user, ...after })
    }
    case "remove-user":
      return isLast ? last() : done({ type: "user-removed", user })
    case "set-password":
      return done({ type: "password-set", user, passwordHash: command.passwordHash, isOneTime: command.isOneTime })
    case "end-sessions":
      return done({ type: "sessions-ended", user })
  }
}

const unknownKey = (key: string): Decision => refuse("unknown_key", `There is no key ${key}.`)

const isAdministrator = ({ roles, tenant, channels, actions }: Grants): boolean =>
  roles.includes("admin") && tenant === undefined && channels === undefined && actions === undefined
