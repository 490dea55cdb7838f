/**
 * Goal: what is published in groups is stored once each, everybody hears of their own message, and one that is refused takes
 * nobody along.
 * Method: a nats-server of the test's own, asked by hundreds at once, with batches and without.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { StorageType } from "@nats-io/jetstream"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import { GROUP_WAITING_MAX } from "../../config/limits.ts"
import { binaries, freePort, type RunningServer, startNats } from "../../src/servers/servers.ts"
import { EXPECTED, Nats, type NatsShape } from "../../streams/nats/connection.ts"
import { GroupPublisher } from "../../streams/nats/group-publisher.ts"

const STREAM = "GROUPS"

let folder: string
let server: RunningServer
let scope: Scope.Closeable
let nats: NatsShape

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-groups-"))
  server = await startNats({ binaries: binaries(), directory: join(folder, "nats"), port: await freePort() })
  scope = Scope.makeUnsafe()
  const layer = Layer.build(Nats.layer(server.url))
  nats = Context.get(await Effect.runPromise(Effect.provideService(layer, Scope.Scope, scope)), Nats)
  await nats.manager.streams.add({ name: STREAM, subjects: ["g.>"], storage: StorageType.File, allow_atomic: true })
})

afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const messageTo = (subject: string) => ({ subject, data: new Uint8Array(8), headers: { [EXPECTED]: "0" } })

/** All at once; how each ended. */
const publishAll = (group: GroupPublisher, subjects: ReadonlyArray<string>) =>
  Effect.runPromise(
    Effect.forEach(
      subjects,
      (subject) =>
        Effect.match(group.publish(messageTo(subject)), {
          onSuccess: () => "stored",
          onFailure: ({ reason }) => reason as string
        }),
      { concurrency: "unbounded" }
    )
  )

const numbered = (under: string, count: number) => Array.from({ length: count }, (_, n) => `g.${under}.${n}`)

const storedUnder = async (under: string): Promise<number> => {
  const { state } = await nats.manager.streams.info(STREAM, { subjects_filter: `g.${under}.*` })
  return Object.values(state.subjects ?? {}).reduce((total, count) => total + count, 0)
}

describe.each([true, false])("a group, with batches: %s", (mayBatch) => {
  const under = (name: string) => `${name}-${mayBatch}`
  const group = () => new GroupPublisher({ nats, timeoutMs: 5_000, mayBatch })

  it("stores what hundreds publish at once, each once", async () => {
    const told = await publishAll(group(), numbered(under("many"), 300))
    assert.deepEqual([told.every((one) => one === "stored"), await storedUnder(under("many"))], [true, 300])
  })

  it("of which one is refused stores the others, also where that one comes twice at the same time", async () => {
    await publishAll(group(), [`g.${under("some")}.20`])
    const told = await publishAll(group(), [...numbered(under("some"), 60), `g.${under("some")}.30`])
    const refused = told.flatMap((one, place) => (one === "refused" ? [place] : []))
    assert.deepEqual([refused, await storedUnder(under("some"))], [[20, 60], 60])
  })
})

it("lets so many wait and no more", async () => {
  const group = new GroupPublisher({ nats, timeoutMs: 20_000, mayBatch: true })
  const told = await publishAll(group, numbered("room", GROUP_WAITING_MAX + 2))
  assert.deepEqual(
    [told.indexOf("unavailable"), told.lastIndexOf("stored")],
    [GROUP_WAITING_MAX + 1, GROUP_WAITING_MAX]
  )
}, 30_000)
