/**
 * The address in a message: short, because texts are paid by their length; made by this hub alone; the same each time it is
 * made for an attempt, because a message is known again by it. It names the attempt and says nothing of the customer.
 *
 *     <16 characters of signature><the attempt>
 *
 * The signature stands first: programs that make addresses in texts clickable leave out what ends with a dash.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto"

export const LINK_PATH = "/c/"

/** 96 bits: nobody hits upon one by trying. */
const SIGNATURE_BYTES = 12
const SIGNATURE_LENGTH = 16
const ATTEMPT = /^r[0-9a-z]{1,14}-\d{1,4}$/

/** Of the hub's master key, so that links outlive a restart and a change of anybody else's key. */
export const linkKey = (master: Buffer): Buffer =>
  Buffer.from(hkdfSync("sha256", master, "", "holdfast message link v1", 32))

const signatureOf = (key: Buffer, attemptId: string): Buffer =>
  createHmac("sha256", key).update(attemptId).digest().subarray(0, SIGNATURE_BYTES)

export const linkToken = (key: Buffer, attemptId: string): string =>
  `${signatureOf(key, attemptId).toString("base64url")}${attemptId}`

/** The attempt, or `undefined` when the token is none of ours. */
export const readLinkToken = (key: Buffer, token: string): string | undefined => {
  const attemptId = token.slice(SIGNATURE_LENGTH)
  if (!ATTEMPT.test(attemptId)) return undefined
  const given = Buffer.from(token.slice(0, SIGNATURE_LENGTH), "base64url")
  const expected = signatureOf(key, attemptId)
  return given.length === expected.length && timingSafeEqual(given, expected) ? attemptId : undefined
}
