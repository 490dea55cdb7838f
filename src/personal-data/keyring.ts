/**
 * The customers' keys, wrapped, in a NATS KV bucket of their own. A customer is erased by destroying the key: its bytes are
 * overwritten in the stream's file, a marker stands in its place, and every keyring that watches the bucket forgets it.
 *
 * K1 A customer who was erased gets no new key under the same id: what comes late is refused, not sealed anew.
 * K2 A key is remembered for no longer than `REMEMBERED_MS`, so one that missed the marker forgets it too.
 */
import type { KV } from "@nats-io/kv"
import { Effect, Schema } from "effect"
import type { PutFirst } from "./put-first.ts"
import { customerToken, type MasterKeys, newDataKey, unwrapKey, wrapKey } from "./sealing.ts"

/**
 * `erased`: the customer's key is gone. `unreadable`: it is no sealed value of that customer, or was sealed with another
 * master key. `unavailable`: NATS does not answer; try again.
 */
export class PersonalDataFailed extends Schema.TaggedError<PersonalDataFailed>()("PersonalDataFailed", {
  reason: Schema.Literals(["erased", "unreadable", "unavailable", "invalid"]),
  message: Schema.String
}) {}

export const failures = {
  erased: new PersonalDataFailed({
    reason: "erased",
    message: "There is no personal data of this customer: it was erased, or there never was any."
  }),
  unreadable: new PersonalDataFailed({
    reason: "unreadable",
    message: "It cannot be opened with this customer's key."
  }),
  unavailable: new PersonalDataFailed({
    reason: "unavailable",
    message: "The keys for personal data cannot be reached now; try again in a moment."
  })
} as const

interface Remembered {
  readonly dataKey: Buffer
  readonly untilMs: number
}

/** 32 bytes and their place in a map: some 10 MiB. */
const REMEMBERED_MAX = 50_000
const REMEMBERED_MS = 5 * 60_000
/** A copy of the bucket that is asked may be behind what was refused because of it. */
const TRIES_MAX = 3

export interface KeyringOptions {
  readonly keys: MasterKeys
  readonly bucket: KV
  readonly putFirst: PutFirst
  /** Overwrites what the bucket's stream holds under this key, and drops it. */
  readonly wipe: (key: string) => Promise<void>
  readonly nowMs: () => number
}

export class Keyring {
  private readonly options: KeyringOptions
  private readonly remembered = new Map<string, Remembered>()

  constructor(options: KeyringOptions) {
    this.options = options
  }

  /** The customer's key, made when there is none. Fails with `erased`. */
  obtain(customerId: string): Effect.Effect<{ readonly token: string; readonly dataKey: Buffer }, PersonalDataFailed> {
    const token = customerToken(this.options.keys, customerId)
    return Effect.map(
      this.attempt(() => this.obtained(token)),
      (dataKey) => ({ token, dataKey })
    )
  }

  /** A key that is there. Fails with `erased` also for one that never was: nothing tells them apart that should. */
  find(token: string): Effect.Effect<Buffer, PersonalDataFailed> {
    return this.attempt(async () => (await this.read(token)) ?? failures.erased)
  }

  /** Destroys the key. Doing it again is harmless. */
  destroy(token: string): Effect.Effect<void, PersonalDataFailed> {
    const { bucket, wipe } = this.options
    return this.attempt(async () => {
      this.forget(token)
      await wipe(token)
      await bucket.purge(token)
      this.forget(token)
    })
  }

  forget(token: string): void {
    this.remembered.get(token)?.dataKey.fill(0)
    this.remembered.delete(token)
  }

  forgetAll(): void {
    for (const token of this.remembered.keys()) this.forget(token)
  }

  /** Most customers of whom something is said for the first time have none: that is tried before it is looked. */
  private async obtained(token: string): Promise<Buffer | PersonalDataFailed> {
    const { keys, putFirst } = this.options
    const remembered = this.recall(token)
    if (remembered !== undefined) return remembered
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const dataKey = newDataKey()
      if (await putFirst(token, wrapKey(keys, token, dataKey))) return this.remember(token, dataKey)
      const known = await this.read(token)
      if (known !== undefined) return known
    }
    return failures.unavailable
  }

  private async read(token: string): Promise<Buffer | PersonalDataFailed | undefined> {
    const { bucket, keys } = this.options
    const remembered = this.recall(token)
    if (remembered !== undefined) return remembered
    const entry = await bucket.get(token)
    if (entry === null) return undefined
    if (entry.operation !== "PUT") {
      this.forget(token)
      return failures.erased
    }
    const dataKey = unwrapKey(keys, token, Buffer.from(entry.value))
    return dataKey === undefined ? failures.unreadable : this.remember(token, dataKey)
  }

  /** Copies are handed out: a remembered key is overwritten when it is forgotten, and somebody may be sealing with it. */
  private recall(token: string): Buffer | undefined {
    const known = this.remembered.get(token)
    return known !== undefined && known.untilMs > this.options.nowMs() ? Buffer.from(known.dataKey) : undefined
  }

  private remember(token: string, dataKey: Buffer): Buffer {
    this.remembered.delete(token)
    this.remembered.set(token, { dataKey, untilMs: this.options.nowMs() + REMEMBERED_MS })
    const [oldest] = this.remembered.keys()
    if (this.remembered.size > REMEMBERED_MAX && oldest !== undefined) this.forget(oldest)
    return Buffer.from(dataKey)
  }

  private attempt<A>(ask: () => Promise<A | PersonalDataFailed>): Effect.Effect<A, PersonalDataFailed> {
    return Effect.tryPromise({ try: ask, catch: () => failures.unavailable }).pipe(
      Effect.flatMap((answer) =>
        answer instanceof PersonalDataFailed ? Effect.fail(answer) : Effect.succeed(answer as A)
      )
    )
  }
}
