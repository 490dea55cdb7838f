/**
 * Goal: of each location is told what lies there, page by page, and one location's SKUs are found without reading the others'.
 * Method: the queries on a real database, filled by a real history, then with rows enough that reading all of them would show.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { Pool } from "pg"
import { afterAll, beforeAll, describe, it } from "vitest"
import { migrate } from "../../streams/postgres.ts"
import { LedgerMemory } from "../../streams/projections/ledger-memory.ts"
import { applyBatch, LEDGER } from "../../streams/projections/ledger.ts"
import { inTransaction } from "../../streams/projections/postgres-projection.ts"
import { locations, stockAt } from "../../streams/projections/location-queries.ts"
import { type AnyCommand, bundle, receipt, reserve, sale } from "../support/commands.ts"
import { freshDatabase } from "../support/database.ts"
import { Desk } from "../support/desk.ts"

let pool: Pool

/** What the desk decides, each command as a commit. */
const fill = async (commands: ReadonlyArray<AnyCommand>): Promise<void> => {
  const desk = new Desk()
  for (const command of commands) desk.take(command)
  const commits = desk.history.map(({ at, record }, index) => ({
    sequence: index + 1,
    partition: 0,
    sizeBytes: 0,
    id: `c${index + 1}`,
    at,
    facts: 0,
    records: [record]
  }))
  await pool.query("INSERT INTO projection_checkpoints (name, sequence) VALUES ($1, 0)", [LEDGER])
  await inTransaction(pool, (client) => applyBatch(client, commits, new LedgerMemory()))
}

beforeAll(async () => {
  const url = await freshDatabase()
  await Effect.runPromise(migrate(url))
  pool = new Pool({ connectionString: url, max: 1 })
  await fill([
    receipt("LAMP-a", 5, { locationId: "north" }),
    receipt("LAMP-b", 2, { locationId: "north" }),
    receipt("MUG_1", 3, { locationId: "north" }),
    receipt("MUG_1", 4, { locationId: "south" }),
    sale("LAMP-b", 2, { locationId: "north" }),
    reserve("MUG_1", "h", 1, { locationId: "south" }),
    receipt("SET", 1, { locationId: "north" }),
    sale("SET", 1, { locationId: "north" }),
    bundle("SET", { "LAMP-a": 1 })
  ])
}, 30_000)
afterAll(() => pool.end())

interface Asked {
  readonly after?: string
  readonly limit?: number
  readonly search?: string
}

const all = (asked: Asked = {}) => Effect.runPromise(locations(pool, { after: undefined, limit: 10, ...asked }))
const at = (locationId: string, asked: Asked = {}) =>
  Effect.runPromise(stockAt(pool, { after: undefined, limit: 10, search: "", locationId, ...asked }))
const skusAt = async (locationId: string, asked?: Asked): Promise<ReadonlyArray<string>> =>
  ((await at(locationId, asked)).items as ReadonlyArray<{ readonly sku: string }>).map(({ sku }) => sku)

describe("stock by location", () => {
  it("tells of each what it holds over all SKUs, and leaves out bundles, which have none of their own", async () => {
    assert.deepEqual((await all()).items, [
      { locationId: "north", skus: 3, physical: 8, allocated: 0, soldOut: 1 },
      { locationId: "south", skus: 1, physical: 4, allocated: 1, soldOut: 0 }
    ])
    assert.deepEqual(await skusAt("north"), ["LAMP-a", "LAMP-b", "MUG_1"])
    assert.deepEqual((await at("south")).items, [{ sku: "MUG_1", physical: 4, allocated: 1, available: 3 }])
  })

  it("goes on behind the last of a page", async () => {
    assert.equal((await all({ limit: 1 })).next, "north")
    assert.equal((await all({ limit: 1, after: "north" })).next, undefined)
    assert.equal((await at("north", { limit: 2 })).next, "LAMP-b")
    assert.deepEqual(await skusAt("north", { limit: 2, after: "LAMP-b" }), ["MUG_1"])
  })

  it("takes what is searched for as it is written, in capitals or not", async () => {
    assert.deepEqual(await skusAt("north", { search: "mug_" }), ["MUG_1"])
    assert.deepEqual(await skusAt("north", { search: "P_" }), [])
    assert.deepEqual(await skusAt("north", { search: "%" }), [])
  })

  it("finds one location's SKUs without reading the others'", async () => {
    await pool.query(`INSERT INTO stock_locations (sku, location_id, physical, allocated)
      SELECT 'S' || sku, 'place ' || place, 1, 0 FROM generate_series(1, 2000) sku, generate_series(1, 10) place`)
    await pool.query("ANALYZE stock_locations")
    const { rows } = await pool.query<{ readonly "QUERY PLAN": string }>(
      `EXPLAIN SELECT sku FROM stock_locations WHERE location_id = 'place 7' AND sku > '' ORDER BY sku LIMIT 101`
    )
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n")
    assert.match(plan, /stock_locations_by_location/)
    assert.doesNotMatch(plan, /Sort/)
  })
})
