/**
 * What a request brings to say who sends it: an `Authorization` header, or the cookie of a session. Bounded and read as plain
 * text; what cannot be read is as good as nothing, and is refused where something is needed.
 */
import { TOKEN_LENGTH_MAX } from "../../config/access.ts"

export const SESSION_COOKIE = "holdfast_session"
/** Any value: that it is there at all shows that no form of another site has sent the request. */
export const CSRF_HEADER = "x-holdfast-csrf"

export type Headers = Readonly<Record<string, string>>

/** The token behind `Bearer`, or `undefined`. */
export const bearerOf = (headers: Headers): string | undefined => {
  const given = headers["authorization"]
  if (given === undefined || given.length > TOKEN_LENGTH_MAX) return undefined
  const [, token] = /^bearer +([^\s]+)$/i.exec(given) ?? []
  return token
}

/** The session's token. Of two cookies of the name the first counts, as the browser puts the more specific one first. */
export const sessionTokenOf = (headers: Headers): string | undefined => {
  const cookies = headers["cookie"]
  if (cookies === undefined || cookies.length > TOKEN_LENGTH_MAX) return undefined
  for (const cookie of cookies.split(";")) {
    const at = cookie.indexOf("=")
    if (at > 0 && cookie.slice(0, at).trim() === SESSION_COOKIE) {
      const value = cookie.slice(at + 1).trim()
      return /^[\w-]{43}$/.test(value) ? value : undefined
    }
  }
  return undefined
}

/** Lax would let a link from elsewhere open a page as the user; nothing here needs that. */
export const sessionCookie = (token: string, maxAgeSeconds: number, isSecure: boolean): string =>
  `${SESSION_COOKIE}=${token}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`

/**
 * Whether the page that sends this is of the hub itself. Browsers name a page's origin with every request that could change
 * something and with every socket; programs that are no browsers name none.
 */
export const isOwnOrigin = (headers: Headers): boolean => {
  const origin = headers["origin"]
  if (origin === undefined) return headers["sec-fetch-site"] !== "cross-site"
  try {
    return new URL(origin).host === headers["host"]
  } catch {
    return false
  }
}

/** Of the machine itself: browsers let no other page pretend to it, and take cookies there without TLS. */
export const isLoopbackHost = (host: string | undefined): boolean =>
  host !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host)
