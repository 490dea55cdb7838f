/**
 * Where snapshots are kept: named parts, and one manifest that says which parts make a snapshot.
 *
 * A snapshot counts only once its manifest is stored, and the manifest is stored last; a crash in between leaves parts
 * that nobody refers to and the next `prune` removes.
 *
 * Two hubs may take one at once: an owner that does not know yet that it was replaced, and the one that replaced it. So a
 * manifest is stored only in the place of the one that was there when its snapshot was begun, and `prune` leaves alone
 * what was put later than the manifest it keeps: a manifest never names a part that somebody else has removed.
 */
import { Context, Effect, Layer, Schema } from "effect"
import { EXPECTED, Nats, type NatsShape, publishAcked, WRONG_LAST_SEQUENCE } from "./nats/connection.ts"
import { type KindNames, SNAPSHOTS, snapshotSubject, STOCK } from "./subjects.ts"

export interface Manifest {
  readonly v: 1
  /** The journal's sequence that the snapshot holds; recovery folds from the next one on. */
  readonly sequence: number
  /** Milliseconds since the epoch of that commit. */
  readonly at: number
  readonly facts: number
  /** Each partition's last sequence. */
  readonly partitions: ReadonlyArray<number>
  /** Parts with SKUs' states, as lines of text. */
  readonly states: ReadonlyArray<string>
  /** Parts with holds that span SKUs, as lines of text. */
  readonly spanning: ReadonlyArray<string>
  /** Generations of remembered ids, oldest first. */
  readonly ids: ReadonlyArray<IdsPart>
}

export interface IdsPart {
  readonly startedAt: number
  readonly base: number
  readonly count: number
  readonly parts: ReadonlyArray<string>
}

/** A manifest as it is stored. */
export interface Snapshot {
  readonly manifest: Manifest
  /** Orders manifests and parts by when they were stored; 1 or more. */
  readonly revision: number
}

/** A snapshot could not be read or written. */
export class SnapshotFailed extends Schema.TaggedError<SnapshotFailed>()("SnapshotFailed", {
  operation: Schema.String,
  detail: Schema.String
}) {}

/** There is no such part, because a newer snapshot has taken the place of the one it belonged to or because it was lost. */
export class PartMissing extends Schema.TaggedError<PartMissing>()("PartMissing", { part: Schema.String }) {}

export interface SnapshotsShape {
  readonly latest: Effect.Effect<Snapshot | undefined, SnapshotFailed>
  readonly get: (part: string) => Effect.Effect<Uint8Array, SnapshotFailed | PartMissing>
  readonly put: (part: string, bytes: Uint8Array) => Effect.Effect<void, SnapshotFailed>
  /**
   * Makes the parts named in the manifest the snapshot. Fails when another one than `after` (`undefined`: none) is the
   * latest by now.
   */
  readonly publish: (manifest: Manifest, after: Snapshot | undefined) => Effect.Effect<Snapshot, SnapshotFailed>
  /** Removes parts that were put before the snapshot was published and that it does not name. */
  readonly prune: (snapshot: Snapshot) => Effect.Effect<void, SnapshotFailed>
}

const superseded = new SnapshotFailed({
  operation: "publish",
  detail: "another hub has published one since this one was begun"
})

/** Every part that it names. */
export const partsOf = (manifest: Manifest): Set<string> =>
  new Set([...manifest.states, ...manifest.spanning, ...manifest.ids.flatMap((generation) => generation.parts)])

export class Snapshots extends Context.Service<Snapshots, SnapshotsShape>()("holdfast/streams/Snapshots") {
  static readonly layerMemory: Layer.Layer<Snapshots> = Layer.sync(Snapshots, () => memory())
  static readonly layerNats: Layer.Layer<Snapshots, never, Nats> = Layer.effect(
    Snapshots,
    Effect.map(Nats, (nats) => Snapshots.of(snapshotsOf(nats, STOCK)))
  )
}

const memory = (): SnapshotsShape => {
  const parts = new Map<string, { readonly bytes: Uint8Array; readonly revision: number }>()
  let latest: Snapshot | undefined
  let revision = 0
  return {
    latest: Effect.sync(() => latest),
    get: (part) =>
      Effect.suspend(() => {
        const stored = parts.get(part)
        return stored === undefined ? Effect.fail(new PartMissing({ part })) : Effect.succeed(stored.bytes)
      }),
    put: (part, bytes) => Effect.sync(() => void parts.set(part, { bytes: bytes.slice(), revision: ++revision })),
    publish: (manifest, after) =>
      Effect.suspend(() => {
        if (latest?.revision !== after?.revision) return Effect.fail(superseded)
        latest = { manifest, revision: ++revision }
        return Effect.succeed(latest)
      }),
    prune: (kept) =>
      Effect.sync(() => {
        const named = partsOf(kept.manifest)
        for (const [part, stored] of parts) {
          if (stored.revision < kept.revision && !named.has(part)) parts.delete(part)
        }
      })
  }
}

const MANIFEST = "manifest"
/** A part is half a mebibyte and fsynced; a slow volume needs tens of milliseconds for it. */
const PUT_TIMEOUT_MS = 10_000

export const snapshotsOf = (nats: NatsShape, names: KindNames): SnapshotsShape => {
  const failed = (operation: string) => (cause: unknown) => new SnapshotFailed({ operation, detail: String(cause) })
  const put = (part: string, bytes: Uint8Array, headers: Readonly<Record<string, string>> = {}) =>
    publishAcked(nats.publisher, snapshotSubject(names, part), bytes, { timeoutMs: PUT_TIMEOUT_MS, headers })
  const read = (part: string) =>
    Effect.tryPromise({
      try: () => nats.manager.direct.getMessage(SNAPSHOTS, { last_by_subj: snapshotSubject(names, part) }),
      catch: failed("get")
    })
  return {
    latest: Effect.map(read(MANIFEST), (message) =>
      message === null ? undefined : { manifest: message.json<Manifest>(), revision: message.seq }
    ),
    get: (part) =>
      Effect.flatMap(read(part), (message): Effect.Effect<Uint8Array, PartMissing> =>
        message === null ? Effect.fail(new PartMissing({ part })) : Effect.succeed(message.data)
      ),
    put: (part, bytes) =>
      put(part, bytes).pipe(
        Effect.mapError((cause) => failed("put")(cause.detail)),
        Effect.asVoid
      ),
    publish: (manifest, after) =>
      put(MANIFEST, new TextEncoder().encode(JSON.stringify(manifest)), {
        [EXPECTED]: String(after?.revision ?? 0)
      }).pipe(
        Effect.mapError((cause) =>
          WRONG_LAST_SEQUENCE.has(cause.code) ? superseded : failed("publish")(cause.detail)
        ),
        Effect.map(({ seq }) => ({ manifest, revision: seq }))
      ),
    prune: ({ manifest, revision }) =>
      Effect.tryPromise({
        try: async () => {
          const named = partsOf(manifest)
          const prefix = snapshotSubject(names, "")
          const info = await nats.manager.streams.info(SNAPSHOTS, { subjects_filter: `${prefix}>` })
          for (const subject of Object.keys(info.state.subjects ?? {})) {
            const part = subject.slice(prefix.length)
            if (part === MANIFEST || named.has(part)) continue
            await nats.manager.streams.purge(SNAPSHOTS, { filter: subject, seq: revision })
          }
        },
        catch: failed("prune")
      })
  }
}
