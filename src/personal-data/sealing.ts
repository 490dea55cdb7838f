/**
 * The cryptography of personal data: AES-256-GCM with a key per customer, wrapped by a key made from the master key; HMAC
 * for what must be found again without being readable. Nothing here is kept or sent.
 *
 * S1 A sealed value can be opened with its customer's key only, and as the field it was sealed as: both are authenticated.
 * S2 It names its customer by a token that says nothing without the master key, so whoever holds a sealed value knows
 *    whose key to ask for and not who that is.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto"

/** `words`: what a customer wrote, whole. */
export const FIELDS = ["phone", "email", "name", "words"] as const
export type Field = (typeof FIELDS)[number]

/** Made from the master key, each for one purpose. */
export interface MasterKeys {
  readonly wrapping: Buffer
  readonly tokens: Buffer
  readonly index: Buffer
}

/** What carriers take in one message; an answer that is longer is read as far as this. */
export const WORDS_LENGTH_MAX = 4_096

export const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const TOKEN_BYTES = 16

export const masterKeys = (master: Buffer): MasterKeys => {
  const derived = (purpose: string): Buffer =>
    Buffer.from(hkdfSync("sha256", master, "", `holdfast personal data ${purpose} v1`, KEY_BYTES))
  return { wrapping: derived("wrapping"), tokens: derived("tokens"), index: derived("index") }
}

/** Stands for a customer wherever personal data is: 22 of `[A-Za-z0-9_-]`. */
export const customerToken = ({ tokens }: MasterKeys, customerId: string): string =>
  createHmac("sha256", tokens).update(customerId).digest().subarray(0, TOKEN_BYTES).toString("base64url")

/** Finds what was stored under the same words; with the master key alone a list of all numbers could be tried. */
export const blindIndex = ({ index }: MasterKeys, kind: string, value: string): string =>
  createHmac("sha256", index).update(`${kind}\0${value}`).digest("base64url")

const encrypt = (key: Buffer, about: string, plain: Buffer): Buffer => {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(about))
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** `undefined` when the key, the purpose or a single bit is another. */
const decrypt = (key: Buffer, about: string, sealed: Buffer): Buffer | undefined => {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined
  const nonce = sealed.subarray(0, NONCE_BYTES)
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(about))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
}

export const newDataKey = (): Buffer => randomBytes(KEY_BYTES)

export const wrapKey = ({ wrapping }: MasterKeys, token: string, dataKey: Buffer): Buffer =>
  encrypt(wrapping, `key ${token}`, dataKey)

export const unwrapKey = ({ wrapping }: MasterKeys, token: string, wrapped: Buffer): Buffer | undefined =>
  decrypt(wrapping, `key ${token}`, wrapped)

/** For what the hub itself has to read again without a customer's key, such as whose an address is. */
export const hide = ({ wrapping }: MasterKeys, about: string, text: string): Buffer =>
  encrypt(wrapping, `hidden ${about}`, Buffer.from(text))

export const unhide = ({ wrapping }: MasterKeys, about: string, hidden: Buffer): string | undefined =>
  decrypt(wrapping, `hidden ${about}`, hidden)?.toString("utf8")

export interface Sealed {
  readonly token: string
  readonly field: Field
  readonly payload: string
}

/** `pd1.<token>.<field>.<payload>`: text that goes wherever the plain one would have gone. */
const SEALED = /^pd1\.([A-Za-z0-9_-]{22})\.(phone|email|name|words)\.([A-Za-z0-9_-]{38,24000})$/

export const readSealed = (text: string): Sealed | undefined => {
  const [, token, field, payload] = SEALED.exec(text) ?? []
  return token === undefined || payload === undefined ? undefined : { token, field: field as Field, payload }
}

export const seal = (dataKey: Buffer, token: string, field: Field, plain: string): string => {
  const payload = encrypt(dataKey, `${field} ${token}`, Buffer.from(plain)).toString("base64url")
  return `pd1.${token}.${field}.${payload}`
}

export const unseal = (dataKey: Buffer, { token, field, payload }: Sealed): string | undefined =>
  decrypt(dataKey, `${field} ${token}`, Buffer.from(payload, "base64url"))?.toString("utf8")
