/**
 * Goal: people find in a channel's log what happened, from the newest back, each once, whatever other channels wrote in between and
 * however often the log was rewritten.
 * Method: a nats-server of the test's own, two logs that are written by turns, one of them rewritten in the middle.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { StorageType } from "@nats-io/jetstream"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import type { ChannelRecord } from "../../actors/channel/records.ts"
import { binaries, freePort, type RunningServer, startNats } from "../../src/servers/servers.ts"
import { ChannelLog, type ChannelLogShape } from "../../streams/channel-log.ts"
import { readLogPage } from "../../streams/channel-log-pages.ts"
import { Nats, type NatsShape } from "../../streams/nats/connection.ts"
import { CHANNEL_SUBJECTS, CHANNELS } from "../../streams/subjects.ts"

let folder: string
let server: RunningServer
let scope: Scope.Closeable
let nats: NatsShape
let log: ChannelLogShape
const last = new Map<string, number>()

const written = (listing: number): ChannelRecord => ({
  type: "written",
  listingId: `L${listing}`,
  version: listing,
  quantity: 1,
  at: listing * 1_000
})

const append = async (channel: string, records: ReadonlyArray<ChannelRecord>): Promise<void> => {
  const commit = { id: `${channel} ${last.get(channel) ?? 0}`, records }
  last.set(channel, await Effect.runPromise(log.append(channel, last.get(channel) ?? 0, commit)))
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-log-pages-"))
  server = await startNats({ binaries: binaries(), directory: join(folder, "nats"), port: await freePort() })
  scope = Scope.makeUnsafe()
  const layer = Layer.build(ChannelLog.layerNats.pipe(Layer.provideMerge(Nats.layer(server.url))))
  const context = await Effect.runPromise(Effect.provideService(layer, Scope.Scope, scope))
  nats = Context.get(context, Nats)
  log = Context.get(context, ChannelLog)
  const stream = { name: CHANNELS, subjects: [CHANNEL_SUBJECTS], storage: StorageType.File, allow_direct: true }
  await nats.manager.streams.add(stream)
  for (let listing = 1; listing <= 40; listing++) {
    await append("shop", [written(listing), { type: "cursor", cursor: `${listing}` }])
    for (let other = 0; other < 20; other++) await append("market", [written(1_000 + listing)])
    if (listing === 30) {
      // Everything once more, as a rewriting says it.
      await append("shop", [{ type: "base-begin" }, written(1), written(2)])
      await append("shop", [written(3), { type: "base-end" }])
    }
  }
}, 60_000)

afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const pages = async (limit: number, fits: (record: ChannelRecord) => boolean = () => true) => {
  const found: Array<ReadonlyArray<string>> = []
  let before: number | undefined
  do {
    const page = await Effect.runPromise(readLogPage(nats, { channel: "shop", before, limit, fits }))
    found.push(page.items.map(({ record }) => ("listingId" in record ? record.listingId : record.type)))
    before = page.next
  } while (before !== undefined)
  return found
}

describe("the pages of a channel's log", () => {
  it("tell each happening of the channel once, from the newest back", async () => {
    const expected = Array.from({ length: 40 }, (_, index) => `L${40 - index}`)
    for (const limit of [7, 30, 200]) assert.deepEqual((await pages(limit)).flat(), expected)
    assert.deepEqual((await pages(7))[0], expected.slice(0, 7))
  })

  it("tell only what is asked for", async () => {
    const isEven = (record: ChannelRecord) => record.type === "written" && record.version % 2 === 0
    assert.deepEqual(
      (await pages(5, isEven)).flat(),
      Array.from({ length: 20 }, (_, index) => `L${40 - 2 * index}`)
    )
  })

  it("of a channel that has written nothing are empty", async () => {
    const page = await Effect.runPromise(
      readLogPage(nats, { channel: "nobody", before: undefined, limit: 10, fits: () => true })
    )
    assert.deepEqual(page, { items: [] })
  })
})
