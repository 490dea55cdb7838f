/**
 * Goal: the hub outlives its PostgreSQL.
 * Method: a server of its own, killed while a connection is inside a transaction with no query under way.
 */
import assert from "node:assert/strict"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { it } from "vitest"
import { binaries, freePort, startPostgres } from "../../src/servers/servers.ts"
import { Postgres } from "../../streams/postgres.ts"

it("a connection that is cut between two queries fails the next one, not the process", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-postgres-"))
  chmodSync(folder, 0o755)
  const options = { binaries: binaries(), directory: join(folder, "postgres"), port: await freePort() }
  const server = await startPostgres(options)
  const uncaught: Array<unknown> = []
  const listener = (error: unknown): void => void uncaught.push(error)
  process.on("uncaughtException", listener)
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
  process.off("uncaughtException", listener)
  assert.deepEqual(uncaught, [])
  rmSync(folder, { recursive: true, force: true })
})
