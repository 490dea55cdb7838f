/**
 * Personal data of customers: names, numbers and addresses become text that only their own key opens, before they are
 * journaled, stored or sent anywhere. Everything else in the hub handles the sealed text.
 *
 * D1 What is shown whole is recorded first: who, why, which fields. What is shown masked is not.
 * D2 After an erasure no sealed text of the customer can be opened, wherever it stands: journal, read models, snapshots,
 *    backups of any of them.
 */
import { Effect } from "effect"
import type { Access, AccessLog, AccessRecord } from "./access-log.ts"
import type { AddressIndex } from "./address-index.ts"
import { failures, type Keyring, PersonalDataFailed } from "./keyring.ts"
import { maskedField } from "./masking.ts"
import {
  blindIndex,
  customerToken,
  type Field,
  FIELDS,
  hide,
  type MasterKeys,
  readSealed,
  seal,
  type Sealed,
  unhide,
  unseal,
  WORDS_LENGTH_MAX
} from "./sealing.ts"
import { sealedIn, withTexts } from "./tree.ts"

export type Person = Partial<Readonly<Record<Field, string>>>

/** Finds all records of all journals that hold one of these texts. */
export type FindRecords = (texts: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<unknown>, unknown>

export interface CustomerExport {
  readonly customerId: string
  /** ISO 8601. */
  readonly at: string
  /** What the journals hold of the customer, sealed texts opened, oldest first in each. */
  readonly records: ReadonlyArray<unknown>
  readonly accesses: ReadonlyArray<AccessRecord>
}

export interface PersonalDataOptions {
  readonly keys: MasterKeys
  readonly keyring: Keyring
  readonly addresses: AddressIndex
  readonly log: AccessLog
  readonly findRecords: FindRecords
  readonly nowMs: () => number
}

/** The longest address has 320 characters; names are as long as people make them. */
const VALUE_LENGTH_MAX = 512
const lengthMax = (field: Field): number => (field === "words" ? WORDS_LENGTH_MAX : VALUE_LENGTH_MAX)
const GONE = "•••"

export class PersonalData {
  readonly addresses: AddressIndex
  private readonly options: PersonalDataOptions

  constructor(options: PersonalDataOptions) {
    this.options = options
    this.addresses = options.addresses
  }

  /** Seals what is given and makes the customer findable by number and address. Fails with `erased`, `invalid`. */
  keep(customerId: string, person: Person): Effect.Effect<Person, PersonalDataFailed> {
    const given = FIELDS.flatMap((field) => (person[field] === undefined ? [] : [[field, person[field]] as const]))
    const wrong = given.find(([field, value]) => value.trim() === "" || value.length > lengthMax(field))
    if (wrong !== undefined) {
      const message = `The ${wrong[0]} is empty or longer than ${lengthMax(wrong[0])} characters.`
      return Effect.fail(new PersonalDataFailed({ reason: "invalid", message }))
    }
    return Effect.gen({ self: this }, function* () {
      const { token, dataKey } = yield* this.options.keyring.obtain(customerId)
      for (const [field, value] of given) {
        if (field === "phone" || field === "email") yield* this.addresses.put(customerId, field, value)
      }
      return Object.fromEntries(given.map(([field, value]) => [field, seal(dataKey, token, field, value)]))
    })
  }

  /** The value, however nested, with this customer's sealed texts opened. Others' stay sealed. */
  open<Value>(customerId: string, value: Value, access: Access): Effect.Effect<Value, PersonalDataFailed> {
    return this.opened(customerId, value, access, "opened")
  }

  /** The value with everybody's sealed texts masked; those of customers who were erased are dots. */
  masked<Value>(value: Value): Effect.Effect<Value, PersonalDataFailed> {
    return Effect.gen({ self: this }, function* () {
      const keys = new Map<string, Buffer | undefined>()
      for (const { token } of sealedIn(value)) {
        if (keys.has(token)) continue
        const found = yield* Effect.result(this.options.keyring.find(token))
        if (found._tag === "Failure" && found.failure.reason === "unavailable") return yield* found.failure
        keys.set(token, found._tag === "Success" ? found.success : undefined)
      }
      return withTexts(value, (text) => {
        const sealed = readSealed(text)
        if (sealed === undefined) return text
        const plain = openWith(keys.get(sealed.token), sealed)
        return plain === undefined ? GONE : maskedField(sealed.field, plain)
      })
    })
  }

  /** Tells whether two names are the same without saying which. */
  mark(field: Field, value: string): string {
    return blindIndex(this.options.keys, field, value.normalize("NFKC").trim())
  }

  /** For what is nobody's whom the hub knows, and is kept for a moment only: under the hub's own key. */
  hide(about: string, text: string): string {
    return hide(this.options.keys, about, text).toString("base64url")
  }

  unhide(about: string, hidden: string): string | undefined {
    return unhide(this.options.keys, about, Buffer.from(hidden, "base64url"))
  }

  /** Everything that the journals hold of one customer: their sealed texts, and what names them. */
  export(customerId: string, access: Access): Effect.Effect<CustomerExport, PersonalDataFailed> {
    const { keys, log, findRecords, nowMs } = this.options
    const token = customerToken(keys, customerId)
    return Effect.gen({ self: this }, function* () {
      const sealed = yield* Effect.mapError(
        findRecords([token, `"customerId":${JSON.stringify(customerId)}`]),
        () => failures.unavailable
      )
      const records = yield* this.opened(customerId, sealed, access, "exported")
      const accesses = yield* log.of(token)
      return { customerId, at: new Date(nowMs()).toISOString(), records, accesses }
    })
  }

  /** For ever. Doing it again is harmless; it is done when this has succeeded. */
  erase(customerId: string, access: Access): Effect.Effect<void, PersonalDataFailed> {
    const { keys, keyring, log } = this.options
    const token = customerToken(keys, customerId)
    return log
      .record(token, access, "erased", FIELDS)
      .pipe(Effect.andThen(keyring.destroy(token)), Effect.andThen(this.addresses.forget(token)))
  }

  /** Who has seen the customer's data, oldest first; also after an erasure. */
  accesses(customerId: string): Effect.Effect<ReadonlyArray<AccessRecord>, PersonalDataFailed> {
    return this.options.log.of(customerToken(this.options.keys, customerId))
  }

  private opened<Value>(
    customerId: string,
    value: Value,
    access: Access,
    action: AccessRecord["action"]
  ): Effect.Effect<Value, PersonalDataFailed> {
    const { keys, keyring, log } = this.options
    const token = customerToken(keys, customerId)
    return Effect.gen(function* () {
      const theirs = sealedIn(value).filter((sealed) => sealed.token === token)
      const fields = FIELDS.filter((field) => theirs.some((sealed) => sealed.field === field))
      const dataKey = yield* keyring.find(token)
      if (theirs.some((sealed) => openWith(dataKey, sealed) === undefined)) return yield* failures.unreadable
      yield* log.record(token, access, action, fields)
      return withTexts(value, (text) => {
        const sealed = readSealed(text)
        return sealed?.token === token ? (openWith(dataKey, sealed) ?? text) : text
      })
    })
  }
}

const openWith = (dataKey: Buffer | undefined, sealed: Sealed): string | undefined =>
  dataKey === undefined ? undefined : unseal(dataKey, sealed)
