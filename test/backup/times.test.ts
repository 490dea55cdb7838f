/**
 * Goal: after a restore things happen when they would have happened without it, although each message of NATS has the time of the
 * restore: what was decided 50 hours ago is 50 hours old.
 * Method: a hub whose clock is 50 hours behind trades; its backup is restored under a hub with the machine's clock.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import { backup } from "../../scripts/backup/backup.ts"
import { restore } from "../../scripts/backup/restore.ts"
import { masterKey } from "../../src/personal-data/master-key.ts"
import { binaries, freePort, type RunningServer, startNats, startRedis } from "../../src/servers/servers.ts"
import { Nats, type NatsShape } from "../../streams/nats/connection.ts"
import { hubClock } from "../support/clock.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

const HOUR_MS = 3_600_000
const folder = mkdtempSync(join(tmpdir(), "holdfast-times-"))
const clock = hubClock()
let emptied: { readonly nats: RunningServer; readonly redis: RunningServer }
let again: TestHub

const connected = (url: string, use: (nats: NatsShape) => Promise<unknown>): Promise<unknown> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(Layer.build(Nats.layer(url)), (context) =>
        Effect.provide(
          Effect.flatMap(Nats, (nats) => Effect.promise(() => use(nats))),
          context
        )
      )
    )
  )

const onStock = (hub: TestHub, body: object) => http(hub, "POST", "/v1/stock/mug/requests", body)
const onCart = (hub: TestHub, body: object) => http(hub, "POST", "/v1/carts/left/requests", body)
const reserve = (id: string, ttlMs: number) => ({ type: "reserve", mutationId: id, holdId: id, quantity: 1, ttlMs })
const add = { type: "add", mutationId: "add", sku: "mug", quantity: 1, unitPriceMinor: 500, currency: "EUR" }

/** Until the hub has seen so many hours before now: it says in its answers what it takes for the time. */
const passTo = async (hub: TestHub, hours: number): Promise<void> => {
  clock.pass(hours * HOUR_MS - clock.aheadMs())
  let count = 0
  await eventually(
    async () => {
      const held = reserve(`${hours}-${count++}`, 100)
      const { body } = await http(hub, "POST", "/v1/stock/clock/requests", held)
      return (Date.parse(String(body["expiresAt"])) - Date.now()) / HOUR_MS
    },
    (seen) => Math.abs(seen - hours) < 0.1
  )
}

/** The cart, once the hub has taken it for left. */
const leftBy = (hub: TestHub) =>
  eventually(
    () => http(hub, "GET", "/v1/carts/left"),
    ({ body }) => body["abandonedAt"] !== undefined
  )

beforeAll(async () => {
  clock.pass(-50 * HOUR_MS)
  const first = await startHub({ ...clock.environment, IDEMPOTENCY_WINDOW_HOURS: "24" })
  for (const sku of ["mug", "clock"]) {
    await http(first, "POST", `/v1/stock/${sku}/facts`, { type: "receipt", mutationId: "r", quantity: 10 })
  }
  for (const held of [reserve("short", 24 * HOUR_MS), reserve("long", 72 * HOUR_MS)]) {
    assert.equal((await onStock(first, held)).status, 200)
  }
  assert.equal((await onCart(first, add)).status, 200)
  // Ids are forgotten by the hour, once those of a later hour are out of the window too.
  await passTo(first, -48)
  await leftBy(first)
  assert.equal((await onStock(first, reserve("middle", HOUR_MS))).status, 200)
  await passTo(first, -23)
  assert.equal((await onStock(first, reserve("young", 48 * HOUR_MS))).status, 200)
  const key = masterKey(undefined, first.home, false)
  await connected(first.nats.url, (nats) =>
    backup(nats, { folder: join(folder, "backup"), masterKey: null, onStream: () => undefined })
  )
  await first.stop()
  const directory = { binaries: binaries() }
  emptied = {
    nats: await startNats({ ...directory, directory: join(folder, "nats"), port: await freePort() }),
    redis: await startRedis({ ...directory, directory: join(folder, "redis"), port: await freePort() })
  }
  const options = {
    folder: join(folder, "backup"),
    redisUrl: emptied.redis.url,
    masterKey: key,
    erased: new Set<string>()
  }
  await connected(emptied.nats.url, (nats) =>
    restore(nats, { ...options, admitted: undefined, replicas: 1, onStream: () => undefined })
  )
  again = await startHub({
    NATS_URL: emptied.nats.url,
    REDIS_URL: emptied.redis.url,
    PERSONAL_DATA_KEY: key.toString("base64"),
    IDEMPOTENCY_WINDOW_HOURS: "24"
  })
}, 90_000)

afterAll(async () => {
  await again.stop()
  await Promise.all([emptied.nats.stop(), emptied.redis.stop()])
  clock.close()
  rmSync(folder, { recursive: true, force: true })
})

describe("what was restored", () => {
  it("remembers the mutation ids of its last day, and no older ones", async () => {
    const young = await onStock(again, reserve("young", 48 * HOUR_MS))
    assert.deepEqual([young.status, young.body["replayed"]], [200, true])
    const old = await onStock(again, { ...reserve("long", HOUR_MS), holdId: "another" })
    assert.deepEqual([old.status, old.body["replayed"]], [200, undefined], "decided anew")
  })

  it("has holds that end at their times: what was for a day has ended, what was for three has not", async () => {
    const seen = await eventually(
      async () => (await http(again, "GET", "/v1/stock/mug")).body["allocated"],
      (allocated) => allocated === 3
    )
    assert.equal(seen, 3, "long, young and another; short has ended")
    const commit = (holdId: string) => onStock(again, { type: "commit", mutationId: `commit-${holdId}`, holdId })
    assert.equal((await commit("short")).body["code"], "hold_expired")
    assert.equal((await commit("long")).status, 200)
  })

  it("takes a cart that nobody touched for two days for left, since then", async () => {
    const { abandonedAt, changedAt } = (await leftBy(again)).body
    const ages = [changedAt, abandonedAt].map((at) => (Date.now() - Date.parse(String(at))) / HOUR_MS)
    assert.ok(
      ages.every((hours) => hours > 22),
      JSON.stringify(ages)
    )
  })
})
