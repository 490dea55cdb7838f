/**
 * Secrets that the hub makes itself: API keys and the tokens of sessions. Each has 256 random bits, so a plain hash of it is
 * as safe as the secret: there is nothing to guess that a slow hash would make slower.
 *
 * A key reads `hf_<id>_<secret>`: the id is public and is what is looked up, the prefix lets scanners find keys that leaked.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto"

export const newSecret = (): string => randomBytes(32).toString("base64url")
export const newKeyId = (): string => randomBytes(6).toString("hex")

/** For people to type once: 100 bits without characters that look alike. */
export const newPassword = (): string => {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789"
  const bytes = randomBytes(20)
  const text = Array.from(bytes, (byte) => letters[byte % letters.length]).join("")
  return text.replaceAll(/.{5}(?=.)/g, "$&-")
}

export const hashSecret = (secret: string): string => createHash("sha256").update(secret).digest("base64url")

/** Takes the same time whatever differs. Both are hashes of one length. */
export const isSameHash = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))

export const keyText = (id: string, secret: string): string => `hf_${id}_${secret}`

const KEY = /^hf_([0-9a-z]{1,32})_([\w-]{43})$/

export const readKey = (text: string): { readonly id: string; readonly secret: string } | undefined => {
  const [, id, secret] = KEY.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}
