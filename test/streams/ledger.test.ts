/**
 * Goal: PostgreSQL's ledger and read models say what the journal says, in whatever batches it came, and a rebuild beside
 * them ends in the same.
 * Method: histories by chance, decided by the real deciders, applied to real databases and compared with the actors.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import * as fc from "fast-check"
import { Client, Pool } from "pg"
import { afterAll, beforeAll, describe, it } from "vitest"
import { isStockEvent, type JournalRecord } from "../../actors/sku/events.ts"
import { isBundle } from "../../actors/sku/state.ts"
import { bundleScope, LINES_SCOPE } from "../../actors/stock/stock.ts"
import { appendOf } from "../../src/host/ownership.ts"
import { appended } from "../../streams/journal.ts"
import { makeMemoryJournal, type MemoryJournal } from "../../streams/journal.memory.ts"
import { migrate } from "../../streams/postgres.ts"
import { Head } from "../../streams/projections/head.ts"
import { applyBatch, LEDGER, ledgerFailed, ledgerProjection } from "../../streams/projections/ledger.ts"
import { LedgerMemory } from "../../streams/projections/ledger-memory.ts"
import { rebuildLedger } from "../../streams/projections/ledger-rebuild.ts"
import { ProjectionRunner } from "../../streams/projections/runner.ts"
import { anyCommand, openingOf, shop } from "../support/arbitraries.ts"
import { receipt, release, reserve } from "../support/commands.ts"
import { freshDatabase } from "../support/database.ts"
import { Desk } from "../support/desk.ts"
import { eventually } from "../support/hub.ts"
import { runs, times } from "../support/runs.ts"

/** Three histories of some hundred changes each, every one applied twice over. */
const HISTORIES = 3
const TIMEOUT_MS = times(120_000)
/** That a rebuild applies in one transaction. */
const COMMITS_AT_ONCE = 200

interface Books {
  readonly url: string
  readonly pool: Pool
}

const open = async (): Promise<Books> => {
  const url = await freshDatabase()
  await Effect.runPromise(migrate(url))
  return { url, pool: new Pool({ connectionString: url, max: 3 }) }
}

/** The desk's history in commits of `recordsMax` records. */
const journalOf = async (desk: Desk, recordsMax: number, name = "c"): Promise<MemoryJournal> => {
  const journal = makeMemoryJournal()
  for (let first = 0; first < desk.history.length;) {
    const { at } = desk.history[first] as (typeof desk.history)[number]
    const records: Array<JournalRecord> = []
    for (let kept = desk.history[first]; kept?.at === at && records.length < recordsMax; kept = desk.history[++first]) {
      records.push(kept.record)
    }
    const last = journal.stored.length
    await Effect.runPromise(
      appended(journal, [appendOf(0, [last], { id: `${name}${last + 1}`, at, facts: 0, records })])
    )
  }
  return journal
}

/** Follows the journal to its end. */
const follow = async ({ url, pool }: Books, journal: MemoryJournal): Promise<void> => {
  const head = new Head(() => false)
  head.advance(journal.stored.length)
  let applied = 0
  const steps = {
    prepare: Effect.mapError(migrate(url), ({ detail }) => ledgerFailed(detail)),
    rebuild: rebuildLedger({ url, journal, head })
  }
  const onApplied = (_name: string, position: { readonly sequence: number }): void => void (applied = position.sequence)
  const runner = new ProjectionRunner(ledgerProjection(pool, steps), { journal, head, onApplied })
  const running = Effect.runFork(runner.run)
  await eventually(
    async () => applied,
    (sequence) => sequence === journal.stored.length
  )
  await Effect.runPromise(Fiber.interrupt(running))
}

const rows = async (pool: Pool, sql: string): Promise<ReadonlyArray<unknown>> =>
  (await pool.query({ text: sql, rowMode: "array" })).rows

