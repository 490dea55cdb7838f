/**
 * Goal: a program that uses the client gets its answers, or is told that it does not know; whatever the hub does.
 * Method: the client against a stand-in that answers as each test says: late, in another order, nonsense, or not at all.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { FateUnknown } from "../../src/client/holdfast-client.ts"
import { eventually } from "../support/hub.ts"
import type { Heard } from "../support/rude-hub.ts"
import { answer, change, fateUnknown, held, reserve, rudeTalk } from "../support/rude-talk.ts"

const talk = rudeTalk()

describe("requests", () => {
  it("of the same tick go out as one frame, and each gets its own answer in whatever order they come", async () => {
    const client = await talk.connect()
    const answers = Promise.all(["x", "y", "z"].map((id) => client.ask("a", reserve(id))))
    const asked = await talk.hub.hears(3)
    assert.equal(talk.hub.frames.length, 1)
    const [x, y, z] = asked.map(({ id }) => id)
    talk.hub.say(answer(z, held(3)))
    talk.hub.say([answer(y, held(2)), answer(x, held(1))])
    assert.deepEqual(await answers, [held(1), held(2), held(3)])
  })

  it("of more than a frame holds are spread over frames that the hub takes", async () => {
    const client = await talk.connect()
    const asked = Array.from({ length: 500 }, (_, n) =>
      client.ask("a", { ...reserve(`m${n}`), channel: "é".repeat(999) })
    )
    await talk.hub.hears(500)
    assert.ok(talk.hub.frames.length > 1)
    for (const frame of talk.hub.frames) assert.ok(Buffer.byteLength(frame) <= 1024 * 1024)
    for (const { id } of talk.hub.requests) talk.hub.say(answer(id, held(1)))
    assert.equal((await Promise.all(asked)).length, 500)
  })

  it("without an answer fail when their time is up, and a late answer harms nobody", async () => {
    const client = await talk.connect({ timeoutMs: 300 })
    const startedMs = performance.now()
    await fateUnknown(client.ask("a", reserve("m")))
    const passedMs = performance.now() - startedMs
    assert.ok(passedMs >= 300 && passedMs < 1_500, `after ${passedMs} ms`)
    const again = client.ask("a", reserve("m"))
    const [late, second] = await talk.hub.hears(2)
    talk.hub.say([answer(late?.id, held(7)), answer(second?.id, held(8)), answer(second?.id, held(9))])
    assert.deepEqual(await again, held(8))
  })

  it("that were under way when the connection was lost fail at once, and later ones are asked anew", async () => {
    const client = await talk.connect()
    const open = [client.ask("a", reserve("m1")), client.askLines({ type: "commit", mutationId: "m2", holdId: "h" })]
    const failures = Promise.all(open.map(fateUnknown))
    await talk.hub.hears(2)
    talk.hub.cut()
    await failures
    await fateUnknown(client.ask("a", reserve("m1")))
    talk.hub.onMessage = ({ id }) => talk.hub.say(answer(id, held(1)))
    const again = await eventually(
      () => client.ask("a", reserve("m1")).catch(() => undefined),
      (given) => given !== undefined
    )
    assert.deepEqual(again, held(1))
    assert.equal(talk.hub.connections, 2)
  })

  it("that are refused as unreadable fail with the hub's words, and no other fails with them", async () => {
    const client = await talk.connect()
    const wrong = client.ask("a", reserve("m1"))
    const right = client.ask("a", reserve("m2"))
    const [first, second] = await talk.hub.hears(2)
    talk.hub.say({ op: "error", code: "invalid_request", message: "Send less." })
    talk.hub.say([
      { op: "error", code: "invalid_request", message: "Send more.", id: first?.id },
      answer(second?.id, held(1))
    ])
    await assert.rejects(wrong, (error: Error) => error.message === "Send more." && !(error instanceof FateUnknown))
    assert.deepEqual(await right, held(1))
  })

  it("beyond the bound, or larger than the hub takes, fail without being sent", async () => {
    const client = await talk.connect()
    const asked = Array.from({ length: 8_192 }, (_, n) => client.ask("a", reserve(`m${n}`)))
    const isPlain = (error: unknown) => error instanceof Error && !(error instanceof FateUnknown)
    await assert.rejects(client.ask("a", reserve("one-more")), isPlain)
    await talk.hub.hears(8_192)
    for (const { id } of talk.hub.requests) talk.hub.say(answer(id, held(1)))
    await Promise.all(asked)
    await assert.rejects(client.ask("a", { ...reserve("large"), channel: "é".repeat(33_000) }), isPlain)
    const [next] = [client.ask("a", reserve("next"))]
    const isNext = ({ body }: Heard): boolean => body?.["mutationId"] === "next"
    const [heard] = await talk.hub.hears(1, () => talk.hub.requests.filter(isNext))
    talk.hub.say(answer(heard?.id, held(2)))
    assert.deepEqual(await next, held(2))
    assert.equal(talk.hub.requests.length, 8_193)
  })
})

describe("what the hub should not send", () => {
  it.each([
    ["a message of another time", { op: "news", text: "hello" }],
    ["an answer to nobody", { op: "answer", id: "nobody", body: held(1) }],
    ["an answer without an id", { op: "answer", body: held(1) }],
    ["an error without words", { op: "error" }],
    ["a change of no SKU", { op: "stock", version: 4 }],
    ["a change without a version", { op: "stock", sku: "a", version: "4" }]
  ])("%s is passed over", async (_name, frame) => {
    const { client, seen } = await talk.seenBy(["stock.*"])
    const asked = client.ask("a", reserve("m"))
    const [request] = await talk.hub.hears(1, () => talk.hub.requests)
    talk.hub.say(frame)
    talk.hub.say([...(Array.isArray(frame) ? frame : [frame]), answer(request?.id, held(1))])
    assert.deepEqual(await asked, held(1))
    assert.equal(seen.length, 0)
    assert.equal(talk.hub.connections, 1)
  })

  it("an answer that is none leaves the fate unknown", async () => {
    const client = await talk.connect()
    for (const body of [undefined, null, "ok", { version: 3 }]) {
      const asked = fateUnknown(client.ask("a", reserve("m")))
      const count = talk.hub.requests.length + 1
      const requests = await talk.hub.hears(count, () => talk.hub.requests)
      talk.hub.say(answer(requests[count - 1]?.id, body))
      await asked
    }
  })

  it.each([
    ["is no JSON", `[{"op":"stock","sku":"a","version":4},`],
    ["is no message", '"hello"'],
    ["has something else among its messages", `[{"op":"stock","sku":"a","version":4},null]`],
    ["has a message that says nothing", `{"sku":"a","version":4}`]
  ])("a frame that %s ends the connection: what it held is asked for again", async (_name, garbage) => {
    const { client, versions } = await talk.seenBy(["stock.a"])
    talk.hub.say(change("a", 3))
    const asked = fateUnknown(client.ask("a", reserve("m")))
    await talk.hub.hears(1, () => talk.hub.requests)
    talk.hub.say(garbage)
    await asked
    const [, again] = await talk.hub.hears(2, () => talk.hub.subscriptions)
    assert.deepEqual(again?.have, { a: 3 })
    talk.hub.say(change("a", 4))
    await eventually(
      async () => versions(),
      (seen) => seen.length === 2
    )
    assert.deepEqual(versions(), ["a:3", "a:4"])
  })

  it("a callback that throws takes nothing with it but itself", async () => {
    const thrown = new Error("the program's own")
    const client = await talk.connect({
      onStock: () => {
        throw thrown
      }
    })
    const asked = client.ask("a", reserve("m"))
    const [request] = await talk.hub.hears(1)
    talk.hub.say([change("a", 1), change("a", 2), answer(request?.id, held(2))])
    assert.deepEqual(await asked, held(2))
    await eventually(
      async () => talk.uncaught.length,
      (count) => count === 2
    )
    assert.deepEqual(talk.uncaught.splice(0), [thrown, thrown])
  })
})
