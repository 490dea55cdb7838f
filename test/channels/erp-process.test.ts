/**
 * Goal: a bridge in a process of its own survives kill -9 at any row, keeps to its memory, and says with its exit code
 * how it went.
 * Method: the compiled command against a small hub that stores facts as the contract says; kills at times by chance.
 */
import assert from "node:assert/strict"
import { spawn, type ChildProcess } from "node:child_process"
import { appendFileSync, existsSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterEach, beforeEach, describe, it } from "vitest"
import { Random } from "../../scripts/simulate/random.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { eventually } from "../support/hub.ts"
import { Desk, PLAIN, plainFile } from "../support/erp.ts"

/** Stores facts by SKU and id, and answers a little later, as a hub that fsyncs. */
class SmallHub {
  readonly stored = new Map<string, number>()
  received = 0
  private readonly server: Server

  private constructor(answerMs: number) {
    this.server = createServer((request, response) => {
      let text = ""
      request.on("data", (chunk: Buffer) => (text += chunk.toString()))
      request.on("end", () => {
        const sku = decodeURIComponent((request.url ?? "").split("/")[3] ?? "")
        for (const { mutationId, quantity } of JSON.parse(text) as Array<{ mutationId: string; quantity: number }>) {
          this.received++
          this.stored.set(`${sku} ${mutationId}`, quantity)
        }
        setTimeout(() => response.writeHead(202).end(`{"accepted":1,"rejected":[]}`), answerMs)
      })
    })
  }

  static async open(answerMs: number): Promise<SmallHub> {
    const hub = new SmallHub(answerMs)
    await new Promise<void>((resolve) => hub.server.listen(0, "127.0.0.1", resolve))
    return hub
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

let desk: Desk
let hub: SmallHub
beforeEach(async () => {
  desk = new Desk()
  hub = await SmallHub.open(3)
})
afterEach(async () => {
  await hub.close()
  desk.remove()
})

const command = (...more: ReadonlyArray<string>): ChildProcess => {
  const cli = join(projectRoot(), "dist", "scripts", "cli.js")
  const format = join(desk.folder, "processed.format")
  if (!existsSync(format)) appendFileSync(format, JSON.stringify(PLAIN))
  const given = ["erp", desk.folder, "--format", format, "--files", "*.csv", "--stable", "0", "--hub", hub.url, ...more]
  return spawn(process.execPath, [cli, ...given], { stdio: ["ignore", "pipe", "pipe"] })
}

const ended = (child: ChildProcess): Promise<{ readonly code: number | null; readonly output: string }> =>
  new Promise((resolve) => {
    let output = ""
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => (output += chunk.toString()))
    child.once("close", (code) => resolve({ code, output }))
  })

describe("the command for an ERP's folder", () => {
  it("is killed with -9 at any moment and started again: every row once, one block repeated at most", async () => {
    const rows = 20_000
    desk.drop("a.csv", plainFile(rows))
    const random = new Random(11)
    let kills = 0
    for (;;) {
      const child = command()
      const end = ended(child)
      // Killed when so many more facts came in, at whatever the bridge does then.
      const target = hub.received + random.integer(1, 6_000)
      const watch = setInterval(() => hub.received >= target && child.kill("SIGKILL"), 1)
      const { code, output } = await end
      clearInterval(watch)
      if (code === null) kills++
      else {
        assert.equal(code, 0, output)
        break
      }
    }
    assert.ok(kills >= 4, `${kills} kills`)
    assert.equal(hub.stored.size, rows)
    assert.ok(hub.received <= rows + kills * 1_000, `${hub.received} received, ${kills} kills`)
    assert.equal(desk.read("processed/a.csv"), plainFile(rows))
  }, 120_000)

  it("ends with 0 when all is well, 1 when a file is not whole, 2 when rows were rejected", async () => {
    desk.drop("a.csv", plainFile(3))
    assert.equal((await ended(command())).code, 0)
    desk.drop("empty.csv", "")
    assert.equal((await ended(command())).code, 1)
    desk.drop("b.csv", "sku,quantity\nA,1\nA,x\n")
    const { code, output } = await ended(command())
    assert.equal(code, 2)
    assert.match(output, /b\.csv: processed: 2 rows, 1 facts, 0 ignored, 1 rejected; see .*b\.csv\.csv/)
    desk.drop("b.csv", "sku,quantity\nA,1\nA,x\n")
    assert.match((await ended(command())).output, /b\.csv: already processed: its content was done before/)
  })

  it("says in one sentence what is wrong with its format, or its way", async () => {
    const wrong = await ended(command("--via", "pigeon"))
    assert.deepEqual([wrong.code, wrong.output], [2, "holdfast erp: --via takes http or nats.\n"])
    desk.drop("wrong.json", "{}")
    const other = await ended(command("--format", join(desk.folder, "wrong.json")))
    assert.equal(other.code, 2)
    assert.match(other.output, /^holdfast erp: The setting type must be one of "csv", "fixed"\.\n$/)
  })

  it("watches until it is interrupted", async () => {
    const child = command("--watch", "--rescan", "0.2")
    const end = ended(child)
    setTimeout(() => desk.drop("a.csv", plainFile(5)), 500)
    await eventually(async () => existsSync(join(desk.folder, "processed", "a.csv")), Boolean)
    // Once: a second one ends the program as it is.
    child.kill("SIGINT")
    const { code, output } = await end
    assert.equal(code, 0, output)
    assert.equal(hub.stored.size, 5)
  })
})

describe("a file of 300,000 rows", () => {
  /** The file has 31 MiB, its rows as objects several times that. Measured: 90 MiB resident, of which Node alone 39. */
  const HEAP_MB = 24
  const RESIDENT_MB_MAX = 128

  it("is read in a heap smaller than the file", async () => {
    const text = "an article with a long name, as an ERP has them, of which the hub wants to know nothing at all"
    for (let part = 0; part < 30; part++) {
      const rows = Array.from({ length: 10_000 }, (_, row) => `SKU-${(part * 10_000 + row) % 5_000},3,"${text}"`)
      appendFileSync(join(desk.folder, "big.csv"), `${part === 0 ? "sku,quantity,text\n" : ""}${rows.join("\n")}\n`)
    }
    const script = `
      const { ErpBridge, erpSettings } = await import("./dist/src/channels/erp/bridge.js")
      const settings = { folder: process.argv[1], format: ${JSON.stringify(PLAIN)}, stableMs: 0 }
      let facts = 0
      const bridge = new ErpBridge(erpSettings(settings), {
        publish: async (some) => {
          facts += some.length
          return some.map(() => ({ ok: true }))
        }
      })
      const [{ outcome }] = await bridge.run(new AbortController().signal)
      const { maxRSS } = process.resourceUsage()
      console.log(JSON.stringify({ outcome, facts, residentMb: maxRSS / 1024 }))`
    const child = spawn(
      process.execPath,
      [`--max-old-space-size=${HEAP_MB}`, "--input-type=module", "-e", script, desk.folder],
      { cwd: projectRoot(), stdio: ["ignore", "pipe", "pipe"] }
    )
    const { code, output } = await ended(child)
    assert.equal(code, 0, output)
    const { outcome, facts, residentMb } = JSON.parse(output) as {
      readonly outcome: string
      readonly facts: number
      readonly residentMb: number
    }
    assert.deepEqual([outcome, facts], ["processed", 300_000])
    assert.ok(residentMb < RESIDENT_MB_MAX, `${residentMb} MiB resident`)
  })
})
