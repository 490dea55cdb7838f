/**
 * Goal: each of the usual mistakes is found, with a sentence and what to do, and nothing where nothing is.
 * Method: the mistakes are made: on real servers where a server can be brought to them, in what is read of it where not.
 */
import assert from "node:assert/strict"
import { once } from "node:events"
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { Redis } from "ioredis"
import { Client } from "pg"
import { afterAll, beforeAll, describe, it } from "vitest"
import { report } from "../../scripts/doctor/command.ts"
import { examine, lag } from "../../scripts/doctor/doctor.ts"
import { skew } from "../../scripts/doctor/finding.ts"
import { home } from "../../scripts/doctor/home.ts"
import { disk, diskSpace, median, memory, node, openFiles, withFsync } from "../../scripts/doctor/machine.ts"
import { postgres, settingFindings } from "../../scripts/doctor/postgres.ts"
import { redis } from "../../scripts/doctor/redis.ts"
import { settings } from "../../scripts/doctor/settings.ts"
import type { RunFile } from "../../scripts/run-file.ts"
import { readAllSettings } from "../../src/reloading.ts"
import { binaries, freePort, type RunningServer, startNats, startRedis } from "../../src/servers/servers.ts"
import { migrate } from "../../streams/postgres.ts"
import { freshDatabase } from "../support/database.ts"
import { bad, one } from "../support/findings.ts"
import { startHub } from "../support/hub.ts"

let folder: string
let natsServer: RunningServer
let redisServer: RunningServer
let databaseUrl: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-doctor-"))
  const start = async (name: string) => ({
    binaries: binaries(),
    directory: join(folder, name),
    port: await freePort()
  })
  natsServer = await startNats(await start("nats"))
  redisServer = await startRedis(await start("redis"))
  databaseUrl = await freshDatabase()
})
afterAll(async () => {
  await Promise.all([natsServer.stop(), redisServer.stop()])
  rmSync(folder, { recursive: true, force: true })
})

const read = (environment: Readonly<Record<string, string>>) =>
  Effect.runPromise(readAllSettings({ HOLDFAST_HOME: folder, ...environment }))

describe("the doctor on Redis", () => {
  it("finds nothing wrong with the project's own, and one that is not there", async () => {
    assert.deepEqual(bad(await redis(redisServer.url)), [])
    one(await redis(`redis://127.0.0.1:${await freePort()}`), /wrong: None answers at redis:/)
  })

  it("finds that it would drop keys, that it is full, and that it refuses the password", async () => {
    const client = new Redis(redisServer.url)
    try {
      await client.config("SET", "maxmemory", "100mb")
      assert.deepEqual(bad(await redis(redisServer.url)), [])
      await client.config("SET", "maxmemory-policy", "allkeys-lru")
      one(await redis(redisServer.url), /wrong: It drops keys .*allkeys-lru/)
      await client.config("SET", "maxmemory-policy", "noeviction")
      await client.config("SET", "maxmemory", "1mb")
      one(await redis(redisServer.url), /doubtful: It uses \d+ of 1048576 bytes/)
      await client.config("SET", "maxmemory", "0")
      await client.config("SET", "requirepass", "right")
      one(
        await redis(redisServer.url.replace("//", "//:wrong@")),
        /wrong: The one at redis:.* refuses the user or password/
      )
    } finally {
      await client.config("SET", "requirepass", "")
      client.disconnect()
    }
  })
})

describe("the doctor on PostgreSQL", () => {
  it("finds one that is not there, a wrong password, and a database that is not", async () => {
    const url = new URL(databaseUrl)
    url.port = String(await freePort())
    one(await postgres(url.href), /wrong: None answers at postgres:/)
    const other = new URL(databaseUrl)
    other.password = "wrong"
    one(await postgres(other.href), /wrong: .* refuses the password/)
    const none = new URL(databaseUrl)
    none.pathname = "/nobody_made_this"
    one(await postgres(none.href), /wrong: .* has no such database/)
  })

  it("finds tables that are behind, and tables of a newer release", async () => {
    assert.deepEqual(bad(await postgres(databaseUrl)), [])
    await Effect.runPromise(migrate(databaseUrl))
    assert.deepEqual(bad(await postgres(databaseUrl)), [])
    const client = new Client({ connectionString: databaseUrl })
    await client.connect()
    await client.query("DELETE FROM schema_migrations WHERE name = '0004_recovery'")
    one(await postgres(databaseUrl), /doubtful: Its tables lack 0004_recovery/)
    await client.query("INSERT INTO schema_migrations (name, run_on) VALUES ('9999_later', now())")
    one(await postgres(databaseUrl), /wrong: Its tables are of a newer release \(9999_later\)/)
    await client.end()
  })

  it("finds an old server, loose settings and too few connections", () => {
    const fine = { server_version: "15.4", server_version_num: "150004", max_connections: "100" }
    assert.deepEqual(bad(settingFindings(fine)), [])
    one(
      settingFindings({ ...fine, server_version: "13.2", server_version_num: "130002" }),
      /wrong: Version 13\.2 is too old/
    )
    one(settingFindings({ ...fine, fsync: "off" }), /doubtful: fsync is off/)
    one(settingFindings({ ...fine, max_connections: "10" }), /doubtful: It takes 10 connections/)
  })
})

