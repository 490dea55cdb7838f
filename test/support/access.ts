/**
 * Callers of a hub with access control: with a key, with a session, with nothing.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Reply, TestHub } from "./hub.ts"

export type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>
) => Promise<Answered>

export interface Answered extends Reply {
  readonly headers: Headers
}

/** Sends these headers with everything. */
export const caller =
  (hub: TestHub, own: Readonly<Record<string, string>> = {}): Call =>
  async (method, path, body, headers = {}) => {
    const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }
    const response = await fetch(`${hub.url}${path}`, {
      method,
      headers: { connection: "close", ...own, ...headers },
      redirect: "manual",
      ...sent
    })
    const text = await response.text()
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true
    const parsed = isJson ? (JSON.parse(text) as Record<string, unknown>) : { text }
    return { status: response.status, body: parsed, headers: response.headers }
  }

export const withKey = (hub: TestHub, secret: string): Call => caller(hub, { authorization: `Bearer ${secret}` })

/** As the commands on the hub's own machine call it. */
export const local = (hub: TestHub): Call => {
  const { key } = JSON.parse(readFileSync(join(hub.home, "run.json"), "utf8")) as { readonly key: string }
  return withKey(hub, key)
}

export interface KeyMade {
  readonly id: string
  readonly secret: string
}

export const makeKey = async (admin: Call, asked: Readonly<Record<string, unknown>>): Promise<KeyMade> => {
  const { body, status } = await admin("POST", "/v1/access/keys", { name: "a key", ...asked })
  if (status !== 200) throw new Error(JSON.stringify(body))
  return { id: String(body["key"]), secret: String(body["secret"]) }
}

/** The cookie of a session, as a browser sends it back. */
export const cookieOf = ({ headers }: Answered): string => headers.get("set-cookie")?.split(";")[0] ?? ""

export const FROM_PAGE = { "x-holdfast-csrf": "1" } as const

/** With the cookie of a session, from the hub's own page. */
export const withSession = (hub: TestHub, cookie: string): Call => caller(hub, { cookie, ...FROM_PAGE })
