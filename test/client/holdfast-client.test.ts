/**
 * Goal: a program that uses the client gets its answers, or is told that it does not know; whatever the hub does.
 * Method: the client against a stand-in that answers as each test says: late, in another order, nonsense, or not at all.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { afterEach, beforeEach, describe, it } from "vitest"
import { type ClientOptions, FateUnknown, HoldfastClient } from "../../src/client/holdfast-client.ts"
import type { Answer, StockMessage } from "../../src/gateway/protocol.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { eventually } from "../support/hub.ts"
import { type Heard, muteServer, RudeHub } from "../support/rude-hub.ts"

let hub: RudeHub
let clients: Array<HoldfastClient> = []
const uncaught: Array<unknown> = []
const onUncaught = (error: unknown): void => void uncaught.push(error)

beforeEach(async () => {
  uncaught.length = 0
  process.on("uncaughtException", onUncaught)
  hub = await RudeHub.start()
})

afterEach(async () => {
  for (const client of clients) client.close()
  clients = []
  await hub.stop()
  process.off("uncaughtException", onUncaught)
  assert.deepEqual(uncaught, [], "nothing the hub sends is thrown at the program")
})

const connect = async (options: ClientOptions = {}): Promise<HoldfastClient> => {
  const client = await HoldfastClient.connect(hub.url, options)
  clients.push(client)
  return client
}

const reserve = (mutationId: string) => ({ type: "reserve", mutationId, holdId: mutationId, quantity: 1 }) as const

const held = (version: number): Answer => ({
  ok: true,
  sku: "a",
  version,
  available: 1,
  physical: 2,
  allocated: 1,
  safetyThreshold: 0
})

const answer = (id: string | undefined, body: unknown) => ({ op: "answer", id, body })

const change = (sku: string, version: number, more: object = {}) => ({
  op: "stock",
  sku,
  version,
  available: version,
  physical: version,
  allocated: 0,
  at: "2026-01-01T00:00:00.000Z",
  t: 1,
  ...more
})

const fateUnknown = (promise: Promise<unknown>): Promise<void> =>
  assert.rejects(promise, (error) => error instanceof FateUnknown)

const seenBy = async (topics: ReadonlyArray<string>, options: ClientOptions = {}) => {
  const seen: Array<StockMessage> = []
  const client = await connect({ onStock: (message) => void seen.push(message), ...options })
  client.subscribe(topics)
  await hub.hears(1, () => hub.subscriptions)
  return { client, seen, versions: () => seen.map(({ sku, version }) => `${sku}:${version}`) }
}

describe("requests", () => {
  it("of the same tick go out as one frame, and each gets its own answer in whatever order they come", async () => {
    const client = await connect()
    const answers = Promise.all(["x", "y", "z"].map((id) => client.ask("a", reserve(id))))
    const asked = await hub.hears(3)
    assert.equal(hub.frames.length, 1)
    const [x, y, z] = asked.map(({ id }) => id)
    hub.say(answer(z, held(3)))
    hub.say([answer(y, held(2)), answer(x, held(1))])
    assert.deepEqual(await answers, [held(1), held(2), held(3)])
  })

  it("of more than a frame holds are spread over frames that the hub takes", async () => {
    const client = await connect()
    const asked = Array.from({ length: 500 }, (_, n) =>
      client.ask("a", { ...reserve(`m${n}`), channel: "é".repeat(999) })
    )
    await hub.hears(500)
    assert.ok(hub.frames.length > 1)
    for (const frame of hub.frames) assert.ok(Buffer.byteLength(frame) <= 1024 * 1024)
    for (const { id } of hub.requests) hub.say(answer(id, held(1)))
    assert.equal((await Promise.all(asked)).length, 500)
  })

  it("without an answer fail when their time is up, and a late answer harms nobody", async () => {
    const client = await connect({ timeoutMs: 300 })
    const startedMs = performance.now()
    await fateUnknown(client.ask("a", reserve("m")))
    const passedMs = performance.now() - startedMs
    assert.ok(passedMs >= 300 && passedMs < 1_500, `after ${passedMs} ms`)
    const again = client.ask("a", reserve("m"))
    const [late, second] = await hub.hears(2)
    hub.say([answer(late?.id, held(7)), answer(second?.id, held(8)), answer(second?.id, held(9))])
    assert.deepEqual(await again, held(8))
  })

  it("that were under way when the connection was lost fail at once, and later ones are asked anew", async () => {
    const client = await connect()
    const open = [client.ask("a", reserve("m1")), client.askLines({ type: "commit", mutationId: "m2", holdId: "h" })]
    const failures = Promise.all(open.map(fateUnknown))
    await hub.hears(2)
    hub.cut()
    await failures
    await fateUnknown(client.ask("a", reserve("m1")))
    hub.onMessage = ({ id }) => hub.say(answer(id, held(1)))
    const again = await eventually(
      () => client.ask("a", reserve("m1")).catch(() => undefined),
      (given) => given !== undefined
    )
    assert.deepEqual(again, held(1))
    assert.equal(hub.connections, 2)
  })

  it("that are refused as unreadable fail with the hub's words, and no other fails with them", async () => {
    const client = await connect()
    const wrong = client.ask("a", reserve("m1"))
    const right = client.ask("a", reserve("m2"))
    const [first, second] = await hub.hears(2)
    hub.say({ op: "error", code: "invalid_request", message: "Send less." })
    hub.say([
      { op: "error", code: "invalid_request", message: "Send more.", id: first?.id },
      answer(second?.id, held(1))
    ])
    await assert.rejects(wrong, (error: Error) => error.message === "Send more." && !(error instanceof FateUnknown))
    assert.deepEqual(await right, held(1))
  })

  it("beyond the bound, or larger than the hub takes, fail without being sent", async () => {
    const client = await connect()
    const asked = Array.from({ length: 8_192 }, (_, n) => client.ask("a", reserve(`m${n}`)))
    const isPlain = (error: unknown) => error instanceof Error && !(error instanceof FateUnknown)
    await assert.rejects(client.ask("a", reserve("one-more")), isPlain)
    await hub.hears(8_192)
    for (const { id } of hub.requests) hub.say(answer(id, held(1)))
    await Promise.all(asked)
    await assert.rejects(client.ask("a", { ...reserve("large"), channel: "é".repeat(33_000) }), isPlain)
    const [next] = [client.ask("a", reserve("next"))]
    const isNext = ({ body }: Heard): boolean => body?.["mutationId"] === "next"
    const [heard] = await hub.hears(1, () => hub.requests.filter(isNext))
    hub.say(answer(heard?.id, held(2)))
    assert.deepEqual(await next, held(2))
    assert.equal(hub.requests.length, 8_193)
  })
})

describe("what the hub should not send", () => {
  it.each([
    ["a message of another time", { op: "news", text: "hello" }],
    ["numbers and nothing", [null, 7, "text", [], {}]],
    ["an answer to nobody", { op: "answer", id: "nobody", body: held(1) }],
    ["an answer without an id", { op: "answer", body: held(1) }],
    ["an error without words", { op: "error" }],
    ["a change of no SKU", { op: "stock", version: 4 }],
    ["a change without a version", { op: "stock", sku: "a", version: "4" }]
  ])("%s is passed over", async (_name, frame) => {
    const { client, seen } = await seenBy(["stock.*"])
    const asked = client.ask("a", reserve("m"))
    const [request] = await hub.hears(1, () => hub.requests)
    hub.say(frame)
    hub.say([...(Array.isArray(frame) ? frame : [frame]), answer(request?.id, held(1))])
    assert.deepEqual(await asked, held(1))
    assert.equal(seen.length, 0)
    assert.equal(hub.connections, 1)
  })

  it("an answer that is none leaves the fate unknown", async () => {
    const client = await connect()
    for (const body of [undefined, null, "ok", { version: 3 }]) {
      const asked = fateUnknown(client.ask("a", reserve("m")))
      const count = hub.requests.length + 1
      const requests = await hub.hears(count, () => hub.requests)
      hub.say(answer(requests[count - 1]?.id, body))
      await asked
    }
  })

  it("a frame that is no JSON ends the connection: what it held is asked for again", async () => {
    const { client, versions } = await seenBy(["stock.a"])
    hub.say(change("a", 3))
    const asked = fateUnknown(client.ask("a", reserve("m")))
    await hub.hears(1, () => hub.requests)
    hub.say(`[{"op":"stock","sku":"a","version":4},`)
    await asked
    const [, again] = await hub.hears(2, () => hub.subscriptions)
    assert.deepEqual(again?.have, { a: 3 })
    hub.say(change("a", 4))
    await eventually(
      async () => versions(),
      (seen) => seen.length === 2
    )
    assert.deepEqual(versions(), ["a:3", "a:4"])
  })

  it("a callback that throws takes nothing with it but itself", async () => {
    const thrown = new Error("the program's own")
    const client = await connect({
      onStock: () => {
        throw thrown
      }
    })
    const asked = client.ask("a", reserve("m"))
    const [request] = await hub.hears(1)
    hub.say([change("a", 1), change("a", 2), answer(request?.id, held(2))])
    assert.deepEqual(await asked, held(2))
    await eventually(
      async () => uncaught.length,
      (count) => count === 2
    )
    assert.deepEqual(uncaught.splice(0), [thrown, thrown])
  })
})

describe("a dashboard reconnects", () => {
  it("frames come in another order: a version never goes back, a reset does as it says", async () => {
    const { versions } = await seenBy(["stock.*"])
    hub.say([change("a", 2), change("a", 1), change("b", 5), change("a", 2)])
    hub.say([change("a", 4), change("a", 3), change("b", 6)])
    hub.say([change("a", 1, { reset: true }), change("a", 2)])
    await eventually(
      async () => versions(),
      (seen) => seen.length === 6
    )
    assert.deepEqual(versions(), ["a:2", "b:5", "a:4", "b:6", "a:1", "a:2"])
  })

  it("a gap brings a snapshot: topics are followed again from the versions that were seen", async () => {
    const { client, versions } = await seenBy(["stock.a", "stock.b%2Ec"])
    client.subscribe(["stock.__proto__"])
    hub.say([change("a", 7), change("b.c", 2), change("__proto__", 9)])
    await eventually(
      async () => versions().length,
      (count) => count === 3
    )
    hub.cut()
    const [, , again] = await hub.hears(3, () => hub.subscriptions)
    assert.deepEqual(again?.topics, ["stock.a", "stock.b%2Ec", "stock.__proto__"])
    assert.deepEqual(Object.entries(again?.have ?? {}), [
      ["a", 7],
      ["b.c", 2],
      ["__proto__", 9]
    ])
    hub.say([change("a", 7), change("a", 11)])
    await eventually(
      async () => versions(),
      (seen) => seen.at(-1) === "a:11"
    )
    assert.equal(versions().length, 4, "what was there already is not told again")
  })

  it("an update before the snapshot is not lost, nor undone by it", async () => {
    const { versions } = await seenBy(["stock.a", "stock.b"])
    hub.say(change("a", 6))
    hub.say([change("a", 5), change("b", 1)])
    await eventually(
      async () => versions(),
      (seen) => seen.includes("b:1")
    )
    assert.deepEqual(versions(), ["a:6", "b:1"])
  })

  it("with more SKUs than a message holds it asks in messages that the hub takes", async () => {
    const { client, versions } = await seenBy(["stock.*"])
    const skus = Array.from({ length: 8_000 }, (_, n) => `sku-${n}-日本`)
    client.subscribe(skus.slice(0, 3_000).map((sku) => `stock.${encodeURIComponent(sku)}`))
    hub.say(skus.map((sku) => change(sku, 5)))
    await eventually(
      async () => versions().length,
      (count) => count === 8_000
    )
    const before = hub.subscriptions.length
    hub.cut()
    const isAll = ({ topics }: Heard): boolean => topics?.includes("stock.*") === true
    await hub.hears(2, () => hub.subscriptions.filter(isAll))
    const again = hub.subscriptions.slice(before)
    for (const message of again) assert.ok(Buffer.byteLength(JSON.stringify(message)) <= 64 * 1024)
    assert.equal(again.flatMap(({ topics }) => topics).length, 3_001)
    const named = again.flatMap(({ have }) => Object.keys(have ?? {}))
    assert.deepEqual(named.toSorted(), skus.slice(0, named.length).toSorted(), "each SKU is named once")
    assert.ok(named.length > 4_000 && named.length < 8_000, `${named.length} fit`)
    // A restored hub marks a lower version only where one was named: elsewhere it must be taken as it is.
    hub.say([change(skus[0] as string, 2), change(skus[7_999] as string, 2)])
    await eventually(
      async () => versions().at(-1),
      (last) => last === `${skus[7_999]}:2`
    )
    assert.equal(versions().length, 8_001)
  })

  it("also when the hub comes back only after a while, on its old port", async () => {
    const { seen } = await seenBy(["stock.*"])
    const { port } = hub
    hub.say(change("a", 1))
    await eventually(
      async () => seen.length,
      (count) => count === 1
    )
    await hub.stop()
    await new Promise((resolve) => setTimeout(resolve, 400))
    hub = await RudeHub.start(port)
    const [again] = await hub.hears(1, () => hub.subscriptions)
    assert.deepEqual(again?.have, { a: 1 })
  })

  it("also when the line is dead and nobody says so", async () => {
    await seenBy(["stock.*"], { silenceMs: 600 })
    await hub.hears(1, () => hub.heard.filter(({ op }) => op === "ping"))
    hub.say({ op: "pong" })
    hub.freeze()
    await hub.hears(2, () => hub.subscriptions)
    assert.equal(hub.connections, 2)
  })

  it("a program that only follows changes waits for the hub to come back", async () => {
    const client = join(projectRoot(), "dist", "src", "client", "holdfast-client.js")
    const program = `
      const { HoldfastClient } = await import(${JSON.stringify(client)})
      const onStock = ({ version }) => { console.log(version); client.close() }
      const client = await HoldfastClient.connect(${JSON.stringify(hub.url)}, { onStock })
      client.subscribe(["stock.a"])`
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    const ended = new Promise((resolve) => child.once("exit", resolve))
    let output = ""
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
    await hub.hears(1, () => hub.subscriptions)
    hub.cut()
    await hub.hears(2, () => hub.subscriptions)
    hub.say(change("a", 3))
    assert.equal(await ended, 0)
    assert.equal(output, "3\n")
  })

  it("and stays as long as the hub gives a sign of life", async () => {
    await connect({ silenceMs: 600 })
    hub.onMessage = ({ op }) => op === "ping" && hub.say({ op: "pong" })
    await hub.hears(4, () => hub.heard.filter(({ op }) => op === "ping"))
    assert.equal(hub.connections, 1)
  })
})

describe("an end", () => {
  it("that the program wants leaves nothing open and nobody waiting", async () => {
    const { client, seen } = await seenBy(["stock.*"])
    const asked = fateUnknown(client.ask("a", reserve("m")))
    await hub.hears(1, () => hub.requests)
    client.close()
    await asked
    hub.say(change("a", 1))
    await fateUnknown(client.ask("a", reserve("m")))
    client.close()
    await eventually(
      async () => hub.open,
      (open) => open === 0
    )
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.equal(hub.connections, 1, "it does not come back")
    assert.equal(seen.length, 0)
  })

  it("while it was coming back is an end too", async () => {
    const client = await connect()
    hub.cut()
    await fateUnknown(client.ask("a", reserve("m"))).catch(() => undefined)
    client.close()
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal(hub.open, 0)
  })

  it("comes soon to whoever asks a port where nobody, or no hub, answers", async () => {
    const { port } = hub
    await hub.stop()
    await assert.rejects(HoldfastClient.connect(`http://127.0.0.1:${port}`))
    hub = await RudeHub.start()
    await assert.rejects(HoldfastClient.connect(`${hub.url}/elsewhere`))
    const mute = await muteServer()
    const startedMs = performance.now()
    await assert.rejects(HoldfastClient.connect(mute.url))
    assert.ok(performance.now() - startedMs < 10_000)
    await mute.stop()
  })
})
