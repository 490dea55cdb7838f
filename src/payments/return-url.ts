/**
 * The address that Stripe sends a customer back to, signed, so that nobody makes the hub ask Stripe about carts by
 * guessing addresses. It proves which cart and version the link was for, and nothing of whether it was paid.
 */
import { hkdfSync, createHmac, timingSafeEqual } from "node:crypto"
import { SESSION_MS_MAX } from "../../actors/payment/links.ts"

export interface ReturnTo {
  readonly cartId: string
  readonly cartVersion: number
  readonly outcome: "paid" | "cancelled"
}

export type ReturnRead =
  | { readonly ok: true; readonly to: ReturnTo; readonly sessionId: string | undefined }
  | { readonly ok: false; readonly status: 400 | 401 | 410; readonly message: string }

export const RETURN_PATH = "/v1/checkout/return"

/** Someone may come back long after the session has ended, from a tab left open. */
const VALID_MS_AFTER = SESSION_MS_MAX
/** Stripe puts the session's id in its place, so it must not be percent-encoded. */
const SESSION_PLACE = "{CHECKOUT_SESSION_ID}"
const ID_LENGTH_MAX = 256

/** Known to this hub alone and the same after a restart, without a secret more to look after. */
export const returnKey = (secretKey: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secretKey, "", "holdfast checkout return v1", 32))

const signatureOf = (key: Buffer, { cartId, cartVersion, outcome }: ReturnTo, validUntil: string): Buffer =>
  createHmac("sha256", key)
    .update(JSON.stringify([cartId, cartVersion, outcome, validUntil]))
    .digest()

export const returnUrl = (key: Buffer, publicUrl: string, to: ReturnTo, sessionEndsAtMs: number): string => {
  const validUntil = String(Math.floor((sessionEndsAtMs + VALID_MS_AFTER) / 1_000))
  const query = new URLSearchParams({
    cart: to.cartId,
    version: String(to.cartVersion),
    outcome: to.outcome,
    until: validUntil,
    signature: signatureOf(key, to, validUntil).toString("base64url")
  })
  const session = to.outcome === "paid" ? `&session=${SESSION_PLACE}` : ""
  return `${publicUrl}${RETURN_PATH}?${query.toString()}${session}`
}

export const readReturn = (key: Buffer, query: URLSearchParams, nowMs: number): ReturnRead => {
  const [cartId, version, outcome, until] = ["cart", "version", "outcome", "until"].map((name) => query.get(name) ?? "")
  const isWhole = cartId !== undefined && /^\d{1,15}$/.test(version ?? "") && /^\d{1,12}$/.test(until ?? "")
  if (!isWhole || (outcome !== "paid" && outcome !== "cancelled")) {
    return { ok: false, status: 400, message: "This is not an address that the hub has given: follow the link again." }
  }
  const to: ReturnTo = { cartId, cartVersion: Number(version), outcome }
  const given = Buffer.from(query.get("signature") ?? "", "base64url")
  const expected = signatureOf(key, to, until ?? "")
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return { ok: false, status: 401, message: "The signature of this address is not ours." }
  }
  if (Number(until) * 1_000 < nowMs) {
    return { ok: false, status: 410, message: "This address is too old: ask for the order instead." }
  }
  const sessionId = query.get("session") ?? undefined
  if (outcome === "paid" && (sessionId === undefined || sessionId.length > ID_LENGTH_MAX)) {
    return { ok: false, status: 400, message: "The address names no checkout session." }
  }
  return { ok: true, to, sessionId }
}
