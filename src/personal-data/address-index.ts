/**
 * Whose an address is, and which addresses must not be written to, without an address standing anywhere: keys are HMACs of
 * them. Whose it is goes with the customer's erasure; that it must not be written to stays, because that is what was asked.
 */
import type { KV } from "@nats-io/kv"
import { Effect } from "effect"
import { failures, PersonalDataFailed } from "./keyring.ts"
import type { PutFirst } from "./put-first.ts"
import { blindIndex, customerToken, hide, type MasterKeys, unhide } from "./sealing.ts"

export type AddressKind = "phone" | "email"

export interface Suppression {
  /** ISO 8601. */
  readonly at: string
  /** Such as `stop`, `bounced`: a word, and nothing of what the customer wrote. */
  readonly reason: string
}

export interface AddressIndexOptions {
  readonly keys: MasterKeys
  readonly bucket: KV
  readonly putFirst: PutFirst
  /** Overwrites what stands under these keys, `*` for any token between dots, and drops it. */
  readonly wipe: (keys: string) => Promise<void>
}

/** Customers that share an address: a family's, or somebody who forgot an account. */
const SHARED_MAX = 100
const REASON = /^[a-z_-]{1,64}$/

/** As people write them and as carriers do: `whatsapp:+44 7700 900123`, ` Ada@Example.com`. */
export const normalAddress = (kind: AddressKind, address: string): string => {
  const text = address.normalize("NFKC").trim().toLowerCase()
  return kind === "email"
    ? text
    : text
        .replace(/^[a-z]+:/, "")
        .replace(/^00/, "+")
        .replace(/[^\d+]/g, "")
}

export class AddressIndex {
  private readonly options: AddressIndexOptions

  constructor(options: AddressIndexOptions) {
    this.options = options
  }

  /** Stands for the address wherever it must be compared and not read. */
  blind(kind: AddressKind, address: string): string {
    return blindIndex(this.options.keys, kind, normalAddress(kind, address))
  }

  put(customerId: string, kind: AddressKind, address: string): Effect.Effect<void, PersonalDataFailed> {
    const { bucket, keys, putFirst } = this.options
    const token = customerToken(keys, customerId)
    const key = `whose.${kind}.${this.blind(kind, address)}.${token}`
    return attempt(async () => {
      if (await putFirst(key, hide(keys, key, customerId))) return
      // Not again: what is written over stays in the file, where nobody would overwrite it.
      if ((await bucket.get(key))?.operation !== "PUT") await bucket.put(key, hide(keys, key, customerId))
    })
  }

  /** The customers who gave this address, those erased not among them. */
  find(kind: AddressKind, address: string): Effect.Effect<ReadonlyArray<string>, PersonalDataFailed> {
    const { bucket, keys } = this.options
    return attempt(async () => {
      const found: Array<string> = []
      for await (const key of await bucket.keys(`whose.${kind}.${this.blind(kind, address)}.*`)) {
        const entry = await bucket.get(key)
        const customerId = entry?.operation === "PUT" ? unhide(keys, key, Buffer.from(entry.value)) : undefined
        if (customerId !== undefined) found.push(customerId)
        if (found.length >= SHARED_MAX) break
      }
      return found
    })
  }

  /** Nothing says any more that an address was this customer's. */
  forget(token: string): Effect.Effect<void, PersonalDataFailed> {
    return attempt(() => this.options.wipe(`whose.*.*.${token}`))
  }

  suppress(kind: AddressKind, address: string, suppression: Suppression): Effect.Effect<void, PersonalDataFailed> {
    const message = "A reason for a suppression is one word of a-z, dash and underscore."
    if (!REASON.test(suppression.reason)) return Effect.fail(new PersonalDataFailed({ reason: "invalid", message }))
    const { bucket } = this.options
    return attempt(async () => void (await bucket.put(this.suppressedKey(kind, address), JSON.stringify(suppression))))
  }

  /** The customer asked to be written to again. */
  allow(kind: AddressKind, address: string): Effect.Effect<void, PersonalDataFailed> {
    return attempt(() => this.options.bucket.purge(this.suppressedKey(kind, address)))
  }

  suppressed(kind: AddressKind, address: string): Effect.Effect<Suppression | undefined, PersonalDataFailed> {
    return attempt(async () => {
      const entry = await this.options.bucket.get(this.suppressedKey(kind, address))
      return entry?.operation === "PUT" ? entry.json<Suppression>() : undefined
    })
  }

  private suppressedKey(kind: AddressKind, address: string): string {
    return `suppressed.${kind}.${this.blind(kind, address)}`
  }
}

const attempt = <A>(ask: () => Promise<A>): Effect.Effect<A, PersonalDataFailed> =>
  Effect.tryPromise({ try: ask, catch: () => failures.unavailable })