describe("the doctor on the machine", () => {
  it("does an fsync in the hub's home and leaves nothing there", async () => {
    const before = readdirSync(folder)
    assert.ok((await withFsync(folder, async (fsync) => fsync())) > 0)
    await assert.rejects(withFsync(folder, () => Promise.reject(new Error("no answer"))))
    assert.deepEqual(readdirSync(folder), before)
  })

  it("finds an old Node, few files, little memory, a full disk, a slow one, and a clock that is off", () => {
    assert.equal(node("20.19.0").level, "well")
    one([node("18.20.1")], /wrong: 18\.20\.1 is too old/)
    one(
      openFiles("Max open files            1024                 524288               files"),
      /doubtful: Only 1024 files/
    )
    assert.deepEqual(bad(openFiles("Max open files            65536                524288               files")), [])
    one([memory(512 * 1024 ** 2, 1)], /wrong: The machine has 0\.5 GiB/)
    one([memory(2 * 1024 ** 3, 4 * 1024 ** 3)], /doubtful: Node may grow to 4\.0 GiB/)
    one([diskSpace("/x", 1_000)], /wrong: Only 0\.0 GiB are free/)
    one([diskSpace("/x", 2 * 1024 ** 3)], /doubtful: Only 2\.0 GiB are free/)
    one([disk("/x", 25)], /doubtful: An fsync in \/x takes 25\.0 ms/)
    assert.equal(median([3, 1, 2]), 2)
    assert.equal(skew("NATS", 1_500, 1_000, 1_100).level, "well")
    one([skew("NATS", 61_000, 1_000, 1_100)], /wrong: its clock is 59900 ms ahead/)
    one([skew("NATS", 0, 5_000, 5_100)], /wrong: its clock is 5000 ms behind/)
  })

  it("finds a taken port, what a killed hub left, and secrets that others can read", async () => {
    const at = mkdtempSync(join(folder, "home-"))
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const { port } = server.address() as { readonly port: number }
    writeFileSync(join(at, "hub.pid"), "999999999")
    writeFileSync(join(at, "personal-data.key"), "x", { mode: 0o644 })
    writeFileSync(join(at, "channels.json"), '{"channels":[{"settings":{"accessToken":"shpat_1"}}]}', { mode: 0o644 })
    writeFileSync(join(at, "outreach.json"), '{"carriers":[{"settings":{"authToken":{"env":"T"}}}]}', { mode: 0o644 })
    const files = ["channels.json", "outreach.json"].map((name) => join(at, name))
    const findings = bad(await home({ home: at, port, files }))
    server.close()
    assert.equal(findings.length, 4, findings.join("\n"))
    assert.match(findings.join("\n"), /wrong: Port \d+ is taken/)
    assert.match(findings.join("\n"), /doubtful: .*hub\.pid is of a hub that runs no more/)
    assert.match(findings.join("\n"), /wrong: .*personal-data\.key can be read by others/)
    assert.match(findings.join("\n"), /wrong: .*channels\.json can be read by others/)
    for (const name of ["personal-data.key", "channels.json"]) chmodSync(join(at, name), 0o600)
    assert.equal(bad(await home({ home: at, port: 0, files })).length, 1)
  })

  it("finds what is far behind the journal", () => {
    one(
      lag([{ name: "postgres-ledger", lagEvents: 9, lagSeconds: 45 }] as never),
      /doubtful: postgres-ledger is 45 s behind/
    )
  })
})