const contents = async (pool: Pool): Promise<Record<string, unknown>> => ({
  ledger: await rows(pool, "SELECT * FROM stock_ledger ORDER BY journal_sequence, entry"),
  levels: await rows(pool, "SELECT * FROM stock_levels ORDER BY sku"),
  locations: await rows(pool, "SELECT * FROM stock_locations ORDER BY sku, location_id"),
  holds: await rows(pool, "SELECT * FROM open_holds ORDER BY sku, scope, hold_id"),
  incidents: await rows(pool, "SELECT * FROM incidents ORDER BY position"),
  alerts: await rows(pool, "SELECT * FROM alerts ORDER BY position")
})

/** What the actors say of themselves. */
const saidBy = (desk: Desk) => {
  const states = desk.skus().map((sku) => desk.state(sku))
  return {
    levels: states.map(({ sku, version, physical, allocated }) => [sku, version, physical, allocated].map(String)),
    locations: states
      .filter((state) => !isBundle(state))
      .flatMap(({ sku, locations }) =>
        locations
          .map(({ locationId, physical, allocated }) => [sku, locationId, physical, allocated].map(String))
          .toSorted()
      )
  }
}

/** Everything that is held, by SKU, scope and hold id: a bundle's hold has a row of its own beside its components'. */
const heldBy = (desk: Desk): ReadonlyArray<string> => {
  const ofSkus = desk
    .skus()
    .flatMap((sku) => [...(desk.state(sku).holds?.values() ?? [])].map((hold) => [sku, "", hold.holdId]))
  const ofSeveral = Array.from(desk.book.spanningRecords(), ({ sku, holdId, legs, asked }) => [
    ...legs.map((leg) => [leg, sku === undefined ? LINES_SCOPE : bundleScope(sku), holdId]),
    ...asked
      .filter((one) => !legs.includes(one))
      .map((bundle) => [bundle, sku === undefined ? LINES_SCOPE : "", holdId])
  ])
  return [...ofSkus, ...ofSeveral.flat()].map((name) => JSON.stringify(name)).toSorted()
}

const heldInDatabase = async (pool: Pool): Promise<ReadonlyArray<string>> =>
  (await rows(pool, "SELECT sku, scope, hold_id FROM open_holds")).map((name) => JSON.stringify(name)).toSorted()

const saidByDatabase = async (pool: Pool) => ({
  levels: await rows(pool, "SELECT sku, version, physical, allocated FROM stock_levels ORDER BY sku"),
  locations: await rows(
    pool,
    `SELECT sku, location_id, physical, allocated FROM stock_locations
     WHERE sku NOT IN (SELECT sku FROM stock_levels WHERE bundle) ORDER BY sku, location_id`
  )
})

/** Locations whose held units are not those of the open holds. */
const WRONGLY_HELD = `SELECT sku, location_id, allocated, held FROM stock_locations
  LEFT JOIN (SELECT sku, part->>0 AS location_id, sum((part->>1)::bigint) AS held
    FROM open_holds, jsonb_array_elements(split) AS part GROUP BY 1, 2) AS holds USING (sku, location_id)
  WHERE allocated <> coalesce(held, 0)`

const history = (commands: ReadonlyArray<Parameters<Desk["take"]>[0]>): Desk => {
  const desk = new Desk()
  for (const command of openingOf(shop)) desk.take(command)
  for (const [index, command] of commands.entries()) {
    desk.take(command)
    if (index % 5 === 0) desk.wait(120)
    if (index % 20 === 0) desk.releaseDue()
  }
  return desk
}

