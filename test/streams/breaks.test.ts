/**
 * Goal: nobody waits for an answer that a broken line has lost: neither what was on its way when it broke, nor what was
 * asked while it was broken, which the client drops when it connects again.
 * Method: a nats-server of the test's own behind a proxy that cuts the line. What must be over is raced against answers that
 * come over the new line, not against a clock.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import { ensureStreams, streamSpecs } from "../../config/jetstream.ts"
import type { JournalShape } from "../../streams/journal.ts"
import { journalOf } from "../../streams/journal.nats.ts"
import { Breaks } from "../../streams/nats/breaks.ts"
import { type NatsShape, publishAcked } from "../../streams/nats/connection.ts"
import { STOCK } from "../../streams/subjects.ts"
import { type Connected, type OwnNats, startOwnNats } from "../support/own-nats.ts"
import { Proxy } from "../support/proxy.ts"

const PATIENCE_MS = 60_000

let own: OwnNats
let line: Proxy
let behind: Connected
let nats: NatsShape
let journal: JournalShape<unknown>

beforeAll(async () => {
  own = await startOwnNats()
  await ensureStreams(own.nats.manager, streamSpecs(1))
  line = await Proxy.before(own.url)
  behind = await own.connect(line.addressOf(own.url))
  nats = behind.nats
  journal = journalOf(nats, STOCK)
})

afterAll(async () => {
  await behind.close()
  await line.close()
  await own.stop()
})

const patience = { timeoutMs: PATIENCE_MS }

const asked: ReadonlyArray<readonly [name: string, ask: () => Effect.Effect<unknown, unknown>]> = [
  ["a publish", () => publishAcked(nats.publisher, "stock.fact.a", new Uint8Array(1), patience)],
  ["a look at the last commit", () => journal.last(0)],
  ["a look at a commit", () => journal.get(1)],
  ["a look at the last sequence", () => journal.lastSequence],
  ["a read", () => journal.read(1, { commitsMax: 1, bytesMax: 1_000 })]
]

const heard = async (wanted: "disconnect" | "reconnect"): Promise<void> => {
  for await (const { type } of nats.connection.status()) if (type === wanted) return
}

type First = "was over" | "others had answers"

const start = (ask: () => Effect.Effect<unknown, unknown>): Promise<First> =>
  Effect.runPromiseExit(ask()).then(() => "was over")

/** A few round trips over the line as it is now. */
const others = async (): Promise<First> => {
  for (let count = 0; count < 5; count++) await nats.connection.flush()
  return "others had answers"
}

describe("when a line has broken and stands again", () => {
  it.each(asked)("%s that was on its way is over", async (_name, ask) => {
    line.set({ kind: "unanswered" })
    const over = start(ask)
    const again = heard("reconnect")
    // It has left the hub by then.
    await own.nats.connection.flush()
    line.set({ kind: "cut" })
    line.set({ kind: "fair" })
    await again
    assert.equal(await Promise.race([over, others()]), "was over")
  })

  it.each(asked)("%s that was asked meanwhile is over", async (_name, ask) => {
    const [broken, again] = [heard("disconnect"), heard("reconnect")]
    line.set({ kind: "cut" })
    await broken
    const over = start(ask)
    line.set({ kind: "fair" })
    await again
    assert.equal(await Promise.race([over, others()]), "was over")
  })

  it("a publish over the new line has its acknowledgement", async () => {
    const publish = publishAcked(nats.publisher, "stock.fact.b", new Uint8Array(1), patience)
    assert.ok((await Effect.runPromise(publish)).seq > 0)
  })
})

describe("whoever asks again because of a break", () => {
  it("is told of the next one only", async () => {
    const told: Array<string> = []
    const ended = new Promise<void>((resolve) => {
      async function* status() {
        for (const type of ["disconnect", "reconnect"] as const) {
          told.push(type)
          yield { type, server: "" }
        }
        resolve()
      }
      const breaks = new Breaks({ status })
      const forget = breaks.onBreak(() => {
        told.push("asked before")
        forget()
        breaks.onBreak(() => told.push("asked again"))
      })
    })
    await ended
    assert.deepEqual(told, ["disconnect", "asked before", "reconnect", "asked again"])
  })
})