describe("the doctor's look at the settings", () => {
  const looked = async (environment: Readonly<Record<string, string>>) =>
    settings({ ...(await read(environment)), environment })

  it("finds nothing wrong with what goes together", async () => {
    assert.deepEqual(bad(await looked({})), [])
    const proxied = { PROXIES_TRUSTED: "1", HOLDFAST_ACCESS: "required", PUBLIC_URL: "https://hub.example" }
    assert.deepEqual(bad(await looked(proxied)), [])
  })

  it("finds an open hub behind a proxy, and one that is to be open to the world", async () => {
    one(await looked({ PROXIES_TRUSTED: "1" }), /wrong: PROXIES_TRUSTED says that others reach this hub/)
    one(await looked({ PUBLIC_URL: "https://hub.example" }), /wrong: PUBLIC_URL says that others reach this hub/)
    one(
      await looked({ HOST: "0.0.0.0", HOLDFAST_ACCESS: "off" }),
      /wrong: HOLDFAST_ACCESS=off is only taken on the loop/
    )
  })

  it("finds a key of Stripe's test mode where customers pay, and what is set by halves", async () => {
    const stripe = {
      STRIPE_SECRET_KEY: "sk_test_123",
      STRIPE_WEBHOOK_SECRET: `whsec_${"a".repeat(32)}`,
      HOLDFAST_ACCESS: "required"
    }
    one(
      await looked({ ...stripe, PUBLIC_URL: "https://hub.example" }),
      /wrong: STRIPE_SECRET_KEY is a key of Stripe's test mode/
    )
    assert.deepEqual(bad(await looked({ ...stripe, PUBLIC_URL: "http://127.0.0.1:3020" })), [])
    one(
      await looked({ STRIPE_SECRET_KEY: "sk_test_123" }),
      /wrong: STRIPE_SECRET_KEY is set, so STRIPE_WEBHOOK_SECRET must/
    )
    one(await looked({ ALERT_WEBHOOK_URL: "https://hooks.example" }), /wrong: .*ALERT_WEBHOOK_SECRET/)
  })

  it("finds files that cannot be read, and secrets that the environment does not have", async () => {
    const channels = join(folder, "channels-wrong.json")
    writeFileSync(
      channels,
      JSON.stringify({ channels: [{ name: "web", adapter: "shopify", settings: { token: { env: "NOT_SET" } } }] })
    )
    one(await looked({ CHANNELS_FILE: channels }), /wrong: .*NOT_SET/)
    const recovery = join(folder, "recovery-wrong.json")
    writeFileSync(recovery, "{")
    one(await looked({ RECOVERY_FILE: recovery }), /wrong: The recovery file/)
  })

  it("finds whatever else would keep the hub from starting", async () => {
    const recovery = join(folder, "recovery-paid.json")
    writeFileSync(recovery, JSON.stringify({ cartUrl: "https://shop.example/{cart}?from={attempt}", link: "checkout" }))
    for (const [environment, says] of [
      [{ CHANNELS_FILE: "/nowhere/channels.json" }, /wrong: \/nowhere\/channels\.json cannot be read/],
      [{ GRAPHQL_QUERIES_FILE: "/nowhere/queries.json" }, /wrong: \/nowhere\/queries\.json cannot be read/],
      [{ RECOVERY_FILE: recovery }, /wrong: The recovery file wants links that lead to payment/],
      [
        { ALERT_WEBHOOK_URL: "https://hooks.example", ALERT_WEBHOOK_SECRET: "none" },
        /wrong: ALERT_WEBHOOK_SECRET must be whsec_/
      ],
      [{ PERSONAL_DATA_KEY: "short" }, /wrong: PERSONAL_DATA_KEY must be 32 bytes/]
    ] as const) {
      one(await looked(environment), says)
    }
  })

  it("finds a damaged key of personal data, unless another is given or its file is told of as open to others", async () => {
    const at = mkdtempSync(join(folder, "damaged-"))
    const key = join(at, "personal-data.key")
    writeFileSync(key, "half of it", { mode: 0o600 })
    one(await looked({ HOLDFAST_HOME: at }), /wrong: .*personal-data\.key holds no key of 32 bytes/)
    const given = { HOLDFAST_HOME: at, PERSONAL_DATA_KEY: Buffer.alloc(32, 7).toString("base64") }
    assert.deepEqual(bad(await looked(given)), [])
    chmodSync(key, 0o644)
    assert.deepEqual(bad(await looked({ HOLDFAST_HOME: at })), [])
  })
})

describe("the doctor at a hub that asks who calls", () => {
  it("comes with this machine's own key, and says so when another is set that does not do", async () => {
    const hub = await startHub({ HOLDFAST_ACCESS: "required" })
    try {
      const run = JSON.parse(readFileSync(join(hub.home, "run.json"), "utf8")) as RunFile
      const { access, config } = await read({ HOLDFAST_ACCESS: "required", HOLDFAST_HOME: hub.home })
      const patient = { access, config: { ...config, home: hub.home }, environment: {}, urls: run, run }
      const found = await examine(patient)
      assert.ok(found.some(({ level, what }) => level === "well" && what.endsWith("and asks everybody who they are")))
      assert.deepEqual(
        found.filter(({ level }) => level === "wrong"),
        []
      )
      process.env["HOLDFAST_KEY"] = "hf_nobody_x"
      one(
        (await examine(patient)).filter(({ about }) => about === "hub"),
        /doubtful: Ready at .*the key in HOLDFAST_KEY/
      )
    } finally {
      delete process.env["HOLDFAST_KEY"]
      await hub.stop()
    }
  })
})

describe("the doctor's report", () => {
  it("looks at everything, and what cannot be looked at keeps nothing else from it", async () => {
    const { access, config } = await read({})
    const urls = { nats: natsServer.url, redis: "redis://127.0.0.1:1", postgres: databaseUrl }
    const patient = { access, config: { ...config, home: folder, port: 0 }, environment: {}, urls, run: undefined }
    const text = report(await examine(patient))
    for (const about of ["Node", "disk", "NATS", "Redis", "PostgreSQL"]) assert.match(text, new RegExp(`  ${about}: `))
    assert.match(text, /WRONG {2}Redis: None answers at redis:\/\/127\.0\.0\.1:1\.\n {7}Start it/)
    assert.match(text, /\d+ wrong, \d+ doubtful$/)
  })
})