describe("the ledger and read models", () => {
  it(
    "say what the actors say, whatever the batches, and a rebuild ends in the same",
    async () => {
      const batches = fc.integer({ min: 1, max: 40 })
      const commands = fc.array(anyCommand(shop), { minLength: 250, maxLength: 350 })
      await fc.assert(
        fc.asyncProperty(commands, batches, async (taken, recordsMax) => {
          const desk = history(taken)
          const journal = await journalOf(desk, recordsMax)
          const books = await open()
          await follow(books, journal)
          assert.deepEqual(await saidByDatabase(books.pool), saidBy(desk))
          assert.deepEqual(await rows(books.pool, WRONGLY_HELD), [])
          assert.deepEqual(await heldInDatabase(books.pool), heldBy(desk))
          const followed = await contents(books.pool)
          const events = desk.history.filter(({ record }) => isStockEvent(record)).length
          assert.equal((followed["ledger"] as ReadonlyArray<unknown>).length, events)

          // The way an operator asks for a rebuild.
          await books.pool.query("DELETE FROM projection_checkpoints")
          await follow(books, journal)
          assert.deepEqual(await contents(books.pool), followed)
          await books.pool.end()
        }),
        // Each step towards a smaller history would need databases of its own.
        { ...runs(HISTORIES), endOnFailure: true }
      )
    },
    TIMEOUT_MS
  )

  describe("of a small shop", () => {
    let books: Books
    beforeAll(async () => void (books = await open()))
    afterAll(() => books.pool.end())

    const shopAt = (units: number, name?: string): Promise<MemoryJournal> => {
      const desk = new Desk()
      desk.take(receipt("\u0000\ud800lamp", units))
      desk.take(reserve("\u0000\ud800lamp", "h\u0000", 1))
      return journalOf(desk, 1, name)
    }

    it("keep names that PostgreSQL cannot store, in a way that can be read", async () => {
      await follow(books, await shopAt(3))
      assert.deepEqual(await rows(books.pool, "SELECT sku, available::int FROM stock_levels"), [
        ["\u2400\ufffdlamp", 2]
      ])
      assert.deepEqual(await rows(books.pool, "SELECT hold_id FROM open_holds"), [["h\u2400"]])
    })

    it("refuse a change and a deletion of what was written", async () => {
      for (const sql of ["UPDATE stock_ledger SET quantity = 1", "DELETE FROM stock_ledger", "TRUNCATE stock_ledger"]) {
        await assert.rejects(books.pool.query(sql), /append-only/)
      }
    })

    it("have a change whose mutation id was forgotten and used again, beside the first", async () => {
      const journal = await shopAt(5, "again")
      for (const physical of [6, 7]) {
        const last = journal.stored.length
        const event = { ...receipt("A", 1), version: last + 1, physical, allocated: 0, mutationId: "forgotten" }
        const commit = { id: `again${last + 1}`, at: 1_700_000_000_000 + last, facts: 0, records: [event] }
        await Effect.runPromise(appended(journal, [appendOf(0, [last], commit)]))
      }
      await follow(books, journal)
      assert.deepEqual(
        await rows(
          books.pool,
          "SELECT version::int, reuse::int, physical::int FROM stock_ledger ORDER BY version DESC LIMIT 2"
        ),
        [
          [4, 4, 7],
          [3, 0, 6]
        ]
      )
    })

    /** A few hundred holds, of which some take another's place, some are closed, and some both within one commit. */
    const busyShop = (): Desk => {
      const desk = new Desk()
      for (const sku of ["A", "B"]) desk.take(receipt(sku, 1_000))
      desk.take(receipt("A", 50, { locationId: "berlin" }))
      for (let index = 0; index < 150; index++) {
        desk.take(reserve("A", `h${index}`, 2))
        if (index % 3 === 0) desk.take(reserve("A", `h${index}`, 3, { mutationId: `more${index}` }))
        if (index % 5 === 0) desk.take(release("A", `h${index}`))
        desk.take(reserve("B", `h${index}`, 1))
        // What was opened several commits ago.
        if (index % 7 === 0) desk.take(reserve("B", `h${index / 7}`, 2, { mutationId: `again${index}` }))
        if (index % 14 === 0) desk.take(release("B", `h${index / 7}`))
        if (index % 2 === 0) desk.wait(1)
      }
      return desk
    }

    for (const commits of [1, 4, 60]) {
      it(`know a hold that takes another's place from a new one, ${commits} commits at once and a pause after each step`, async () => {
        const desk = busyShop()
        const journal = await journalOf(desk, 3)
        const fresh = await open()
        const projection = ledgerProjection(fresh.pool, { prepare: Effect.void, rebuild: Effect.void })
        await fresh.pool.query("INSERT INTO projection_checkpoints (name, sequence) VALUES ($1, 0)", [LEDGER])
        let pauses = 0
        const pause = async (stepMs: number): Promise<void> => {
          assert.ok(stepMs > 0)
          pauses++
        }
        const all = await Effect.runPromise(journal.read(1, { commitsMax: 1_000, bytesMax: 10_000_000 }))
        for (let first = 0; first < all.length; first += commits) {
          await Effect.runPromise(projection.apply(all.slice(first, first + commits), pause))
        }
        assert.deepEqual(await saidByDatabase(fresh.pool), saidBy(desk))
        assert.deepEqual(await rows(fresh.pool, WRONGLY_HELD), [])
        assert.deepEqual(await heldInDatabase(fresh.pool), heldBy(desk))
        assert.equal((await rows(fresh.pool, "SELECT 1 FROM stock_ledger")).length, desk.history.length)
        // A ledger of several hundred rows takes more steps than tables.
        assert.ok(pauses > 20, `${pauses} pauses`)
        await fresh.pool.end()
      })
    }

    it("are right where two take turns at them that remember what they wrote, and transactions are undone", async () => {
      const desk = busyShop()
      const journal = await journalOf(desk, 3)
      const fresh = await open()
      await fresh.pool.query("INSERT INTO projection_checkpoints (name, sequence) VALUES ($1, 0)", [LEDGER])
      const all = await Effect.runPromise(journal.read(1, { commitsMax: 1_000, bytesMax: 10_000_000 }))
      const client = await fresh.pool.connect()
      const [one, other] = [new LedgerMemory(), new LedgerMemory(1)]
      for (let first = 0, turn = 0; first < all.length; first += 4, turn++) {
        for (const end of turn % 4 === 1 ? ["ROLLBACK", "COMMIT"] : ["COMMIT"]) {
          await client.query("BEGIN")
          await applyBatch(client, all.slice(first, first + 4), turn % 3 === 0 ? other : one)
          await client.query(end)
        }
      }
      client.release()
      assert.deepEqual(await saidByDatabase(fresh.pool), saidBy(desk))
      assert.deepEqual(await rows(fresh.pool, WRONGLY_HELD), [])
      assert.deepEqual(await heldInDatabase(fresh.pool), heldBy(desk))
      await fresh.pool.end()
    })

    it("are made anew with rests for a hub that has its hands full", async () => {
      const rested: Array<number> = []
      class BusyHead extends Head {
        override restAfter(applied: number, costMs: number, ageMs: number): Effect.Effect<void> {
          rested.push(applied)
          assert.ok(costMs > 0 && ageMs < 60_000, `${costMs} ms, ${ageMs} ms`)
          return Effect.void
        }
      }
      const journal = makeMemoryJournal()
      for (let last = 0; last < COMMITS_AT_ONCE + 1; last++) {
        const commit = { id: `b${last + 1}`, at: Date.now(), facts: 0, records: [] }
        await Effect.runPromise(appended(journal, [appendOf(0, [last], commit)]))
      }
      const head = new BusyHead(() => true)
      head.advance(journal.stored.length)
      await Effect.runPromise(rebuildLedger({ url: books.url, journal, head }))
      assert.deepEqual(rested, [COMMITS_AT_ONCE, COMMITS_AT_ONCE + 1])
    })

    it("start over when the journal is another one", async () => {
      await follow(books, await shopAt(7, "other"))
      assert.deepEqual(await rows(books.pool, "SELECT physical::int FROM stock_levels"), [[7]])
      await assert.rejects(books.pool.query("DELETE FROM stock_ledger"), /append-only/)
    })

    it("are made again when the database was emptied, also after a rebuild that was cut off", async () => {
      const journal = await shopAt(5)
      await books.pool.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
      await follow(books, journal)
      assert.deepEqual(await rows(books.pool, "SELECT physical::int FROM stock_levels"), [[5]])
      const before = await contents(books.pool)
      const client = new Client({ connectionString: books.url })
      await client.connect()
      await client.query("CREATE SCHEMA holdfast_rebuild; CREATE TABLE holdfast_rebuild.stock_ledger (sku text)")
      await client.end()
      await books.pool.query(`DELETE FROM projection_checkpoints WHERE name = '${LEDGER}'`)
      await follow(books, journal)
      assert.deepEqual(await contents(books.pool), before)
    })
  })
})
