/**
 * Goal: `npm start` as the person at the terminal meets it: what it says, what it leaves, and its exit code.
 * Method: the real command in a home of its own, with its own three servers, ended by signals.
 */
import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, it } from "vitest"
import { answers } from "../../src/servers/ports.ts"
import { freePort, projectRoot } from "../../src/servers/servers.ts"
import { eventually } from "../support/hub.ts"

let home = ""
let port = 0
const children: Array<ChildProcess> = []

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "holdfast-start-"))
  chmodSync(home, 0o755)
  port = await freePort()
})

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill("SIGINT")
    await new Promise((resolve) => child.once("exit", resolve))
  }
  rmSync(home, { recursive: true, force: true })
})

interface Started {
  readonly child: ChildProcess
  readonly output: () => string
  readonly ready: Promise<void>
  readonly ended: Promise<number | NodeJS.Signals | null>
}

const command = (script: string, args: ReadonlyArray<string> = [], atPort = port): Started => {
  const { NATS_URL: _nats, REDIS_URL: _redis, DATABASE_URL: _postgres, ...environment } = process.env
  const child = spawn(process.execPath, [join(projectRoot(), "scripts", script), ...args], {
    env: { ...environment, HOLDFAST_HOME: home, PORT: String(atPort) },
    stdio: ["ignore", "pipe", "pipe"]
  })
  children.push(child)
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once("close", (code, signal) => resolve(code ?? signal))
  )
  const ready = eventually(
    async () => output,
    (text) => text.includes("ready http://"),
    45_000
  ).then(() => undefined)
  // Who does not wait for it does not want to hear of it.
  ready.catch(() => undefined)
  return { child, output: () => output, ready, ended }
}

interface Run {
  readonly hub: string
  readonly nats: string
  readonly redis: string
  readonly postgres: string
  readonly pid: number
}

const readRun = (): Run => JSON.parse(readFileSync(join(home, "run.json"), "utf8")) as Run
const serverPorts = ({ nats, redis, postgres }: Run) => [nats, redis, postgres].map((url) => Number(new URL(url).port))
const answering = (run: Run) => Promise.all(serverPorts(run).map((at) => answers(at)))
const sentences = (text: string) => text.trim().split("\n")

const sell = (url: string, mutationId: string) =>
  fetch(`${url}/v1/stock/mug/facts`, {
    method: "POST",
    body: JSON.stringify({ type: "receipt", mutationId, quantity: 5 })
  })

const physical = async (url: string): Promise<unknown> => {
  const response = await fetch(`${url}/v1/stock/mug`)
  return ((await response.json()) as { readonly physical?: number }).physical
}

describe("npm start", () => {
  it("says what runs where, ends everything on Ctrl-C, and finds its state again", async () => {
    const first = command("start.mjs")
    await first.ready
    const run = readRun()
    assert.equal(run.pid, first.child.pid)
    for (const at of [port, ...serverPorts(run)]) assert.ok(first.output().includes(String(at)), String(at))
    assert.equal((await sell(run.hub, "m1")).status, 202)
    await eventually(
      () => physical(run.hub),
      (units) => units === 5
    )
    first.child.kill("SIGINT")
    assert.equal(await first.ended, 0)
    assert.deepEqual(await answering(run), [false, false, false])
    assert.equal(existsSync(join(home, "run.json")), false)

    const second = command("start.mjs")
    await second.ready
    assert.deepEqual(serverPorts(readRun()), serverPorts(run))
    assert.equal(await physical(run.hub), 5)
  })

  it("adopts the servers of a hub that was killed, and Ctrl-C ends those too", async () => {
    const killed = command("start.mjs")
    await killed.ready
    const run = readRun()
    killed.child.kill("SIGKILL")
    await killed.ended
    assert.deepEqual(await answering(run), [true, true, true])
    const next = command("start.mjs")
    await next.ready
    assert.equal(next.output().match(/was still running on port/g)?.length, 3)
    assert.deepEqual({ ...readRun(), pid: 0 }, { ...run, pid: 0 })
    next.child.kill("SIGINT")
    assert.equal(await next.ended, 0)
    assert.deepEqual(await answering(run), [false, false, false])
  })

  it("goes on when one of its servers is killed", async () => {
    const hub = command("start.mjs")
    await hub.ready
    const run = readRun()
    for (const [index, name] of ["nats", "redis", "postgres"].entries()) {
      const note = join(home, name, "holdfast-process.json")
      process.kill((JSON.parse(readFileSync(note, "utf8")) as { readonly pid: number }).pid, "SIGKILL")
      await eventually(
        async () => hub.output(),
        (text) => text.match(/runs again on port/g)?.length === index + 1,
        45_000
      )
      await eventually(
        async () => (await sell(run.hub, `after-${name}`)).status,
        (status) => status === 202,
        45_000
      )
    }
    await eventually(
      () => physical(run.hub),
      (units) => units === 15
    )
    hub.child.kill("SIGTERM")
    assert.equal(await hub.ended, 0)
  }, 150_000)

  it("refuses a second hub in the same home, in one sentence", async () => {
    const first = command("start.mjs")
    await first.ready
    const second = command("start.mjs", [], await freePort())
    assert.equal(await second.ended, 3)
    assert.equal(sentences(second.output()).length, 1)
    assert.match(second.output(), /already runs in .*; stop it, or set HOLDFAST_HOME/)
    assert.equal((await fetch(`${readRun().hub}/readyz`)).status, 200)
  })

  it("says that its port is taken, and leaves no server running", async () => {
    const taken = createServer().listen(port, "127.0.0.1")
    await new Promise((resolve) => taken.once("listening", resolve))
    const hub = command("start.mjs")
    assert.equal(await hub.ended, 3)
    taken.close()
    assert.match(sentences(hub.output()).at(-1) ?? "", new RegExp(`port ${port}.*(taken|in use)`, "i"))
    // The port is looked at before anything is started.
    assert.equal(existsSync(join(home, "ports.json")), false)
  })
})

describe("holdfast", () => {
  it("has help with examples and exit codes, and refuses what it does not know", async () => {
    const help = command("holdfast.mjs", ["--help"])
    assert.equal(await help.ended, 0)
    for (const word of ["Examples:", "Exit codes:", "start", "status", "replay", "audit", "bench", "load"]) {
      assert.ok(help.output().includes(word), word)
    }
    assert.equal(await command("holdfast.mjs", ["strat"]).ended, 2)
    assert.equal(await command("holdfast.mjs", ["status", "--loud"]).ended, 2)
  })

  it("tells whether the hub is up", async () => {
    const down = command("holdfast.mjs", ["status"])
    assert.equal(await down.ended, 1)
    assert.match(down.output(), /^down: No hub runs here/)
    const hub = command("holdfast.mjs", ["start"])
    await hub.ready
    const up = command("holdfast.mjs", ["status"])
    assert.equal(await up.ended, 0)
    assert.ok(up.output().includes(readRun().hub))
    hub.child.kill("SIGKILL")
    await hub.ended
    const killed = command("holdfast.mjs", ["status"])
    assert.equal(await killed.ended, 1)
    assert.match(killed.output(), /^down: the hub does not answer/)
    // Takes the servers that were left behind, so that they end with the test.
    await command("start.mjs").ready
  })
})
