/**
 * Goal: a hub that stood still, or was cut off, while another one took its place calls no carrier: the new one waits for what
 * the old one had under way only as long as the grace time.
 * Method: two real hosts of customers after one another on one journal in memory, and the desk that the reactor asks; only
 * the monotonic clock is set by hand.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, it, vi } from "vitest"
import type { CustomerCommand } from "../../actors/customer/commands.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import { OWNED_MS_MAX } from "../../config/recovery.ts"
import { noonZone } from "../../scripts/shoppers/hub-files.ts"
import type { OpenAttempt } from "../../src/recovery/carried.ts"
import { openOf, recoveryDesk } from "../../src/recovery/desk.ts"
import { customerKind } from "../../src/recovery/kind.ts"
import type { CustomerPartitions } from "../../src/recovery/layer.ts"
import { DeadLetters } from "../../streams/dead-letters.ts"
import { makeMemoryJournal } from "../../streams/journal.memory.ts"
import { Snapshots } from "../../streams/snapshots.ts"
import { claimHost } from "../support/own-host.ts"
import { until } from "../support/shop.ts"

const surroundings = () => ({
  cartNow: () => ({ cartVersion: 1, isEmpty: false, isBought: false, isSoldOut: false }),
  isPresent: () => false,
  offering: undefined
})

let journal: ReturnType<typeof makeMemoryJournal<CustomerRecord>>

const startHost = (owner: string): Promise<CustomerPartitions> =>
  claimHost(customerKind(surroundings), owner, journal).pipe(
    Effect.provide([DeadLetters.layerMemory, Snapshots.layerMemory]),
    Effect.runPromise
  )

const deskOf = (host: CustomerPartitions) =>
  recoveryDesk({
    host,
    surroundings,
    nowMs: Date.now,
    linkOf: (cart, attempt) => `https://shop.example/${cart}?a=${attempt}`,
    addresses: {
      blind: (_channel, address) => address,
      keep: () => Effect.never,
      keepName: () => Effect.never,
      masked: () => Effect.never,
      open: () => Effect.never
    },
    carts: { book: { peek: () => undefined } },
    errands: { make: () => Effect.void }
  })

const say = (host: CustomerPartitions, command: CustomerCommand): Promise<unknown> =>
  new Promise((resolve) => {
    host.submit({ kind: "command", command, hash: "", factSequence: 0, receivedAtMs: 0, reply: resolve })
  })

/** A message to Ada is decided and waits for its call. */
const intend = async (host: CustomerPartitions): Promise<OpenAttempt> => {
  const point = { channel: "sms", address: "blind", countries: ["GB"] } as const
  const ada = { customerId: "ada", mutationId: "m" }
  await say(host, { type: "point", ...ada, point, hasConsented: true, sealed: "sealed" })
  await say(host, { type: "settings", ...ada, zone: noonZone() })
  const abandonment = { abandonmentId: "a", cartId: "c", cartVersion: 1, at: Date.now() }
  await say(host, { type: "abandoned", ...ada, abandonment })
  const open = openOf(host.book, "ada")
  assert.ok(open)
  return open
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] })
  journal = makeMemoryJournal<CustomerRecord>()
})

afterEach(() => void vi.useRealTimers())

describe("a message that waits for its call", () => {
  it("may go while the journal has just taken something, and else when the journal takes that it is asked", async () => {
    const host = await startHost("a")
    const desk = deskOf(host)
    const open = await intend(host)
    assert.ok(desk.mayGo(open))
    vi.advanceTimersByTime(OWNED_MS_MAX)
    assert.ok(!desk.mayGo(open))
    const commits = journal.stored.length
    assert.equal(await Effect.runPromise(desk.tell(open, { type: "withdrawn" })), false)
    assert.equal(journal.stored.length, commits + 1)
    assert.ok(desk.mayGo(open))
    assert.deepEqual((await startHost("b")).book.peek("ada"), host.book.peek("ada"))
  })

  it("does not go from a hub that stood still while another one took its place", async () => {
    const old = await startHost("a")
    const desk = deskOf(old)
    const open = await intend(old)
    const next = await startHost("b")
    assert.deepEqual(openOf(next.book, "ada"), open)
    vi.advanceTimersByTime(OWNED_MS_MAX)
    assert.ok(!desk.mayGo(open))
    assert.equal((await Effect.runPromise(Effect.result(desk.tell(open, { type: "withdrawn" }))))._tag, "Failure")
    await until(
      () => !old.isOpen,
      () => "the old hub's end"
    )
    assert.ok(!desk.mayGo(open))
  })
})
