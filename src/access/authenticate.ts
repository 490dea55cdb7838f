/**
 * Who sends a request, from what it brings: a key, a token, or a session. Found from memory but for tokens, whose signature
 * is checked in a promise.
 */
import { boundsOf, type Key, type User } from "../../actors/access/state.ts"
import { KEY_USED_EVERY_MS, SESSION_SEEN_EVERY_MS } from "../../config/access.ts"
import { bearerOf, CSRF_HEADER, type Headers, isOwnOrigin, sessionTokenOf } from "./credentials.ts"
import type { Known } from "./principal.ts"
import { hashSecret, isSameHash, readKey } from "./secrets.ts"
import type { Session } from "./sessions.ts"
import type { AccessStore } from "./store.ts"
import { TokenRefused, type Tokens } from "./tokens.ts"

/** Why nobody is known by it. */
export interface Unknown {
  readonly refused: string
}

export type Found = Known | Unknown

/** `get` changes nothing and needs no proof that a page of the hub has sent it. */
export interface Asking {
  readonly method: string
  readonly headers: Headers
}

export interface AuthenticatorOptions {
  readonly store: AccessStore
  readonly tokens: Tokens | undefined
  /** The key in `run.json`, for the commands of this machine: who can read that file can read everything else as well. */
  readonly localKeyHash: string
  readonly nowMs: () => number
  /** Writes what may be written late: when a key or session was last used. */
  readonly note: (what: { readonly key: string } | { readonly session: Session }, at: number) => void
}

const noCredentials: Unknown = { refused: "Sign in, or send an API key or token as Authorization: Bearer." }
const wrongKey: Unknown = { refused: "This API key is not known here, has expired or was revoked." }
const ended: Unknown = { refused: "The session has ended; sign in again." }
const notFromHere: Unknown = {
  refused: `With a session, send the header ${CSRF_HEADER} with whatever changes something, from a page of the hub.`
}
const noTokens: Unknown = { refused: "Tokens are not taken here: JWT_JWKS_URL is not set." }

/** Who lets somebody in by a one-time password lets them do nothing but choose their own. */
const OWN_ONLY = ["access.own"] as const

export class Authenticator {
  private readonly options: AuthenticatorOptions

  constructor(options: AuthenticatorOptions) {
    this.options = options
  }

  find(asking: Asking): Found | Promise<Found> {
    const bearer = bearerOf(asking.headers)
    if (bearer !== undefined) return this.byToken(bearer)
    const token = sessionTokenOf(asking.headers)
    return token === undefined ? noCredentials : this.bySession(hashSecret(token), asking)
  }

  /** An API key or a JWT. */
  byToken(text: string): Found | Promise<Found> {
    const key = readKey(text)
    if (key !== undefined) return this.byKey(key.id, hashSecret(key.secret))
    const { tokens, nowMs } = this.options
    if (text.startsWith("hf_")) return wrongKey
    if (tokens === undefined) return noTokens
    return tokens.principal(text, new Date(nowMs())).catch((error: unknown) => {
      if (error instanceof TokenRefused) return { refused: error.message }
      throw error
    })
  }

  /**
   * The same principal as it is now, or `undefined` when it is known no more: for what lasts, as a socket does. That it lasts is
   * no use of the session: one that only a socket is left of ends.
   */
  again(known: Known): Known | undefined {
    const { kind, credential = "", until } = known
    if (until !== undefined && until <= this.options.nowMs()) return undefined
    if (kind === "open" || kind === "token") return known
    const found = kind === "key" ? this.keyByHash(known.name, credential) : this.userBySession(credential)
    return found === undefined || "refused" in found ? undefined : found
  }

  private byKey(id: string, hash: string): Found {
    const { store, nowMs, note } = this.options
    const at = nowMs()
    const found = this.keyByHash(id, hash)
    if (found === undefined) return wrongKey
    if (id !== LOCAL_KEY && at - (store.keysUsed.get(id) ?? 0) >= KEY_USED_EVERY_MS) {
      // Noted at once in memory: the write is on its way and must not be made again by the next request.
      store.keysUsed.set(id, at)
      note({ key: id }, at)
    }
    return found
  }

  private keyByHash(id: string, hash: string): Known | undefined {
    const { store, localKeyHash, nowMs } = this.options
    if (id === LOCAL_KEY) return isSameHash(hash, localKeyHash) ? localPrincipal(hash) : undefined
    const key = store.state.keys.get(id)
    if (key === undefined || !isGood(key, hash, nowMs())) return undefined
    return principalOfKey(key, hash)
  }

  private bySession(hash: string, { method, headers }: Asking): Found {
    const found = this.userBySession(hash)
    if ("refused" in found) return found
    const mayChange = method !== "get" && method !== "head"
    if (mayChange && (headers[CSRF_HEADER] === undefined || !isOwnOrigin(headers))) return notFromHere
    this.noteSession(hash)
    return found
  }

  private userBySession(hash: string): Found {
    const { store, nowMs } = this.options
    const session = store.sessions.find(hash, nowMs())
    const user = session === undefined ? undefined : store.state.users.get(session.user)
    if (session === undefined || user === undefined || session.openedAt <= user.sessionsFrom) return ended
    return principalOfUser(user, session)
  }

  private noteSession(hash: string): void {
    const { store, nowMs, note } = this.options
    const at = nowMs()
    const session = store.sessions.find(hash, at)
    if (session === undefined || at - session.seenAt < SESSION_SEEN_EVERY_MS) return
    store.sessions.set({ ...session, seenAt: at })
    note({ session: { ...session, seenAt: at } }, at)
  }
}

/** No key of the store has this id: those are of hexadecimal digits. */
export const LOCAL_KEY = "local"

const localPrincipal = (hash: string): Known => ({
  kind: "key",
  name: LOCAL_KEY,
  roles: ["admin"],
  credential: hash
})

const isGood = (key: Key, hash: string, at: number): boolean => {
  if (key.expiresAt !== undefined && key.expiresAt <= at) return false
  if (isSameHash(hash, key.secretHash)) return true
  return key.former !== undefined && key.former.until > at && isSameHash(hash, key.former.secretHash)
}

const principalOfKey = (key: Key, hash: string): Known => {
  const until = Math.min(
    key.expiresAt ?? Infinity,
    key.former !== undefined && hash !== key.secretHash ? key.former.until : Infinity
  )
  return {
    kind: "key",
    name: key.id,
    roles: key.roles,
    credential: hash,
    ...boundsOf(key),
    ...(until === Infinity ? {} : { until })
  }
}

const principalOfUser = (user: User, { hash, expiresAt }: Session): Known => ({
  kind: "user",
  name: user.name,
  roles: user.roles,
  credential: hash,
  until: expiresAt,
  ...boundsOf(user),
  ...(user.isOneTime ? { actions: OWN_ONLY } : {})
})
