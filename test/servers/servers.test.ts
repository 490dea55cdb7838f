/**
 * Goal: a server that is started answers, is found again by whoever starts next, and is never mistaken for another.
 * Method: the real programs on free ports; a hub that is killed is another process that starts one and dies by SIGKILL.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import { Client } from "pg"
import { afterEach, beforeEach, describe, it } from "vitest"
import {
  binaries,
  freePort,
  projectRoot,
  type RunningServer,
  startNats,
  startPostgres,
  startRedis,
  throwAwayServers
} from "../../src/servers/servers.ts"
import { answers } from "../../src/servers/ports.ts"
import { until } from "../support/shop.ts"

let folder = ""
const running: Array<RunningServer> = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-servers-"))
  // As root, PostgreSQL runs as another user.
  chmodSync(folder, 0o755)
})

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
  rmSync(folder, { recursive: true, force: true })
})

const at = async (name: string, port?: number) => ({
  binaries: binaries(),
  directory: join(folder, name),
  port: port ?? (await freePort())
})

const held = async (starting: Promise<RunningServer>): Promise<RunningServer> => {
  const server = await starting
  running.push(server)
  return server
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const notePath = (name: string): string => join(folder, name, "holdfast-process.json")

/** Starts the server as a hub does that is then killed; settles with the server's process number. */
const leaveBehind = async (start: "startNats" | "startRedis" | "startPostgres", options: object): Promise<number> => {
  const program = `
    import { ${start} } from ${JSON.stringify(join(projectRoot(), "dist/src/servers/servers.js"))}
    const server = await ${start}(${JSON.stringify(options)})
    process.stdout.write(String(server.pid))
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const pid = await new Promise<number>((resolve, reject) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString())))
    child.once("exit", () => reject(new Error("the stand-in for a hub has ended")))
  })
  child.kill("SIGKILL")
  return pid
}

const query = async (url: string, text: string): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const client = new Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  const result = await client.query(text)
  await client.end()
  return result.rows as ReadonlyArray<Record<string, unknown>>
}

describe("a server", () => {
  it("stops when it is told to, and leaves no process and no note", async () => {
    const server = await held(startNats(await at("nats")))
    assert.equal(server.adopted, false)
    assert.ok(await answers(server.port))
    await server.stop()
    assert.equal(await answers(server.port), false)
    assert.equal(isAlive(server.pid), false)
    assert.equal(existsSync(notePath("nats")), false)
  })

  it("listens on the loopback address only", async () => {
    const nats = await held(startNats(await at("nats")))
    const redis = await held(startRedis(await at("redis")))
    const postgres = await held(startPostgres(await at("postgres")))
    const listening = ["/proc/net/tcp", "/proc/net/tcp6"]
      .flatMap((path) => readFileSync(path, "utf8").split("\n").slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state]) => state === "0A")
      .map(([, local]) => (local ?? "").split(":"))
    for (const { port } of [nats, redis, postgres]) {
      const hex = port.toString(16).toUpperCase().padStart(4, "0")
      const addresses = listening.flatMap(([address, inHex]) => (inHex === hex ? [address] : []))
      assert.deepEqual(addresses, ["0100007F"])
    }
  })

  it("finds its data again", async () => {
    const redisAt = await at("redis")
    const postgresAt = await at("postgres")
    const redis = await held(startRedis(redisAt))
    const postgres = await held(startPostgres(postgresAt))
    const client = new Redis(redis.url)
    await client.set("k", "v")
    client.disconnect()
    await query(postgres.url, "CREATE TABLE kept AS SELECT 7 AS n")
    await Promise.all([redis.stop(), postgres.stop()])
    const again = new Redis((await held(startRedis(redisAt))).url)
    assert.equal(await again.get("k"), "v")
    again.disconnect()
    assert.deepEqual(await query((await held(startPostgres(postgresAt))).url, "SELECT n FROM kept"), [{ n: 7 }])
  })

  it("says whose port it is that it cannot have", async () => {
    const taken = createServer().listen(0, "127.0.0.1")
    await new Promise((resolve) => taken.once("listening", resolve))
    const { port } = taken.address() as { readonly port: number }
    await assert.rejects(startNats(await at("nats", port)), {
      name: "ServerFailed",
      message: `port ${port} is taken by another program`
    })
    taken.close()
  })

  it("that stops at once is told with its own last words", async () => {
    const options = await at("nats")
    mkdirSync(options.directory)
    // Its store's folder is a file: it cannot start.
    writeFileSync(join(options.directory, "jetstream"), "")
    await assert.rejects(
      startNats(options),
      /^ServerFailed: it stopped at once and said: \S+ \S+ \S+ \[FTL\] .*storage directory is not a directory$/
    )
  })

  it("postgres comes back at once after its main process was killed with sessions open", async () => {
    const options = await at("postgres")
    const first = await held(startPostgres(options))
    const client = new Client({ connectionString: first.url })
    client.on("error", () => undefined)
    await client.connect()
    await query(first.url, "CREATE TABLE kept AS SELECT 7 AS n")
    const busy = client.query("SELECT pg_sleep(30)").catch(() => undefined)
    first.kill()
    await first.exited
    const second = await held(startPostgres(options))
    assert.notEqual(second.pid, first.pid)
    assert.deepEqual(await query(second.url, "SELECT n FROM kept"), [{ n: 7 }])
    await busy
  })

  it("postgres starts over when its first start was cut short", async () => {
    const options = await at("postgres")
    mkdirSync(`${options.directory}.new`)
    writeFileSync(join(`${options.directory}.new`, "PG_VERSION"), "15\n")
    mkdirSync(options.directory)
    assert.deepEqual(await query((await held(startPostgres(options))).url, "SELECT 1 AS n"), [{ n: 1 }])
  })

  it("postgres is not kept out by a lock whose process number another program has by now", async () => {
    const options = await at("postgres")
    const first = await held(startPostgres(options))
    const lock = readFileSync(join(options.directory, "postmaster.pid"), "utf8")
    await first.stop()
    writeFileSync(join(options.directory, "postmaster.pid"), lock.replace(/^\d+/, String(process.pid)))
    await held(startPostgres(options))
  })
})

describe("a server that was left behind", () => {
  for (const [name, start, starter] of [
    ["nats", "startNats", startNats],
    ["redis", "startRedis", startRedis],
    ["postgres", "startPostgres", startPostgres]
  ] as const) {
    it(`is adopted and can be stopped: ${name}`, async () => {
      const options = await at(name)
      const pid = await leaveBehind(start, options)
      const server = await held(starter(options))
      assert.equal(server.adopted, true)
      assert.equal(server.pid, pid)
      await server.stop()
      assert.equal(await answers(options.port), false)
      assert.equal(await server.exited, null)
    })
  }

  it("on another port than is wanted is ended first", async () => {
    const options = await at("redis")
    const pid = await leaveBehind("startRedis", options)
    const server = await held(startRedis({ ...options, port: await freePort() }))
    assert.equal(server.adopted, false)
    assert.notEqual(server.pid, pid)
    assert.equal(await answers(options.port), false)
  })

  it("and is gone: its number may be another program's, which is left alone", async () => {
    const options = await at("redis")
    const other = spawn("sh", ["-c", "read forever", `${options.directory}-not`], { stdio: "pipe" })
    mkdirSync(options.directory)
    writeFileSync(notePath("redis"), JSON.stringify({ pid: other.pid, port: options.port }))
    const server = await held(startRedis(options))
    assert.equal(server.adopted, false)
    assert.equal(other.exitCode ?? other.signalCode, null)
    other.kill()
  })
})

describe("throw-away servers", () => {
  it("leave nothing", async () => {
    const servers = await throwAwayServers()
    assert.deepEqual(await query(servers.postgres.url, "SELECT 1 AS n"), [{ n: 1 }])
    await servers.stop()
    for (const { pid } of [servers.nats, servers.redis, servers.postgres]) assert.equal(isAlive(pid), false)
    assert.equal(existsSync(servers.folder.directory), false)
  })

  it("end with whoever has started them, and so does what they were started for, also by kill -9", async () => {
    const program = `
      import { spawn } from "node:child_process"
      import { throwAwayServers } from ${JSON.stringify(join(projectRoot(), "dist/src/servers/servers.js"))}
      const { folder, nats, redis, postgres } = await throwAwayServers()
      const child = spawn("sleep", ["1000"], { stdio: "ignore" })
      folder.hold(child)
      const pids = [nats.pid, redis.pid, postgres.pid, child.pid]
      process.stdout.write(JSON.stringify({ pids, directory: folder.directory }))
      setInterval(() => undefined, 1000)`
    const starter = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    const said = await new Promise<string>((resolve) => starter.stdout.once("data", (text) => resolve(String(text))))
    const { pids, directory } = JSON.parse(said) as { readonly pids: Array<number>; readonly directory: string }
    assert.ok(pids.every(isAlive) && existsSync(directory))
    starter.kill("SIGKILL")
    await until(
      () => !pids.some(isAlive) && !existsSync(directory),
      () => pids.filter(isAlive)
    )
  })
})
