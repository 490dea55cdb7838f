/**
 * Goal: the hub outlives its PostgreSQL.
 * Method: a server of its own, killed while a connection is inside a transaction with no query under way; a line that is
 * cut at every moment of a migration.
 */
import assert from "node:assert/strict"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Option } from "effect"
import { afterEach, beforeEach, it } from "vitest"
import { binaries, freePort, startPostgres } from "../../src/servers/servers.ts"
import { migrate, Postgres } from "../../streams/postgres.ts"
import { freshDatabase } from "../support/database.ts"
import { Proxy } from "../support/proxy.ts"

let uncaught: Array<unknown>
const listener = (error: unknown): void => void uncaught.push(error)

beforeEach(() => {
  uncaught = []
  process.on("uncaughtException", listener)
})

afterEach(() => {
  process.off("uncaughtException", listener)
  assert.deepEqual(uncaught, [])
})

it("a connection that is cut between two queries fails the next one, not the process", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-postgres-"))
  chmodSync(folder, 0o755)
  const options = { binaries: binaries(), directory: join(folder, "postgres"), port: await freePort() }
  const server = await startPostgres(options)
  await Effect.gen(function* () {
    const pool = yield* Postgres
    yield* Effect.promise(async () => {
      const client = await pool.connect()
      await client.query("BEGIN")
      const cut = new Promise((resolve) => client.once("end", resolve))
      server.kill()
      await cut
      await assert.rejects(client.query("SELECT 1"))
      client.release(true)
      const again = await startPostgres(options)
      assert.deepEqual((await pool.query("SELECT 1 AS n")).rows, [{ n: 1 }])
      await again.stop()
    })
  }).pipe(Effect.provide(Postgres.layer(server.url)), Effect.runPromise)
  rmSync(folder, { recursive: true, force: true })
})

it("a migration whose connection is cut fails, the process lives, and the next one brings everything", async () => {
  const url = await freshDatabase()
  const line = await Proxy.before(url)
  let cuts = 0
  for (let afterMs = 0; afterMs < 60; afterMs += 2) {
    const cutting = setTimeout(() => line.cutAll(), afterMs)
    const failure = await Effect.runPromise(Effect.flip(migrate(line.addressOf(url))).pipe(Effect.option))
    clearTimeout(cutting)
    if (Option.isNone(failure)) continue
    assert.equal(failure.value.operation, "migrate")
    cuts++
  }
  assert.notEqual(cuts, 0)
  await Effect.runPromise(migrate(url))
  await line.close()
})
