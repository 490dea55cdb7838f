/**
 * What any place for snapshots must do. Run against the twin in memory and against a real server; see `streams/snapshots.ts`.
 */
import { assert, describe, it } from "vitest"
import { Effect } from "effect"
import type { Manifest, SnapshotsShape } from "../../streams/snapshots.ts"

export type WithSnapshots = <A>(use: (snapshots: SnapshotsShape) => Effect.Effect<A, unknown>) => Promise<A>

const manifest = (sequence: number, ...states: ReadonlyArray<string>): Manifest => ({
  v: 1,
  sequence,
  at: 1_700_000_000_000,
  facts: 3,
  partitions: [sequence],
  states,
  spanning: [],
  ids: []
})

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Each test gets an empty place. */
export const snapshotsKit = (name: string, withSnapshots: WithSnapshots): void => {
  describe(`a place for snapshots (${name})`, () => {
    itKeeps(withSnapshots)
    itFences(withSnapshots)
  })
}

const itKeeps = (withSnapshots: WithSnapshots): void => {
  it("is empty at first", () =>
    withSnapshots((snapshots) =>
      Effect.gen(function* () {
        assert.isUndefined(yield* snapshots.latest)
        const missing = yield* Effect.flip(snapshots.get("a.0"))
        assert.deepInclude(missing, { _tag: "PartMissing", part: "a.0" })
      })
    ))

  it("gives back what was put and published", () =>
    withSnapshots((snapshots) =>
      Effect.gen(function* () {
        yield* snapshots.put("a.0", bytes("ü"))
        const published = yield* snapshots.publish(manifest(7, "a.0"), undefined)
        assert.deepEqual(yield* snapshots.latest, published)
        assert.deepEqual(published.manifest, manifest(7, "a.0"))
        assert.equal(new TextDecoder().decode(yield* snapshots.get("a.0")), "ü")
      })
    ))

  it("removes what the newest does not name", () =>
    withSnapshots((snapshots) =>
      Effect.gen(function* () {
        yield* snapshots.put("a.0", bytes("a0"))
        yield* snapshots.put("a.1", bytes("a1"))
        const first = yield* snapshots.publish(manifest(1, "a.0", "a.1"), undefined)
        yield* snapshots.put("b.0", bytes("b0"))
        const second = yield* snapshots.publish(manifest(2, "a.1", "b.0"), first)
        yield* snapshots.prune(second)
        assert.equal((yield* Effect.flip(snapshots.get("a.0")))._tag, "PartMissing")
        assert.equal(new TextDecoder().decode(yield* snapshots.get("a.1")), "a1")
        assert.equal(new TextDecoder().decode(yield* snapshots.get("b.0")), "b0")
      })
    ))
}

const itFences = (withSnapshots: WithSnapshots): void => {
  it("refuses a manifest when another one was published since its snapshot was begun", () =>
    withSnapshots((snapshots) =>
      Effect.gen(function* () {
        const first = yield* snapshots.publish(manifest(1), undefined)
        const second = yield* snapshots.publish(manifest(2), first)
        for (const after of [undefined, first]) {
          const refused = yield* Effect.flip(snapshots.publish(manifest(3), after))
          assert.include(refused.detail, "another hub has published one")
        }
        assert.deepEqual(yield* snapshots.latest, second)
      })
    ))

  it("leaves parts alone that were put after the snapshot it keeps: another one is being taken", () =>
    withSnapshots((snapshots) =>
      Effect.gen(function* () {
        const first = yield* snapshots.publish(manifest(1), undefined)
        yield* snapshots.put("b.0", bytes("b0"))
        yield* snapshots.prune(first)
        const second = yield* snapshots.publish(manifest(2, "b.0"), first)
        yield* snapshots.prune(second)
        assert.equal(new TextDecoder().decode(yield* snapshots.get("b.0")), "b0")
      })
    ))
}
