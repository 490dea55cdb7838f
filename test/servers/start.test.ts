/**
 * Goal: `npm start` as the person at the terminal meets it: what it says, what it leaves, and its exit code.
 * Method: the real commands one after the other in one home, with its own three servers, ended by signals.
 */
import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, it } from "vitest"
import { answers } from "../../src/servers/ports.ts"
import { freePort, projectRoot } from "../../src/servers/servers.ts"
import { eventually } from "../support/hub.ts"

const home = mkdtempSync(join(tmpdir(), "holdfast-start-"))
let port = 0
const children: Array<ChildProcess> = []

beforeAll(async () => {
  chmodSync(home, 0o755)
  port = await freePort()
})

afterAll(async () => {
  for (const child of children) {
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

const command = (script: string, args: ReadonlyArray<string> = [], atPort = port): Started =>
  started(process.execPath, [join(projectRoot(), "scripts", script), ...args], atPort)

const started = (program: string, args: ReadonlyArray<string>, atPort = port): Started => {
  const { NATS_URL: _nats, REDIS_URL: _redis, DATABASE_URL: _postgres, ...environment } = process.env
  const child = spawn(program, args, {
    cwd: projectRoot(),
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
  let hub: Started
  let run: Run

  it("says that its port is taken, and starts no server", async () => {
    const taken = createServer().listen(port, "127.0.0.1")
    await new Promise((resolve) => taken.once("listening", resolve))
    const refused = command("start.mjs")
    assert.equal(await refused.ended, 3)
    await new Promise((resolve) => taken.close(resolve))
    assert.match(sentences(refused.output()).at(-1) ?? "", new RegExp(`port ${port}.*(taken|in use)`, "i"))
    // The port is looked at before anything is started.
    assert.equal(existsSync(join(home, "ports.json")), false)
  })

  it("says what runs where, and ends everything on Ctrl-C", async () => {
    hub = command("start.mjs")
    await hub.ready
    run = readRun()
    assert.equal(run.pid, hub.child.pid)
    for (const at of [port, ...serverPorts(run)]) assert.ok(hub.output().includes(String(at)), String(at))
    assert.equal((await sell(run.hub, "m1")).status, 202)
    await eventually(
      () => physical(run.hub),
      (units) => units === 5
    )
    hub.child.kill("SIGINT")
    assert.equal(await hub.ended, 0)
    assert.deepEqual(await answering(run), [false, false, false])
    assert.equal(existsSync(join(home, "run.json")), false)
    const down = command("holdfast.mjs", ["status"])
    assert.equal(await down.ended, 1)
    assert.match(down.output(), /^down: No hub runs here/)
  })

  it("finds its state again, also when it is called holdfast start, and tells that it is up", async () => {
    hub = command("holdfast.mjs", ["start"])
    await hub.ready
    assert.deepEqual(serverPorts(readRun()), serverPorts(run))
    run = readRun()
    assert.equal(await physical(run.hub), 5)
    const up = command("holdfast.mjs", ["status"])
    assert.equal(await up.ended, 0)
    assert.ok(up.output().includes(run.hub))
  })

  it("refuses a second hub in the same home, in one sentence", async () => {
    const second = command("start.mjs", [], await freePort())
    assert.equal(await second.ended, 3)
    assert.equal(sentences(second.output()).length, 1)
    assert.match(second.output(), /already runs in .*; stop it, or set HOLDFAST_HOME/)
    assert.equal((await fetch(`${readRun().hub}/readyz`)).status, 200)
  })

  it("goes on when one of its servers is killed", async () => {
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
      (units) => units === 20
    )
  }, 150_000)

  it("adopts the servers of a hub that was killed, and ends those too when npm is told to end", async () => {
    hub.child.kill("SIGKILL")
    await hub.ended
    const killed = command("holdfast.mjs", ["status"])
    assert.equal(await killed.ended, 1)
    assert.match(killed.output(), /^down: the hub does not answer/)
    assert.deepEqual(await answering(run), [true, true, true])
    const next = started("npm", ["start"])
    await next.ready
    assert.equal(next.output().match(/was still running on port/g)?.length, 3)
    assert.deepEqual({ ...readRun(), pid: 0 }, { ...run, pid: 0 })
    next.child.kill("SIGTERM")
    await next.ended
    assert.match(next.output(), /holdfast: stopped\n$/)
    assert.deepEqual(await answering(run), [false, false, false])
  })
})

describe("holdfast", () => {
  it("has help with examples and exit codes, and refuses what it does not know", async () => {
    const help = command("holdfast.mjs", ["--help"])
    const unknown = [command("holdfast.mjs", ["strat"]), command("holdfast.mjs", ["status", "--loud"])]
    assert.equal(await help.ended, 0)
    for (const word of ["Examples:", "Exit codes:", "start", "status", "replay", "audit", "bench", "load"]) {
      assert.ok(help.output().includes(word), word)
    }
    assert.deepEqual(await Promise.all(unknown.map(({ ended }) => ended)), [2, 2])
  })
})
