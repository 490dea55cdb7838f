/**
 * Signing and verifying by the Standard Webhooks scheme (standardwebhooks.com): `webhook-id`, `webhook-timestamp`,
 * and in `webhook-signature` one or more `v1,<base64>` of the HMAC-SHA256 over `id.timestamp.body`.
 */
import { createHmac, timingSafeEqual } from "node:crypto"

/** Clocks may differ, and a delivery may be slow, by so much; what is older is a replay. */
export const TOLERANCE_MS = 5 * 60_000
/** Signatures looked at in one header: a sender that rotates its secret sends two. */
const SIGNATURES_MAX = 8
const SECRET_PREFIX = "whsec_"
const SECRET_BYTES_MIN = 16

/** The key of a `whsec_` secret. Throws an `Error` with one sentence, which calls it `name`, when it is none. */
export const secretKey = (secret: string, name = "A webhook secret"): Buffer => {
  const key = Buffer.from(secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : "", "base64")
  if (key.length < SECRET_BYTES_MIN) {
    throw new Error(`${name} must be ${SECRET_PREFIX} and at least ${SECRET_BYTES_MIN} bytes in base64.`)
  }
  return key
}

const signatureOf = (key: Buffer, id: string, timestamp: string, body: string | Uint8Array): Buffer =>
  createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest()

export const signedHeaders = (
  key: Buffer,
  id: string,
  atMs: number,
  body: string | Uint8Array
): Readonly<Record<string, string>> => {
  const timestamp = String(Math.floor(atMs / 1_000))
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signatureOf(key, id, timestamp, body).toString("base64")}`
  }
}

/** Why the delivery is not to be believed, or `undefined`. Any of the keys will do: secrets are rotated. */
export const whyUnsigned = (
  keys: ReadonlyArray<Buffer>,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  nowMs: number
): string | undefined => {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = headers
  if (id === undefined || timestamp === undefined || signatures === undefined) {
    return "The headers webhook-id, webhook-timestamp and webhook-signature must be there."
  }
  const at = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1_000 : Number.NaN
  if (!(Math.abs(nowMs - at) <= TOLERANCE_MS)) return "It was signed too long ago, or for the future."
  const given = signatures.split(" ").slice(0, SIGNATURES_MAX)
  const expected = keys.map((key) => signatureOf(key, id, timestamp, body))
  const isSigned = given.some((signature) => {
    const bytes = signature.startsWith("v1,") ? Buffer.from(signature.slice(3), "base64") : Buffer.alloc(0)
    return expected.some((one) => one.length === bytes.length && timingSafeEqual(one, bytes))
  })
  return isSigned ? undefined : "The signature is not one of ours."
}
