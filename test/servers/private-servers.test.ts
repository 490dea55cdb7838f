/**
 * Goal: the hub's own servers come back: at the next start on the same ports, and while it runs when one dies; and when
 * one cannot come back the hub learns it.
 * Method: the real programs in a home of its own; a death is SIGKILL, no return is a program that is no more.
 */
import assert from "node:assert/strict"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { getPriority, tmpdir } from "node:os"
import { join } from "node:path"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Effect, Fiber } from "effect"
import { afterEach, beforeEach, describe, it } from "vitest"
import { hubConfig } from "../../config/config.ts"
import type { AccessMode } from "../../src/access/mode.ts"
import { NICENESS, SHORT_SLICE_NS } from "../../src/scheduling.ts"
import { libraryEnvironment } from "../../src/servers/binaries.ts"
import { answers } from "../../src/servers/ports.ts"
import { type PrivateServers, privateServers } from "../../src/servers/private-servers.ts"
import { binaries, startNats, startRedis } from "../../src/servers/servers.ts"
import { serverOf } from "../../streams/nats/connection.ts"
import { eventually } from "../support/hub.ts"
import { KNOWS_SLICES, slicesOf } from "../support/slices.ts"

let home = ""
let said: Array<string> = []

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "holdfast-home-"))
  chmodSync(home, 0o755)
  said = []
})

afterEach(() => rmSync(home, { recursive: true, force: true }))

/** Runs with private servers for those of which no URL is given, and stops them. */
const withServers = <A>(
  urls: { readonly natsUrl?: string; readonly redisUrl?: string; readonly databaseUrl?: string },
  use: (servers: PrivateServers) => Promise<A>,
  programs = binaries(),
  mode: AccessMode = "open"
): Promise<A> =>
  Effect.gen(function* () {
    const config = {
      ...(yield* hubConfig),
      home,
      natsUrl: undefined,
      redisUrl: undefined,
      databaseUrl: undefined,
      ...urls
    }
    const servers = yield* privateServers({
      config,
      mode,
      binaries: () => programs,
      reachableHome: home,
      say: (line) => said.push(line)
    })
    return yield* Effect.promise(() => use(servers))
  }).pipe(Effect.scoped, Effect.runPromise)

const elsewhere = "nats://elsewhere.example:4222"
const onlyRedis = { natsUrl: elsewhere, databaseUrl: "postgres://elsewhere.example/x" }
const portOf = (url: string): number => Number(new URL(url).port)

const pidOf = (name: string): number =>
  (JSON.parse(readFileSync(join(home, name, "holdfast-process.json"), "utf8")) as { readonly pid: number }).pid

