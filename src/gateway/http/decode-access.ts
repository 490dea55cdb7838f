/**
 * What administrators say of users and keys, and what somebody types who signs in: read and checked.
 */
import { isAction, isRole, ROLES } from "../../../actors/access/actions.ts"
import { BOUND_CHANNELS_MAX, NAME_LENGTH_MAX } from "../../../actors/access/limits.ts"
import type { Grants } from "../../../actors/access/may.ts"
import {
  KEY_OVERLAP_MS_DEFAULT,
  KEY_OVERLAP_MS_MAX,
  PASSWORD_LENGTH_MAX,
  PASSWORD_LENGTH_MIN
} from "../../../config/access.ts"
import {
  type Decoded,
  decoding,
  defined,
  type Fields,
  fieldsOf,
  Invalid,
  optionalInteger,
  optionalText,
  own,
  text
} from "../decode.ts"
import { timeOf } from "../decode-values.ts"

const USER_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/
const TENANT = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/
const CHANNEL = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

export const decodeSignIn = (body: unknown): Decoded<{ readonly name: string; readonly password: string }> =>
  decoding(() => {
    const fields = fieldsOf(body, "")
    return {
      name: text(own(fields, "name"), "name", NAME_LENGTH_MAX),
      password: text(own(fields, "password"), "password", PASSWORD_LENGTH_MAX)
    }
  })

export const decodePasswords = (body: unknown): Decoded<{ readonly password: string; readonly newPassword: string }> =>
  decoding(() => {
    const fields = fieldsOf(body, "")
    const password = text(own(fields, "password"), "password", PASSWORD_LENGTH_MAX)
    const newPassword = text(own(fields, "newPassword"), "newPassword", PASSWORD_LENGTH_MAX)
    if (newPassword.length < PASSWORD_LENGTH_MIN || newPassword === password) {
      throw new Invalid(`Choose a new password of ${PASSWORD_LENGTH_MIN} characters or more.`, "newPassword")
    }
    return { password, newPassword }
  })

export const decodeUser = (body: unknown): Decoded<{ readonly user: string } & Grants> =>
  decoding(() => {
    const fields = fieldsOf(body, "")
    const user = own(fields, "name")
    if (typeof user !== "string" || !USER_NAME.test(user)) {
      throw new Invalid("Send name as 1 to 64 letters, digits and any of . _ @ - (a letter or digit first).", "name")
    }
    return { user, ...granted(fields) }
  })

export const decodeUserChange = (body: unknown): Decoded<Grants> => decoding(() => granted(fieldsOf(body, "")))

export const decodeKey = (
  body: unknown,
  nowMs: number
): Decoded<{ readonly name: string; readonly expiresAt?: number } & Grants> =>
  decoding(() => {
    const fields = fieldsOf(body, "")
    const name = text(own(fields, "name"), "name", NAME_LENGTH_MAX)
    const expiresAt = timeOf(fields, "expiresAt", "")
    if (expiresAt !== undefined && expiresAt <= nowMs) {
      throw new Invalid("Send expiresAt as a time to come, or leave it out.", "expiresAt")
    }
    return { name, ...(expiresAt === undefined ? {} : { expiresAt }), ...granted(fields) }
  })

/** For how long the secret before stays good; 0: not at all. */
export const decodeOverlap = (body: unknown): Decoded<{ readonly overlapMs: number }> =>
  decoding(() => ({
    overlapMs: optionalInteger(fieldsOf(body, ""), "overlapMs", "", 0, KEY_OVERLAP_MS_MAX) ?? KEY_OVERLAP_MS_DEFAULT
  }))

const granted = (fields: Fields): Grants => {
  const roles = list(fields, "roles", isRole, `one or more of ${ROLES.join(", ")}`)
  if (roles === undefined || roles.length === 0)
    throw new Invalid(`Send roles as one or more of ${ROLES.join(", ")}.`, "roles")
  const tenant = optionalText(fields, "tenant", "", NAME_LENGTH_MAX)
  if (tenant !== undefined && !TENANT.test(tenant)) {
    throw new Invalid("Send tenant as letters, digits, - and _: it owns the names below it and a slash.", "tenant")
  }
  const isChannel = (name: string): name is string => CHANNEL.test(name)
  const channels = list(fields, "channels", isChannel, "names of channels")
  const actions = list(fields, "actions", isAction, "actions of the hub; GET /v1/access/actions has them all")
  return { roles, ...defined({ tenant, channels, actions }) }
}

const list = <A extends string>(
  fields: Fields,
  name: string,
  fits: (one: string) => one is A,
  what: string
): ReadonlyArray<A> | undefined => {
  const value = own(fields, name)
  if (value === undefined) return undefined
  const isList = Array.isArray(value) && value.length > 0 && value.length <= BOUND_CHANNELS_MAX
  const texts = (isList ? value : []) as ReadonlyArray<unknown>
  const fitting = texts.filter((one): one is A => typeof one === "string" && fits(one))
  if (!isList || fitting.length < texts.length) throw new Invalid(`Send ${name} as an array of ${what}.`, name)
  return [...new Set(fitting)]
}
