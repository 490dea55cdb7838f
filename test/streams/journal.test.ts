/**
 * Goal: the journal's twin and the journal on JetStream keep the same rules.
 * Method: the conformance kit against both; each test of the real one has a nats-server of its own.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { ensureStreams, streamSpecs } from "../../config/jetstream.ts"
import { binaries, freePort, startNats } from "../../src/servers/servers.ts"
import { Journal } from "../../streams/journal.ts"
import { makeMemoryJournal } from "../../streams/journal.memory.ts"
import { journalNats } from "../../streams/journal.nats.ts"
import { Nats } from "../../streams/nats/connection.ts"
import { journalKit } from "../kits/journal.kit.ts"

journalKit("in memory", (use) => Effect.runPromise(use(makeMemoryJournal())))

journalKit("on JetStream", async (use) => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-journal-"))
  const server = await startNats({ binaries: binaries(), directory: join(directory, "nats"), port: await freePort() })
  try {
    const layer = journalNats.pipe(Layer.provideMerge(Nats.layer(server.url)))
    return await Effect.runPromise(
      Effect.gen(function* () {
        const { manager } = yield* Nats
        yield* Effect.promise(() => ensureStreams(manager, streamSpecs(1)))
        return yield* use(yield* Journal)
      }).pipe(Effect.provide(layer), Effect.scoped)
    )
  } finally {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