describe("private servers", () => {
  it("are the same at every start, and stop with the hub", async () => {
    const first = await withServers({}, async ({ urls }) => urls)
    for (const url of Object.values(first)) assert.equal(await answers(portOf(url)), false)
    const second = await withServers({}, async ({ urls }) => {
      for (const url of Object.values(urls)) assert.ok(await answers(portOf(url)))
      return urls
    })
    assert.deepEqual(second, first)
  })

  it("are started only for those that no URL names", async () => {
    await withServers(onlyRedis, async ({ urls }) => {
      assert.equal(urls.nats, elsewhere)
      assert.equal(urls.postgres, onlyRedis.databaseUrl)
      assert.ok(await answers(portOf(urls.redis)))
    })
    assert.equal(existsSync(join(home, "nats")), false)
    assert.equal(said.length, 1)
  })

  it("go behind the hub for the processor, but for the journal, which goes first", async () => {
    await withServers({}, async () => {
      assert.equal(getPriority(pidOf("nats")), getPriority())
      const isFirst = (slices: ReadonlyArray<number>) => slices.every((slice) => slice === SHORT_SLICE_NS)
      if (KNOWS_SLICES) await eventually(async () => slicesOf(pidOf("nats")), isFirst, 5_000)
      for (const name of ["redis", "postgres"] as const) {
        assert.equal(getPriority(pidOf(name)), Math.max(NICENESS, getPriority()))
      }
    })
  })

  it("that die are started again, with one sentence each time", async () => {
    await withServers({}, async ({ urls }) => {
      for (const name of ["nats", "redis", "postgres"] as const) {
        const pid = pidOf(name)
        said = []
        process.kill(pid, "SIGKILL")
        await eventually(
          async () => said,
          (lines) => lines.length === 2,
          20_000
        )
        assert.match(said[0] ?? "", /has died; it is started again$/)
        assert.match(said[1] ?? "", /runs again on port \d+$/)
        assert.notEqual(pidOf(name), pid)
        assert.ok(await answers(portOf(urls[name])))
      }
    })
  })

  it("that cannot be brought back fail the hub, with a sentence that says where to look", async () => {
    const program = join(home, "redis-server")
    const { LD_LIBRARY_PATH: libraries = "" } = libraryEnvironment(binaries().tools, binaries().redis)
    const start = `#!/bin/sh\nexport LD_LIBRARY_PATH="${libraries}"\nexec "${binaries().redis}" "$@"\n`
    writeFileSync(program, start, { mode: 0o755 })
    const failure = await withServers(
      onlyRedis,
      async ({ died }) => {
        const failing = Effect.runFork(Effect.flip(died))
        rmSync(program)
        process.kill(pidOf("redis"), "SIGKILL")
        return Effect.runPromise(Fiber.join(failing))
      },
      { ...binaries(), redis: program }
    )
    assert.match(failure.message, /^redis cannot be kept running \(.*cannot be run\); its log is .*redis\.log\.$/)
  })

  it("take another port when a stranger has theirs", async () => {
    const { redis } = await withServers(onlyRedis, async ({ urls }) => urls)
    const stranger = await startRedis({ binaries: binaries(), directory: join(home, "stranger"), port: portOf(redis) })
    const moved = await withServers(onlyRedis, async ({ urls }) => urls.redis)
    assert.notEqual(moved, redis)
    await stranger.stop()
    assert.equal(await withServers(onlyRedis, async ({ urls }) => urls.redis), moved)
  })

  it("that an earlier hub left behind are ended when a URL is named instead", async () => {
    const { redis } = await withServers(onlyRedis, async ({ urls }) => urls)
    const left = await startRedis({ binaries: binaries(), directory: join(home, "redis"), port: portOf(redis) })
    await withServers({ ...onlyRedis, redisUrl: "redis://elsewhere.example" }, async () => undefined)
    await left.exited
    assert.equal(await answers(portOf(redis)), false)
  })

  it("keep their streams when the hub begins, and when it ceases, to ask who comes", async () => {
    const onlyNats = { redisUrl: "redis://elsewhere.example", databaseUrl: onlyRedis.databaseUrl }
    const streams = async (url: string): Promise<ReadonlyArray<string>> => {
      const connection = await connect({ ...serverOf(url), reconnect: false })
      const manager = await jetstreamManager(connection)
      const names = await manager.streams.names().next()
      if (names.length === 0) await manager.streams.add({ name: "KEPT", subjects: ["kept"] })
      await connection.close()
      return names
    }
    const asks = (mode: AccessMode) => withServers(onlyNats, ({ urls }) => streams(urls.nats), undefined, mode)
    assert.deepEqual(await asks("open"), [])
    assert.deepEqual(await asks("required"), ["KEPT"])
    assert.deepEqual(await asks("open"), ["KEPT"])
    const { nats: port } = JSON.parse(readFileSync(join(home, "ports.json"), "utf8")) as { readonly nats: number }
    // One that was left behind and asks nobody is ended, not taken over.
    const directory = join(home, "nats")
    const left = await startNats({ binaries: binaries(), directory, port })
    assert.deepEqual(await asks("required"), ["KEPT"])
    await left.exited
    mkdirSync(join(directory, "jetstream", "$G"))
    await assert.rejects(asks("open"), /streams in .*HUB and in .*\$G; move away/)
  })
})
