/**
 * Goal: a hub comes up although the snapshot it begins with is taken away under its hands or is not whole.
 * Method: hosts of stock after one another on one journal in memory, and a place for snapshots that loses parts.
 */
import assert from "node:assert/strict"
import { Effect, Logger } from "effect"
import { describe, it } from "vitest"
import type { SkuCommand } from "../../actors/sku/commands.ts"
import { pack } from "../../actors/sku/pack.ts"
import type { SkuState } from "../../actors/sku/state.ts"
import type { PartitionHost } from "../../src/host/host.ts"
import { type SnapshotSource, takeSnapshot } from "../../src/host/snapshotting.ts"
import { stockKind } from "../../src/host/stock-kind.ts"
import { DeadLetters } from "../../streams/dead-letters.ts"
import { makeMemoryJournal, type MemoryJournal } from "../../streams/journal.memory.ts"
import { PartMissing, Snapshots, type SnapshotsShape } from "../../streams/snapshots.ts"
import { receipt, reserve } from "../support/commands.ts"
import { claimHost } from "../support/own-host.ts"

const start = (owner: string, journal: MemoryJournal, snapshots: SnapshotsShape) =>
  Effect.provideService(claimHost(stockKind(20), owner, journal), Snapshots, snapshots)

const say = (host: PartitionHost, command: SkuCommand) =>
  Effect.callback((resume) => {
    host.submit({
      kind: "command",
      command,
      hash: "",
      factSequence: 0,
      receivedAtMs: 0,
      reply: (answer) => resume(Effect.succeed(answer))
    })
  })

const snapshotOf = (host: PartitionHost, snapshots: SnapshotsShape, name: string) =>
  Effect.flatMap(snapshots.latest, (before) => {
    const source: SnapshotSource = {
      view: (look) => Effect.sync(() => look(host.book)),
      rest: () => Effect.void,
      standing: () => host.standing,
      remembered: host.remembered
    }
    return takeSnapshot(source, snapshots, name, before)
  })

const stateOf = (host: PartitionHost): string => pack(host.book.find("mug") as SkuState)

/** A hub that took a snapshot, "a", and two units more. */
const busyHub = Effect.fnUntraced(function* () {
  const journal = makeMemoryJournal()
  const snapshots = yield* Snapshots
  const host = yield* start("a", journal, snapshots)
  yield* say(host, receipt("mug", 10))
  yield* say(host, reserve("mug", "h1", 1))
  const snapshot = yield* snapshotOf(host, snapshots, "a")
  yield* say(host, reserve("mug", "h2", 2))
  return { journal, snapshots, host, snapshot }
})

const run = <A>(test: Effect.Effect<A, unknown, Snapshots | DeadLetters>): Promise<A> =>
  Effect.runPromise(test.pipe(Effect.provide([Snapshots.layerMemory, DeadLetters.layerMemory, Logger.layer([])])))

describe("a hub that starts", () => {
  it("reads a newer snapshot when the old owner has ended one meanwhile and removed the parts of the one before", () =>
    run(
      Effect.gen(function* () {
        const { host, journal, snapshots, snapshot } = yield* busyHub()
        let isFirst = true
        const raced: SnapshotsShape = {
          ...snapshots,
          get: (part) => {
            const before = isFirst ? Effect.orDie(snapshotOf(host, snapshots, "b")) : Effect.void
            isFirst = false
            return Effect.andThen(before, snapshots.get(part))
          }
        }
        const next = yield* start("b", journal, raced)
        assert.equal(stateOf(next), stateOf(host))
        assert.ok((next.recovered?.fromSnapshot?.revision ?? 0) > snapshot.revision)
      })
    ))

  it("reads the whole journal when the newest snapshot is not whole", () =>
    run(
      Effect.gen(function* () {
        const { host, journal, snapshots, snapshot } = yield* busyHub()
        const [lost] = snapshot.manifest.states
        const holed: SnapshotsShape = {
          ...snapshots,
          get: (part) => (part === lost ? Effect.fail(new PartMissing({ part })) : snapshots.get(part))
        }
        const next = yield* start("b", journal, holed)
        assert.equal(stateOf(next), stateOf(host))
        assert.equal(next.recovered?.fromSnapshot, undefined)
      })
    ))
})

describe("two owners that take a snapshot at once", () => {
  it("leave one that is whole, whoever comes first", () =>
    run(
      Effect.gen(function* () {
        const { host, journal, snapshots } = yield* busyHub()
        const next = yield* start("b", journal, snapshots)
        let isFirst = true
        // The new owner's whole snapshot falls between the old one's parts and its manifest.
        const slow: SnapshotsShape = {
          ...snapshots,
          publish: (manifest, after) => {
            const before = isFirst ? Effect.orDie(snapshotOf(next, snapshots, "b")) : Effect.void
            isFirst = false
            return Effect.andThen(before, snapshots.publish(manifest, after))
          }
        }
        const refused = yield* Effect.flip(snapshotOf(host, slow, "c"))
        assert.match(refused.detail, /another hub has published one/)
        const third = yield* start("d", journal, snapshots)
        assert.equal(stateOf(third), stateOf(next))
        assert.ok(third.recovered?.fromSnapshot !== undefined)
      })
    ))
})
