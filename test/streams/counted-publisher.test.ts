/**
 * Goal: of every batch each message is stored once and in order, whatever else happens to the stream, and one acknowledgement is
 * enough for a batch.
 * Method: a nats-server of the test's own, and a publisher that counts how often an acknowledgement was asked for.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest"
import { type NatsShape, PublishFailed } from "../../streams/nats/connection.ts"
import { CountedPublisher } from "../../streams/nats/counted-publisher.ts"
import { type OwnNats, startOwnNats } from "../support/own-nats.ts"

const STREAM = "COUNTED"
const PATIENCE_MS = 2_000

let own: OwnNats
let nats: NatsShape

beforeAll(async () => {
  own = await startOwnNats()
  nats = own.nats
  await nats.manager.streams.add({ name: STREAM, subjects: ["c.>"] })
})

afterAll(() => own.stop())

let asked: number
let publisher: CountedPublisher

beforeEach(async () => {
  await nats.manager.streams.purge(STREAM)
  asked = 0
  const counting: Pick<NatsShape["publisher"], "publish"> = {
    publish: (...given) => {
      asked++
      nats.publisher.publish(...given)
    }
  }
  publisher = new CountedPublisher(
    { connection: nats.connection, publisher: counting as NatsShape["publisher"] },
    PATIENCE_MS
  )
})

let made = 0
const run = Math.random().toString(36).slice(2)

const batchOf = (count: number) =>
  Array.from({ length: count }, () => {
    const id = `${run}-${made++}`
    return { subject: `c.${id}`, data: new Uint8Array(8), headers: { "Nats-Msg-Id": id } }
  })

type Batch = ReturnType<typeof batchOf>

/** Subjects in the stream's order. */
const stored = async (): Promise<ReadonlyArray<string>> => {
  const { state } = await nats.manager.streams.info(STREAM)
  const subjects: Array<string> = []
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await nats.manager.streams.getMessage(STREAM, { seq })
    if (message !== null) subjects.push(message.subject)
  }
  return subjects
}

const subjectsOf = (...batches: ReadonlyArray<Batch>) => batches.flat().map(({ subject }) => subject)

describe("batches to a stream of one writer", () => {
  it("are stored whole and in order, the first asked for one by one, the others once", async () => {
    const batches = [batchOf(5), batchOf(7), batchOf(1)]
    for (const batch of batches) await publisher.publish(batch)
    assert.equal(asked, 5 + 1 + 1)
    assert.deepEqual(await stored(), subjectsOf(...batches))
  })

  it("are whole and stored once each after somebody else has written between them", async () => {
    const [first, second, third] = [batchOf(3), batchOf(4), batchOf(2)]
    await publisher.publish(first)
    await nats.jetstream.publish("c.stranger")
    await publisher.publish(second)
    assert.equal(asked, 3 + 1 + 4)
    await publisher.publish(third)
    assert.equal(asked, 3 + 1 + 4 + 1)
    assert.deepEqual(await stored(), [...subjectsOf(first), "c.stranger", ...subjectsOf(second, third)])
  })

  it("change nothing when they are published again", async () => {
    const batch = batchOf(4)
    await publisher.publish(batch)
    await publisher.publish(batch)
    publisher.forget()
    await publisher.publish(batch)
    assert.deepEqual(await stored(), subjectsOf(batch))
  })

  it("fail when the stream does not take them, and are whole when it does again", async () => {
    const [first, second] = [batchOf(2), batchOf(3)]
    await publisher.publish(first)
    await nats.manager.streams.update(STREAM, { subjects: ["elsewhere.>"] })
    await assert.rejects(publisher.publish(second), PublishFailed)
    await nats.manager.streams.update(STREAM, { subjects: ["c.>"] })
    await publisher.publish(second)
    assert.deepEqual(await stored(), subjectsOf(first, second))
  })

  it("of no message need no acknowledgement", async () => {
    await publisher.publish([])
    assert.equal(asked, 0)
  })
})
