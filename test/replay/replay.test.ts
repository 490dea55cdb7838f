/**
 * Goal: a retailer's file goes through a real hub exactly once, however often it is played, and the audit proves it; what
 * is wrong with anything that is derived is found.
 * Method: a hub in a process of its own, the extract that comes with the project, and everything spoiled by hand in turn.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import { Client } from "pg"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { audit, type AuditOptions } from "../../scripts/audit/audit.ts"
import type { AuditReport } from "../../scripts/audit/report.ts"
import { loadStock } from "../../scripts/load/command.ts"
import { wholeFile } from "../../scripts/replay/plan.ts"
import { replay, type ReplayOptions } from "../../scripts/replay/replay.ts"
import type { ReplayReport } from "../../scripts/replay/report.ts"
import type { RunFile } from "../../scripts/run-file.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { http, startHub, type TestHub } from "../support/hub.ts"

const EXTRACT = join(projectRoot(), "data", "online-retail-extract.csv.gz")
const DAY_MS = 24 * 60 * 60_000

const runOf = (hub: TestHub): RunFile => ({
  hub: hub.url,
  nats: hub.nats.url,
  redis: hub.redis.url,
  postgres: hub.databaseUrl,
  pid: 0
})

const played = (hub: TestHub, options: Partial<ReplayOptions> = {}): Promise<ReplayReport> =>
  replay(runOf(hub), {
    file: EXTRACT,
    as: "facts",
    via: "nats",
    speed: 0,
    limit: Infinity,
    window: wholeFile,
    opening: "computed",
    signal: new AbortController().signal,
    onRejected: () => undefined,
    onProgress: () => undefined,
    ...options
  })

const audited = (hub: TestHub, options: Partial<AuditOptions> = {}): Promise<AuditReport> =>
  audit(runOf(hub), { patienceMs: 20_000, windowMs: DAY_MS, ...options })

const findingsOf = ({ accounts }: AuditReport): ReadonlyArray<string> => accounts.findings

describe("a file played as facts", () => {
  let hub: TestHub
  let redis: Redis
  let postgres: Client
  beforeAll(async () => {
    hub = await startHub()
    redis = new Redis(hub.redis.url)
    postgres = new Client({ connectionString: hub.databaseUrl })
    await postgres.connect()
  })
  afterAll(async () => {
    redis.disconnect()
    await postgres.end()
    await hub.stop()
  })

  it("and interrupted goes on where it stopped when it is played again, and then changes nothing any more", async () => {
    const { pid } = JSON.parse(readFileSync(join(hub.home, "run.json"), "utf8")) as RunFile
    const stop = new AbortController()
    const first = await played(hub, {
      signal: stop.signal,
      onProgress: ({ orders }) => {
        if (orders < 30 || stop.signal.aborted) return
        // What comes from here on is stored and not decided: the next replay must not count it as its own.
        process.kill(pid, "SIGSTOP")
        setTimeout(() => process.kill(pid, "SIGCONT"), 1_000)
        stop.abort()
      }
    })
    assert.isTrue(first.interrupted)
    assert.isBelow(first.orders, 60)
    const second = await played(hub)
    assert.equal(second.factsAlready, first.factsSent)
    assert.equal(second.orders, 115)
    assert.equal(second.factsSent, second.sales + second.returns + second.adjustments + second.openings)
    const third = await played(hub)
    assert.equal(third.factsAlready, third.factsSent)
    assert.equal(third.factsSent, second.factsSent)
    assert.deepEqual([second.incidents, third.incidents, third.alerts], [0, 0, 0])
    assert.isAbove(second.alerts + first.alerts, 0)
  })

  it("leaves the books clean, and moves the stock as the file says", async () => {
    const report = await audited(hub, { csv: EXTRACT })
    assert.deepEqual(findingsOf(report), [])
    assert.equal(report.file?.rows, 2_200)
    assert.isAbove(report.accounts.events, 2_200)
    assert.equal(report.accounts.oversoldByRequest, 0)
  })

  it("and half of it compared with the whole is found out", async () => {
    const report = await audited(hub, { csv: EXTRACT, untilMs: Date.parse("2010-12-01T12:00:00Z") })
    assert.isAbove(report.accounts.differences, 100)
    assert.isTrue(findingsOf(report).some((text) => text.includes("the file moves it by")))
  })

  it("is audited while trade goes on", async () => {
    let isTrading = true
    const trading = (async () => {
      for (let sale = 0; isTrading; sale++) {
        const fact = { type: "sale", mutationId: `live-${sale}`, quantity: 1 }
        // Slower than the audit compares one SKU again: of one that never rests it can only say so.
        await new Promise((resolve) => setTimeout(resolve, 400))
        await http(hub, "POST", `/v1/stock/${sale % 2 === 0 ? "85123A" : `new-${sale}`}/facts`, fact)
      }
      return undefined
    })()
    const reports = [await audited(hub), await audited(hub, { csv: EXTRACT })]
    isTrading = false
    await trading
    for (const report of reports) assert.deepEqual(findingsOf(report), [])
  })

  const sku = "22086"

  it.each<readonly [what: string, says: RegExp, spoil: () => Promise<unknown>, mend: () => Promise<unknown>]>([
    [
      "an older hash in Redis",
      /22086: Redis has version 1, the journal/,
      () => redis.copy(`inventory:sku:${sku}`, "kept").then(() => redis.hset(`inventory:sku:${sku}`, "version", "1")),
      () => redis.rename("kept", `inventory:sku:${sku}`)
    ],
    [
      "a missing hash in Redis",
      /22086: Redis has physical_stock missing/,
      () => redis.rename(`inventory:sku:${sku}`, "kept"),
      () => redis.rename("kept", `inventory:sku:${sku}`)
    ],
    [
      "a hash that nobody wrote",
      /invented: .*ahead of the journal/,
      () => redis.hset("inventory:sku:invented", "version", "1"),
      () => redis.del("inventory:sku:invented")
    ],
    [
      "another threshold in Redis",
      /22086: Redis has safety_threshold 9999/,
      () =>
        redis
          .copy(`inventory:sku:${sku}`, "kept")
          .then(() => redis.hset(`inventory:sku:${sku}`, "safety_threshold", "9999")),
      () => redis.rename("kept", `inventory:sku:${sku}`)
    ],
    [
      "a ledger row that is missing",
      /22086: PostgreSQL has \d+ ledger rows, the journal/,
      () =>
        changed(
          "CREATE TABLE kept AS SELECT * FROM stock_ledger WHERE sku = '22086' AND version = 3",
          "DELETE FROM stock_ledger WHERE sku = '22086' AND version = 3"
        ),
      () => changed("INSERT INTO stock_ledger SELECT * FROM kept", "DROP TABLE kept")
    ],
    [
      "another quantity in the ledger",
      /22086: PostgreSQL's \d+ ledger rows say something else/,
      () => changed("UPDATE stock_ledger SET quantity = quantity + 1 WHERE sku = '22086' AND version = 3"),
      () => changed("UPDATE stock_ledger SET quantity = quantity - 1 WHERE sku = '22086' AND version = 3")
    ],
    [
      "another mutation id in the ledger",
      /22086: PostgreSQL's \d+ ledger rows say something else/,
      () => changed("UPDATE stock_ledger SET mutation_id = mutation_id || 'x' WHERE sku = '22086' AND version = 3"),
      () => changed("UPDATE stock_ledger SET mutation_id = rtrim(mutation_id, 'x') WHERE sku = '22086' AND version = 3")
    ],
    [
      "two ledger rows that have changed places",
      /22086: PostgreSQL's \d+ ledger rows say something else/,
      () =>
        changed(
          "UPDATE stock_ledger SET physical = CASE version WHEN 3 THEN (SELECT physical FROM stock_ledger WHERE sku = '22086' AND version = 4) ELSE (SELECT physical FROM stock_ledger WHERE sku = '22086' AND version = 3) END WHERE sku = '22086' AND version IN (3, 4)"
        ),
      () =>
        changed(
          "UPDATE stock_ledger SET physical = CASE version WHEN 3 THEN (SELECT physical FROM stock_ledger WHERE sku = '22086' AND version = 4) ELSE (SELECT physical FROM stock_ledger WHERE sku = '22086' AND version = 3) END WHERE sku = '22086' AND version IN (3, 4)"
        )
    ],
    [
      "another level",
      /22086: PostgreSQL has physical/,
      () => changed("UPDATE stock_levels SET physical = physical + 1 WHERE sku = '22086'"),
      () => changed("UPDATE stock_levels SET physical = physical - 1 WHERE sku = '22086'")
    ],
    [
      "a level that is missing",
      /22086: PostgreSQL has no level of it/,
      () =>
        changed(
          "CREATE TABLE kept AS SELECT sku, version, physical, allocated, safety_threshold, updated_at FROM stock_levels WHERE sku = '22086'",
          "DELETE FROM stock_levels WHERE sku = '22086'"
        ),
      () =>
        changed(
          "INSERT INTO stock_levels (sku, version, physical, allocated, safety_threshold, updated_at) SELECT * FROM kept",
          "DROP TABLE kept"
        )
    ],
    [
      "an open hold that nobody has",
      /22086: PostgreSQL has 1 open holds, the journal 0/,
      () => changed("INSERT INTO open_holds VALUES ('22086', '', 'ghost', 1, NULL, now())"),
      () => changed("DELETE FROM open_holds WHERE hold_id = 'ghost'")
    ],
    [
      "an incident that did not happen",
      /22086: PostgreSQL has 1 incidents, the journal 0/,
      () =>
        changed(
          "INSERT INTO incidents (id, kind, sku, version, location_id, units, mutation_id, at, position) VALUES ('ghost', 'oversell', '22086', 1, 'default', 1, 'm', now(), 1)"
        ),
      () => changed("DELETE FROM incidents WHERE id = 'ghost'")
    ],
    [
      "an alert that is missing",
      /PostgreSQL has 0 alerts, the journal 1/,
      () =>
        changed(
          "CREATE TABLE kept AS SELECT sku, version, state, available, safety_threshold, at, position FROM alerts ORDER BY position LIMIT 1",
          "DELETE FROM alerts USING kept WHERE alerts.sku = kept.sku AND alerts.version = kept.version AND alerts.state = kept.state"
        ),
      () =>
        changed(
          "INSERT INTO alerts (sku, version, state, available, safety_threshold, at, position) SELECT * FROM kept",
          "DROP TABLE kept"
        )
    ],
    [
      "a projection that is held up",
      /after 0\.2 s .* PostgreSQL up to \d+, of/,
      async () => {
        await changed("BEGIN", "UPDATE projection_checkpoints SET name = name WHERE name = 'postgres-ledger'")
        await http(hub, "POST", "/v1/stock/late/facts", { type: "receipt", mutationId: "late", quantity: 1 })
      },
      () => changed("COMMIT")
    ]
  ])("is found out when there is %s", async (_what, says, spoil, mend) => {
    await spoil()
    const found = await audited(hub, { patienceMs: 200 }).finally(mend)
    assert.isTrue(
      findingsOf(found).some((text) => says.test(text)),
      findingsOf(found).join("\n")
    )
    assert.isAbove(found.accounts.wrongSkus.size, 0)
  })

  it("is found in order once all of that is mended", async () => {
    assert.deepEqual(findingsOf(await audited(hub)), [])
  })

  const changed = async (...statements: ReadonlyArray<string>): Promise<void> => {
    // Past the trigger that keeps the ledger append-only.
    await postgres.query("SET session_replication_role = replica")
    for (const statement of statements) {
      const { rowCount, command } = await postgres.query(statement)
      if (["UPDATE", "DELETE", "INSERT", "SELECT"].includes(command)) assert.isAbove(rowCount ?? 0, 0, statement)
    }
    await postgres.query("SET session_replication_role = DEFAULT")
  }
})

describe("a file played as requests", () => {
  let hub: TestHub
  beforeAll(async () => void (hub = await startHub()))
  afterAll(() => hub.stop())

  it("sells nothing that is not there, and the books say what was not sold", async () => {
    const options = { as: "requests", via: "http", opening: 20 } as const
    const first = await played(hub, options)
    assert.isAbove(first.cartsBought, 0)
    assert.isAbove(first.cartsRefused["insufficient_stock"] ?? 0, 0)
    assert.isAbove(first.linesRefused, 0)
    const report = await audited(hub, { csv: EXTRACT })
    assert.deepEqual(findingsOf(report), [])
    assert.equal(report.file?.unbought, first.linesRefused)
    assert.equal(report.accounts.oversoldByRequest, 0)
    assert.equal(report.accounts.incidents, 0)
    const again = await played(hub, options)
    assert.deepEqual([again.cartsBought, again.cartsAlready], [0, first.cartsBought])
    assert.deepEqual(again.cartsRefused, first.cartsRefused)
    assert.equal(again.factsAlready, again.factsSent)
  })

  it("finds counted stock loaded once, however often it is loaded", async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-load-"))
    try {
      const path = join(folder, "stock.csv")
      writeFileSync(path, "sku,quantity,locationId,safetyThreshold\nlamp,12,,3\nlamp,4,north,\nshade,x,,\nshade,0,,\n")
      const options = { signal: new AbortController().signal, onRow: () => undefined }
      const loaded = await loadStock(path, runOf(hub), options)
      assert.deepEqual([loaded.rows, loaded.wrong, loaded.interrupted], [3, 1, false])
      assert.match(loaded.named[0] ?? "", /^line 4: quantity "x"/)
      const before = await http(hub, "GET", "/v1/stock/lamp")
      assert.deepInclude(before.body, { physical: 16, safetyThreshold: 3, version: 3 })
      await loadStock(path, runOf(hub), options)
      assert.deepEqual(await http(hub, "GET", "/v1/stock/lamp"), before)
      assert.deepEqual(findingsOf(await audited(hub)), [])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
