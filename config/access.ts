/**
 * Access control: its settings, and its bounds with their reasons.
 */
import type { Effect } from "effect"
import { oneOf, optionalText, readSettings, reloadable, text, whole } from "./setting.ts"

export const accessSettings = {
  access: oneOf(
    "HOLDFAST_ACCESS",
    ["when-exposed", "required", "off"],
    "when-exposed",
    "Whether who calls must be known: when-exposed asks it of a hub that listens on any but the loopback address; off is only taken there."
  ),
  jwksUrl: optionalText(
    "JWT_JWKS_URL",
    "an https address, or http on this machine",
    "Where the public keys are of whoever signs your staff's tokens; without it no JWT is taken. See ACCESS.md."
  ),
  jwtIssuer: optionalText("JWT_ISSUER", "a text", "The iss that tokens must have; needed with JWT_JWKS_URL."),
  jwtAudience: optionalText("JWT_AUDIENCE", "a text", "The aud that tokens must have; needed with JWT_JWKS_URL."),
  jwtRolesClaim: text("JWT_ROLES_CLAIM", "roles", "The claim with the roles: an array, or a text with spaces between."),
  corsOrigins: reloadable(
    text(
      "CORS_ORIGINS",
      "",
      "Pages of other origins that may call the hub with a key, with commas between; none are let in without it.",
      "origins such as https://shop.example, with commas between"
    )
  ),
  proxiesTrusted: reloadable(
    whole(
      "PROXIES_TRUSTED",
      { otherwise: 0, min: 0, max: 8 },
      "Proxies of your own in front of the hub: so many entries from the end of X-Forwarded-For is who called."
    )
  )
} as const

export const accessConfig = readSettings(accessSettings)

export type AccessConfig = Effect.Success<typeof accessConfig>

/** A shift and its handover; whoever comes back the next day signs in again. */
export const SESSION_IDLE_MS = 12 * 60 * 60_000
/** However busy it is, a session ends after a week: a cookie that was stolen is worth no more. */
export const SESSION_MS_MAX = 7 * 24 * 60 * 60_000
/** When a session was last used is written at most so often: a minute's error in twelve hours, a write a minute each. */
export const SESSION_SEEN_EVERY_MS = 60_000
/** Browsers of one person; a new one ends the oldest. */
export const SESSIONS_PER_USER_MAX = 20
/** All sessions: a few hundred bytes each. */
export const SESSIONS_MAX = 50_000
/** A key's last use is written at most so often. */
export const KEY_USED_EVERY_MS = 60_000
/** A rotated key's former secret is good for so long unless said otherwise, and at most. */
export const KEY_OVERLAP_MS_DEFAULT = 24 * 60 * 60_000
export const KEY_OVERLAP_MS_MAX = 30 * 24 * 60 * 60_000

/** As NIST SP 800-63B has it: length counts, not what it is made of. scrypt reads whatever comes, so it is bounded. */
export const PASSWORD_LENGTH_MIN = 12
export const PASSWORD_LENGTH_MAX = 256
/** Passwords hashed at once: 32 MiB and some 270 ms of a core each. */
export const PASSWORDS_AT_ONCE_MAX = 2
/** Sign-ins that wait for that: four seconds' worth. Whoever comes then is told to try again. */
export const PASSWORDS_WAITING_MAX = 32
/** Names and addresses whose failed sign-ins are counted; past that the one seen longest ago is forgotten. */
export const FAILURES_MAX = 10_000

/** A token is read whole before anything is known of it. */
export const TOKEN_LENGTH_MAX = 8_192
/** Clocks of two machines may differ so much. */
export const TOKEN_CLOCK_SECONDS = 30
/** A key id that is not known makes the hub ask again for the keys, at most so often. */
export const JWKS_COOLDOWN_MS = 30_000
export const JWKS_TIMEOUT_MS = 5_000

/** Who opens a socket without saying who they are has so long to say it in the first message. */
export const SOCKET_AUTHENTICATE_MS = 5_000
/** Sockets of one address, and of one key or user: a shop's whole staff behind one router, and no flood. Not while it is open. */
export const SOCKETS_PER_ADDRESS_MAX = 2_000
export const SOCKETS_PER_PRINCIPAL_MAX = 2_000
/** How often it is looked whether those who have sockets open are still known: keys expire without an event. */
export const SOCKETS_LOOK_EVERY_MS = 5_000
/** Of each key, user and address, a second, where nothing is set: a busy adapter sends arrays, and a page polls a few a second. */
export const REQUESTS_PER_SECOND_DEFAULT = 500

/** Adapters with an account of their own in the private NATS server: one for each channel, and room to change. */
export const ADAPTERS_MAX = 256
/** An adapter in several processes. */
export const ADAPTER_CONNECTIONS_MAX = 64
/** It listens to answers, by one inbox or by one for each request. */
export const ADAPTER_SUBSCRIPTIONS_MAX = 1_024
/** A message of the contract and its headers. */
export const ADAPTER_MESSAGE_BYTES_MAX = 128 * 1024
