/**
 * Signing as Twilio does: HMAC-SHA1 with the account's token over the address as it is called and, for a form, every
 * parameter's name and value in the order of their names; for JSON the body's SHA-256 stands in the address instead.
 * Written after Twilio's documentation, so that what checks it is not checked with itself.
 */
import { createHash, createHmac } from "node:crypto"

export const formSignature = (
  authToken: string,
  url: string,
  parameters: ReadonlyArray<readonly [name: string, value: string]>
): string => {
  const sorted = parameters.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const text = `${url}${sorted.map(([name, value]) => `${name}${value}`).join("")}`
  return createHmac("sha1", authToken).update(text, "utf8").digest("base64")
}

/** The address to call, with the body's hash in it, and its signature. */
export const jsonSignature = (authToken: string, url: string, body: string) => {
  const hash = createHash("sha256").update(body, "utf8").digest("hex")
  const signed = `${url}${url.includes("?") ? "&" : "?"}bodySHA256=${hash}`
  return { url: signed, signature: createHmac("sha1", authToken).update(signed, "utf8").digest("base64") }
}
