/**
 * Where snapshots are kept: named parts, and one manifest that says which parts make a snapshot.
 *
 * A snapshot counts only once its manifest is stored, and the manifest is stored last; a crash in between leaves parts
 * that nobody refers to and the next `prune` removes.
 */
import { Context, Effect, Layer, Schema } from "effect"
import { Nats, type NatsShape, publishAcked } from "./nats/connection.ts"
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

/** A snapshot could not be read or written. Recovery can do without one, at the price of time. */
export class SnapshotFailed extends Schema.TaggedError<SnapshotFailed>()("SnapshotFailed", {
  operation: Schema.String,
  detail: Schema.String
}) {}

export interface SnapshotsShape {
  readonly latest: Effect.Effect<Manifest | undefined, SnapshotFailed>
  readonly get: (part: string) => Effect.Effect<Uint8Array, SnapshotFailed>
  readonly put: (part: string, bytes: Uint8Array) => Effect.Effect<void, SnapshotFailed>
  /** Makes the parts named in the manifest the snapshot. */
  readonly publish: (manifest: Manifest) => Effect.Effect<void, SnapshotFailed>
  /** Removes parts that the manifest does not name. */
  readonly prune: (manifest: Manifest) => Effect.Effect<void, SnapshotFailed>
}

const partsOf = (manifest: Manifest): Set<string> =>
  new Set([...manifest.states, ...manifest.spanning, ...manifest.ids.flatMap((generation) => generation.parts)])

export class Snapshots extends Context.Service<Snapshots, SnapshotsShape>()("holdfast/streams/Snapshots") {
  static readonly layerMemory: Layer.Layer<Snapshots> = Layer.sync(Snapshots, () => memory())
  static readonly layerNats: Layer.Layer<Snapshots, never, Nats> = Layer.effect(
    Snapshots,
    Effect.map(Nats, (nats) => Snapshots.of(snapshotsOf(nats, STOCK)))
  )
}

const memory = (): SnapshotsShape => {
  const parts = new Map<string, Uint8Array>()
  let manifest: Manifest | undefined
  return {
    latest: Effect.sync(() => manifest),
    get: (part) =>
      Effect.suspend(() => {
        const bytes = parts.get(part)
        return bytes === undefined
          ? Effect.fail(new SnapshotFailed({ operation: "get", detail: `there is no part ${part}` }))
          : Effect.succeed(bytes)
      }),
    put: (part, bytes) => Effect.sync(() => void parts.set(part, bytes.slice())),
    publish: (published) => Effect.sync(() => void (manifest = published)),
    prune: (kept) =>
      Effect.sync(() => {
        const named = partsOf(kept)
        for (const part of parts.keys()) if (!named.has(part)) parts.delete(part)
      })
  }
}

const MANIFEST = "manifest"
/** A part is half a mebibyte and fsynced; a slow volume needs tens of milliseconds for it. */
const PUT_TIMEOUT_MS = 10_000

export const snapshotsOf = (nats: NatsShape, names: KindNames): SnapshotsShape => {
  const failed = (operation: string) => (cause: unknown) => new SnapshotFailed({ operation, detail: String(cause) })
  const put = (part: string, bytes: Uint8Array) =>
    publishAcked(nats.publisher, snapshotSubject(names, part), bytes, { timeoutMs: PUT_TIMEOUT_MS }).pipe(
      Effect.mapError((cause) => failed("put")(cause.detail)),
      Effect.asVoid
    )
  const read = (part: string) =>
    Effect.tryPromise({
      try: () => nats.manager.direct.getMessage(SNAPSHOTS, { last_by_subj: snapshotSubject(names, part) }),
      catch: failed("get")
    })
  return {
    latest: Effect.map(read(MANIFEST), (message) => (message === null ? undefined : message.json<Manifest>())),
    get: (part) =>
      Effect.flatMap(read(part), (message) =>
        message === null ? Effect.fail(failed("get")(`there is no part ${part}`)) : Effect.succeed(message.data)
      ),
    put,
    publish: (manifest) => put(MANIFEST, new TextEncoder().encode(JSON.stringify(manifest))),
    prune: (manifest) =>
      Effect.tryPromise({
        try: async () => {
          const named = partsOf(manifest)
          const prefix = snapshotSubject(names, "")
          const info = await nats.manager.streams.info(SNAPSHOTS, { subjects_filter: `${prefix}>` })
          for (const subject of Object.keys(info.state.subjects ?? {})) {
            const part = subject.slice(prefix.length)
            if (part !== MANIFEST && !named.has(part)) await nats.manager.streams.purge(SNAPSHOTS, { filter: subject })
          }
        },
        catch: failed("prune")
      })
  }
}
