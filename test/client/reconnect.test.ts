/**
 * Goal: a program that follows changes sees each SKU's newest, however its connection is lost and comes back, and ends
 * when it wants to.
 * Method: the client against a stand-in that cuts, falls silent, or stays away for a while.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { describe, it } from "vitest"
import { HoldfastClient } from "../../src/client/holdfast-client.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { eventually } from "../support/hub.ts"
import { type Heard, muteServer, RudeHub } from "../support/rude-hub.ts"
import { change, fateUnknown, reserve, rudeTalk } from "../support/rude-talk.ts"

const talk = rudeTalk()

describe("a dashboard reconnects", () => {
  it("frames come in another order: a version never goes back, a reset does as it says", async () => {
    const { versions } = await talk.seenBy(["stock.*"])
    talk.hub.say([change("a", 2), change("a", 1), change("b", 5), change("a", 2)])
    talk.hub.say([change("a", 4), change("a", 3), change("b", 6)])
    talk.hub.say([change("a", 1, { reset: true }), change("a", 2)])
    await eventually(
      async () => versions(),
      (seen) => seen.length === 6
    )
    assert.deepEqual(versions(), ["a:2", "b:5", "a:4", "b:6", "a:1", "a:2"])
  })

  it("a gap brings a snapshot: topics are followed again from the versions that were seen", async () => {
    const { client, versions } = await talk.seenBy(["stock.a", "stock.b%2Ec"])
    client.subscribe(["stock.__proto__"])
    talk.hub.say([change("a", 7), change("b.c", 2), change("__proto__", 9)])
    await eventually(
      async () => versions().length,
      (count) => count === 3
    )
    talk.hub.cut()
    const [, , again] = await talk.hub.hears(3, () => talk.hub.subscriptions)
    assert.deepEqual(again?.topics, ["stock.a", "stock.b%2Ec", "stock.__proto__"])
    assert.deepEqual(Object.entries(again?.have ?? {}), [
      ["a", 7],
      ["b.c", 2],
      ["__proto__", 9]
    ])
    talk.hub.say([change("a", 7), change("a", 11)])
    await eventually(
      async () => versions(),
      (seen) => seen.at(-1) === "a:11"
    )
    assert.equal(versions().length, 4, "what was there already is not told again")
  })

  it("an update before the snapshot is not lost, nor undone by it", async () => {
    const { versions } = await talk.seenBy(["stock.a", "stock.b"])
    talk.hub.say(change("a", 6))
    talk.hub.say([change("a", 5), change("b", 1)])
    await eventually(
      async () => versions(),
      (seen) => seen.includes("b:1")
    )
    assert.deepEqual(versions(), ["a:6", "b:1"])
  })

  it("with more SKUs than a message holds it asks in messages that the hub takes", async () => {
    const { client, versions } = await talk.seenBy(["stock.*"])
    const skus = Array.from({ length: 8_000 }, (_, n) => `sku-${n}-日本`)
    client.subscribe(skus.slice(0, 3_000).map((sku) => `stock.${encodeURIComponent(sku)}`))
    talk.hub.say(skus.map((sku) => change(sku, 5)))
    await eventually(
      async () => versions().length,
      (count) => count === 8_000
    )
    const before = talk.hub.subscriptions.length
    talk.hub.cut()
    const isAll = ({ topics }: Heard): boolean => topics?.includes("stock.*") === true
    await talk.hub.hears(2, () => talk.hub.subscriptions.filter(isAll))
    const again = talk.hub.subscriptions.slice(before)
    for (const message of again) assert.ok(Buffer.byteLength(JSON.stringify(message)) <= 64 * 1024)
    assert.equal(again.flatMap(({ topics }) => topics).length, 3_001)
    const named = again.flatMap(({ have }) => Object.keys(have ?? {}))
    assert.deepEqual(named.toSorted(), skus.slice(0, named.length).toSorted(), "each SKU is named once")
    assert.ok(named.length > 4_000 && named.length < 8_000, `${named.length} fit`)
    // A restored hub marks a lower version only where one was named: elsewhere it must be taken as it is.
    talk.hub.say([change(skus[0] as string, 2), change(skus[7_999] as string, 2)])
    await eventually(
      async () => versions().at(-1),
      (last) => last === `${skus[7_999]}:2`
    )
    assert.equal(versions().length, 8_001)
  })

  it("also when the hub comes back only after a while, on its old port", async () => {
    const { seen } = await talk.seenBy(["stock.*"])
    const { port } = talk.hub
    talk.hub.say(change("a", 1))
    await eventually(
      async () => seen.length,
      (count) => count === 1
    )
    await talk.hub.stop()
    await new Promise((resolve) => setTimeout(resolve, 400))
    talk.hub = await RudeHub.start(port)
    const [again] = await talk.hub.hears(1, () => talk.hub.subscriptions)
    assert.deepEqual(again?.have, { a: 1 })
  })

  it("also when the line is dead and nobody says so", async () => {
    await talk.seenBy(["stock.*"], { silenceMs: 600 })
    await talk.hub.hears(1, () => talk.hub.heard.filter(({ op }) => op === "ping"))
    talk.hub.say({ op: "pong" })
    talk.hub.freeze()
    await talk.hub.hears(2, () => talk.hub.subscriptions)
    assert.equal(talk.hub.connections, 2)
  })

  it("a program that only follows changes waits for the hub to come back", async () => {
    const client = join(projectRoot(), "dist", "src", "client", "holdfast-client.js")
    const program = `
      const { HoldfastClient } = await import(${JSON.stringify(client)})
      const onStock = ({ version }) => { console.log(version); client.close() }
      const client = await HoldfastClient.connect(${JSON.stringify(talk.hub.url)}, { onStock })
      client.subscribe(["stock.a"])`
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    const ended = new Promise((resolve) => child.once("exit", resolve))
    let output = ""
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
    await talk.hub.hears(1, () => talk.hub.subscriptions)
    talk.hub.cut()
    await talk.hub.hears(2, () => talk.hub.subscriptions)
    talk.hub.say(change("a", 3))
    assert.equal(await ended, 0)
    assert.equal(output, "3\n")
  })

  it("and stays as long as the hub gives a sign of life", async () => {
    await talk.connect({ silenceMs: 600 })
    talk.hub.onMessage = ({ op }) => op === "ping" && talk.hub.say({ op: "pong" })
    await talk.hub.hears(4, () => talk.hub.heard.filter(({ op }) => op === "ping"))
    assert.equal(talk.hub.connections, 1)
  })
})

describe("an end", () => {
  it("that the program wants leaves nothing open and nobody waiting", async () => {
    const { client, seen } = await talk.seenBy(["stock.*"])
    const asked = fateUnknown(client.ask("a", reserve("m")))
    await talk.hub.hears(1, () => talk.hub.requests)
    client.close()
    await asked
    talk.hub.say(change("a", 1))
    await fateUnknown(client.ask("a", reserve("m")))
    client.close()
    await eventually(
      async () => talk.hub.open,
      (open) => open === 0
    )
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.equal(talk.hub.connections, 1, "it does not come back")
    assert.equal(seen.length, 0)
  })

  it("while it was coming back is an end too", async () => {
    const client = await talk.connect()
    talk.hub.cut()
    await fateUnknown(client.ask("a", reserve("m"))).catch(() => undefined)
    client.close()
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal(talk.hub.open, 0)
  })

  it("comes soon to whoever asks a port where nobody, or no talk.hub, answers", async () => {
    const { port } = talk.hub
    await talk.hub.stop()
    await assert.rejects(HoldfastClient.connect(`http://127.0.0.1:${port}`))
    talk.hub = await RudeHub.start()
    await assert.rejects(HoldfastClient.connect(`${talk.hub.url}/elsewhere`))
    const mute = await muteServer()
    const startedMs = performance.now()
    await assert.rejects(HoldfastClient.connect(mute.url))
    assert.ok(performance.now() - startedMs < 10_000)
    await mute.stop()
  })
})
