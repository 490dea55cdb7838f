/**
 * Goal: the place for snapshots in memory and the one on JetStream keep the same rules.
 * Method: the conformance kit against both; the real one is emptied before each test.
 */
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { ensureStreams, streamSpecs } from "../../config/jetstream.ts"
import { Snapshots, snapshotsOf } from "../../streams/snapshots.ts"
import { SNAPSHOTS, STOCK } from "../../streams/subjects.ts"
import { snapshotsKit } from "../kits/snapshots.kit.ts"
import { type OwnNats, startOwnNats } from "../support/own-nats.ts"

let server: OwnNats

beforeAll(async () => {
  server = await startOwnNats()
  await ensureStreams(server.nats.manager, streamSpecs(1))
})

afterAll(() => server.stop())

snapshotsKit("in memory", (use) =>
  Effect.runPromise(Effect.flatMap(Snapshots, use).pipe(Effect.provide(Snapshots.layerMemory)))
)

snapshotsKit("on JetStream", async (use) => {
  await server.nats.manager.streams.purge(SNAPSHOTS)
  return Effect.runPromise(use(snapshotsOf(server.nats, STOCK)))
})
