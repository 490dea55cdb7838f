/**
 * Personal data as a service of the hub, and of programs beside it: the buckets in NATS, a watcher that forgets keys as soon
 * as anybody destroys them, and proof that the master key is the one that was sealed with.
 */
import { Kvm, type KV } from "@nats-io/kv"
import { Context, Effect, Layer } from "effect"
import { Nats, type NatsShape } from "../../streams/nats/connection.ts"
import { findText } from "../../streams/nats/find-text.ts"
import {
  ALL_JOURNALS,
  bucketStream,
  bucketSubject,
  PERSONAL_INDEX_BUCKET,
  PERSONAL_KEYS_BUCKET
} from "../../streams/subjects.ts"
import { AccessLog } from "./access-log.ts"
import { AddressIndex } from "./address-index.ts"
import { Keyring } from "./keyring.ts"
import { WrongMasterKey } from "./master-key.ts"
import { PersonalData } from "./personal-data.ts"
import { putFirstIn } from "./put-first.ts"
import { hide, type MasterKeys, masterKeys, unhide } from "./sealing.ts"

export class PersonalDataService extends Context.Service<PersonalDataService, PersonalData>()(
  "holdfast/src/personal-data/PersonalData"
) {
  /** The streams must be there. Fails with `WrongMasterKey` when the data was sealed with another. */
  static readonly layer = (master: Buffer): Layer.Layer<PersonalDataService, WrongMasterKey, Nats> =>
    Layer.effect(
      PersonalDataService,
      Effect.gen(function* () {
        const nats = yield* Nats
        return yield* personalData({ nats, master, nowMs: Date.now })
      })
    )
}

export const personalData = (options: {
  readonly nats: NatsShape
  readonly master: Buffer
  readonly nowMs: () => number
}) =>
  Effect.gen(function* () {
    const { nats, master, nowMs } = options
    const keys = masterKeys(master)
    const kvm = new Kvm(nats.jetstream)
    const opened = (bucket: string) => Effect.promise(() => kvm.open(bucket))
    const bucket = yield* opened(PERSONAL_KEYS_BUCKET)
    yield* checkMaster(bucket, keys)
    const wipe = (name: string) => (key: string) => wipeKeys(nats, name, key)
    const putFirst = putFirstIn(nats, PERSONAL_KEYS_BUCKET)
    const keyring = new Keyring({ keys, bucket, putFirst, wipe: wipe(PERSONAL_KEYS_BUCKET), nowMs })
    yield* watchErasures(nats, bucket, keyring)
    return new PersonalData({
      keys,
      keyring,
      addresses: new AddressIndex({
        keys,
        bucket: yield* opened(PERSONAL_INDEX_BUCKET),
        putFirst: putFirstIn(nats, PERSONAL_INDEX_BUCKET),
        wipe: wipe(PERSONAL_INDEX_BUCKET)
      }),
      log: new AccessLog(nats, nowMs),
      findRecords: (texts) => Effect.tryPromise(() => recordsWith(nats, texts)),
      nowMs
    })
  })

/** Under this key stands what tells whether the master key is the one that was sealed with. */
export const CHECK = "master-check"
const CHECKED = "holdfast"

/** `value`: what stands under `CHECK`. */
export const isCheckedBy = (master: Buffer, value: Uint8Array): boolean =>
  unhide(masterKeys(master), CHECK, Buffer.from(value)) === CHECKED

/** Else a hub with another key would seal what nobody can open with the first, and find nobody any more. */
const checkMaster = (bucket: KV, keys: MasterKeys): Effect.Effect<void, WrongMasterKey> =>
  Effect.gen(function* () {
    // Of two hubs that start at once one is first, and both read what it wrote.
    const first = hide(keys, CHECK, CHECKED)
    if ((yield* Effect.promise(() => bucket.get(CHECK))) === null) {
      yield* Effect.ignore(Effect.tryPromise(() => bucket.put(CHECK, first, { previousSeq: 0 })))
    }
    const known = yield* Effect.promise(() => bucket.get(CHECK))
    if (known !== null && unhide(keys, CHECK, Buffer.from(known.value)) === CHECKED) return undefined
    return yield* Effect.fail(
      new WrongMasterKey(
        "The personal data was sealed with another master key: put back personal-data.key or PERSONAL_DATA_KEY as it was."
      )
    )
  })

/** While nobody watched something may have been missed, so everything is forgotten then. */
const watchErasures = (nats: NatsShape, bucket: KV, keyring: Keyring) =>
  Effect.gen(function* () {
    const watching = Effect.acquireUseRelease(
      Effect.tryPromise(() => bucket.watch({ include: "updates" })),
      (erasures) =>
        Effect.tryPromise(async () => {
          keyring.forgetAll()
          for await (const { key, operation } of erasures) if (operation !== "PUT") keyring.forget(key)
        }),
      (erasures) => Effect.sync(() => erasures.stop())
    )
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.ignore(watching), Effect.sleep("1 second"))))
    yield* Effect.acquireRelease(
      Effect.sync(() => nats.breaks.onBreak(() => keyring.forgetAll())),
      (forget) => Effect.sync(forget)
    )
  })

/** Overwrites the bytes of each message in the stream's file: dropped alone they would stay until the block is written anew. */
const wipeKeys = async ({ manager }: NatsShape, bucket: string, key: string): Promise<void> => {
  const stream = bucketStream(bucket)
  const { state } = await manager.streams.info(stream, { subjects_filter: bucketSubject(bucket, key) })
  for (const subject of Object.keys(state.subjects ?? {})) {
    const message = await manager.streams.getMessage(stream, { last_by_subj: subject })
    if (message !== null) await manager.streams.deleteMessage(stream, message.seq, true)
  }
}

/** Of a commit only the records that hold one of the texts: the others are other people's. */
const recordsWith = async (nats: NatsShape, texts: ReadonlyArray<string>): Promise<ReadonlyArray<unknown>> => {
  const found: Array<unknown> = []
  for await (const journal of nats.manager.streams.names(ALL_JOURNALS)) {
    await findText(nats, journal, texts, (message) => {
      const { records } = message.json<{ readonly records: ReadonlyArray<unknown> }>()
      found.push(
        ...records.filter((record) => {
          const written = JSON.stringify(record)
          return texts.some((text) => written.includes(text))
        })
      )
    })
  }
  return found
}
