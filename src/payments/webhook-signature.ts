/**
 * Whether a delivery is Stripe's: the SDK checks `Stripe-Signature` over the bytes as they came, and that they were
 * signed within five minutes of now. During a rotation either of two secrets will do.
 */
import type { Stripe } from "stripe"

export type Delivery =
  | { readonly ok: true; readonly event: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly status: 400 | 401; readonly message: string }

/** Stripe's own default: what is older is a replay. */
const TOLERANCE_SECONDS = 300

export const readDelivery = (
  endpoint: { readonly stripe: Stripe; readonly secrets: ReadonlyArray<string>; readonly isLive: boolean },
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  receivedAtMs: number
): Delivery => {
  const signature = headers["stripe-signature"] ?? ""
  const isSigned = endpoint.secrets.some((secret) =>
    isSignedWith(endpoint.stripe, { signature, secret, body, receivedAtMs })
  )
  if (!isSigned) {
    return { ok: false, status: 401, message: "The Stripe-Signature is not one of ours, or it is too old." }
  }
  const event = parse(body)
  if (event === undefined) return { ok: false, status: 400, message: "The body is no JSON object." }
  if ((event["livemode"] === true) !== endpoint.isLive) {
    const [got, expected] = endpoint.isLive ? ["test", "live"] : ["live", "test"]
    return { ok: false, status: 400, message: `This is a ${got} event, and the hub has a ${expected} key.` }
  }
  return { ok: true, event }
}

const isSignedWith = (
  stripe: Stripe,
  given: {
    readonly signature: string
    readonly secret: string
    readonly body: Uint8Array
    readonly receivedAtMs: number
  }
): boolean => {
  try {
    const body = Buffer.from(given.body.buffer, given.body.byteOffset, given.body.byteLength)
    // Times ahead of ours are let through by the SDK, so a clock that is wrong is caught here.
    const at = /(?:^|,)t=(\d{1,12})(?:,|$)/.exec(given.signature)?.[1]
    if (at === undefined || Number(at) - given.receivedAtMs / 1_000 > TOLERANCE_SECONDS) return false
    const { signature } = stripe.webhooks
    // It throws when it is wrong; without a verifier nothing is right.
    return (
      signature?.verifyHeader(body, given.signature, given.secret, TOLERANCE_SECONDS, undefined, given.receivedAtMs) ===
      true
    )
  } catch {
    return false
  }
}

const parse = (body: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body))
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}
