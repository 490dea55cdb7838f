/**
 * Goal: what is published in groups is stored once each, everybody hears of their own message, and one that is refused takes
 * nobody along.
 * Method: a nats-server of the test's own, asked by too few for a batch and by hundreds at once.
 */
import assert from "node:assert/strict"
import { StorageType } from "@nats-io/jetstream"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import { GROUP_MESSAGES_MIN, GROUP_WAITING_MAX } from "../../config/limits.ts"
import { EXPECTED, type NatsShape } from "../../streams/nats/connection.ts"
import { GroupPublisher } from "../../streams/nats/group-publisher.ts"
import { type OwnNats, startOwnNats } from "../support/own-nats.ts"

const STREAM = "GROUPS"

let own: OwnNats
let nats: NatsShape

beforeAll(async () => {
  own = await startOwnNats()
  nats = own.nats
  await nats.manager.streams.add({ name: STREAM, subjects: ["g.>"], storage: StorageType.File, allow_atomic: true })
})

afterAll(() => own.stop())

const messageTo = (subject: string) => ({ subject, data: new Uint8Array(8), headers: { [EXPECTED]: "0" } })

/** All at once; how each ended. */
const publishAll = (group: GroupPublisher, subjects: ReadonlyArray<string>) =>
  Effect.runPromise(
    Effect.forEach(
      subjects,
      (subject) =>
        Effect.match(group.publish(messageTo(subject)), {
          onSuccess: () => "stored",
          onFailure: ({ reason }) => reason as string
        }),
      { concurrency: "unbounded" }
    )
  )

const numbered = (under: string, count: number) => Array.from({ length: count }, (_, n) => `g.${under}.${n}`)

const storedUnder = async (under: string): Promise<number> => {
  const { state } = await nats.manager.streams.info(STREAM, { subjects_filter: `g.${under}.*` })
  return Object.values(state.subjects ?? {}).reduce((total, count) => total + count, 0)
}

describe.each([GROUP_MESSAGES_MIN - 2, 60, 300])("a group of %s that are published at once", (count) => {
  const under = (name: string) => `${name}-${count}`
  const group = () => new GroupPublisher({ nats, timeoutMs: 5_000 })

  it("is stored, each once", async () => {
    const told = await publishAll(group(), numbered(under("many"), count))
    assert.deepEqual([told.every((one) => one === "stored"), await storedUnder(under("many"))], [true, count])
  })

  it("of which one is refused stores the others, also where that one comes twice at the same time", async () => {
    const [known, twice] = [Math.floor(count / 3), Math.floor(count / 2)]
    await publishAll(group(), [`g.${under("some")}.${known}`])
    const told = await publishAll(group(), [...numbered(under("some"), count), `g.${under("some")}.${twice}`])
    const refused = told.flatMap((one, place) => (one === "refused" ? [place] : []))
    assert.deepEqual([refused, await storedUnder(under("some"))], [[known, count], count])
  })

  it("fails, each, when the connection is closed meanwhile, and so does what comes after", async () => {
    const gone = await own.connect()
    const closed = new GroupPublisher({ nats: gone.nats, timeoutMs: 500 })
    const underWay = publishAll(closed, numbered(under("closed"), count))
    await gone.nats.connection.close()
    const [first, ...others] = await underWay
    assert.deepEqual([first, new Set(others)], ["timeout", new Set(["unavailable"])])
    assert.deepEqual(await publishAll(closed, [`g.${under("after")}.0`]), ["unavailable"])
    await gone.close()
  })
})

it("lets so many wait and no more", async () => {
  const group = new GroupPublisher({ nats, timeoutMs: 20_000 })
  const told = await publishAll(group, numbered("room", GROUP_WAITING_MAX + 2))
  assert.deepEqual(
    [told.indexOf("unavailable"), told.lastIndexOf("stored")],
    [GROUP_WAITING_MAX + 1, GROUP_WAITING_MAX]
  )
}, 30_000)
