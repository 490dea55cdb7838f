/**
 * The access token of Login with Amazon: kept until a minute before it ends, and asked for once however many wait for it.
 */
import { type AdapterContext, failed, type Result, succeeded } from "../../adapter.ts"
import { callChannel } from "../../http-call.ts"
import { isObject } from "../../json-body.ts"
import type { AmazonSettings } from "./settings.ts"

const EARLY_MS = 60_000
const LIFE_S_DEFAULT = 3_600
/** What was refused is not asked for again sooner: no hot loop over a secret that is wrong. */
const REFUSED_MS = 30_000
const TIMEOUT_MS = 10_000

type Context = Pick<AdapterContext, "fetch" | "nowMs">

export class AccessToken {
  private readonly settings: AmazonSettings
  private readonly context: Context
  private current: { readonly token: string; readonly until: number } | undefined
  private refused: { readonly result: Result<never>; readonly until: number } | undefined
  private asking: Promise<Result<string>> | undefined

  constructor(settings: AmazonSettings, context: Context) {
    this.settings = settings
    this.context = context
  }

  get(): Promise<Result<string>> {
    const now = this.context.nowMs()
    if (this.current !== undefined && this.current.until > now) return Promise.resolve(succeeded(this.current.token))
    if (this.refused !== undefined && this.refused.until > now) return Promise.resolve(this.refused.result)
    this.asking ??= this.ask().finally(() => (this.asking = undefined))
    return this.asking
  }

  /** The API does not take it any more, whatever it was said to live. */
  forget(token: string): void {
    if (this.current?.token === token) this.current = undefined
  }

  private async ask(): Promise<Result<string>> {
    const { tokenUrl, clientId, clientSecret, refreshToken } = this.settings
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: refreshToken,
      client_id: clientId,
      client_secret: clientSecret
    })
    const result = await callChannel(this.context.fetch, {
      method: "POST",
      url: tokenUrl,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: form.toString(),
      // Others wait for it too: it ends by itself, not with the call that asked first.
      signal: AbortSignal.timeout(TIMEOUT_MS)
    })
    if (!result.ok) return result.failure.kind === "unauthorized" ? this.refuse("the client is not known") : result
    const { status, body } = result.value
    const answer = isObject(body) ? body : {}
    if (status >= 400) return this.refuse(reasonOf(answer["error"]))
    const { access_token: token, expires_in: lifeS } = answer
    if (typeof token !== "string") return failed({ kind: "unavailable", message: "Login with Amazon gave no token." })
    const lifeMs = (typeof lifeS === "number" ? lifeS : LIFE_S_DEFAULT) * 1_000
    this.refused = undefined
    this.current = { token, until: this.context.nowMs() + Math.max(0, lifeMs - EARLY_MS) }
    return succeeded(token)
  }

  private refuse(why: string): Result<never> {
    const message = `Login with Amazon gives no token: ${why}. Authorize the application again in Seller Central.`
    const result = failed({ kind: "unauthorized", message })
    this.refused = { result, until: this.context.nowMs() + REFUSED_MS }
    return result
  }
}

const reasonOf = (error: unknown): string => {
  if (error === "invalid_grant") return "the refresh token was revoked or has expired"
  return error === "invalid_client" ? "the client id or secret is wrong" : "it was refused"
}
