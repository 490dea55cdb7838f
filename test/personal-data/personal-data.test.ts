/**
 * Goal: personal data is shown to nobody unrecorded, and after an erasure to nobody at all, in no process and from no file.
 * Method: two hubs' services on a nats-server of the test's own, whose files are read byte by byte.
 */
import assert from "node:assert/strict"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Kvm } from "@nats-io/kv"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import { ensureStreams, streamSpecs } from "../../config/jetstream.ts"
import { Keyring, type PersonalDataFailed } from "../../src/personal-data/keyring.ts"
import { personalData } from "../../src/personal-data/layer.ts"
import type { PersonalData } from "../../src/personal-data/personal-data.ts"
import { putFirstIn } from "../../src/personal-data/put-first.ts"
import { customerToken, masterKeys } from "../../src/personal-data/sealing.ts"
import { binaries, freePort, type RunningServer, startNats } from "../../src/servers/servers.ts"
import { Nats, type NatsShape } from "../../streams/nats/connection.ts"
import { bucketStream, bucketSubject, PERSONAL_KEYS_BUCKET } from "../../streams/subjects.ts"
import { eventually } from "../support/hub.ts"

const master = Buffer.alloc(32, 3)
const why = { who: "ada@desk", why: "case 17: asked for by the customer" }
const ada = { phone: "+44 7700 900123", email: "Ada.Lovelace@Example.com", name: "Ada Lovelace" }

let folder: string
let server: RunningServer
let scope: Scope.Closeable
let nats: NatsShape
let hub: PersonalData
let otherHub: PersonalData
let nowMs = Date.UTC(2026, 0, 1)

const run = <A>(effect: Effect.Effect<A, unknown>): Promise<A> => Effect.runPromise(effect)
const reasonOf = (effect: Effect.Effect<unknown, PersonalDataFailed>): Promise<string> =>
  Effect.runPromise(Effect.match(effect, { onSuccess: () => "none", onFailure: (failed) => failed.reason }))

const connected = async (key = master): Promise<{ readonly nats: NatsShape; readonly service: PersonalData }> =>
  run(
    Effect.gen(function* () {
      const own = Context.get(yield* Layer.build(Nats.layer(server.url)), Nats)
      yield* Effect.promise(() =>
        ensureStreams(
          own.manager,
          streamSpecs(1).filter(
            ({ name }) => name.includes("personal") || name.includes("PERSONAL") || name === "JOURNAL"
          )
        )
      )
      return { nats: own, service: yield* personalData({ nats: own, master: key, nowMs: () => nowMs }) }
    }).pipe(Effect.provideService(Scope.Scope, scope))
  )

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-personal-"))
  server = await startNats({ binaries: binaries(), directory: join(folder, "nats"), port: await freePort() })
  scope = Scope.makeUnsafe()
  const first = await connected()
  nats = first.nats
  hub = first.service
  otherHub = (await connected()).service
})

afterAll(async () => {
  await run(Scope.close(scope, Exit.void))
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** All bytes that the server has written. It renames files meanwhile: then all are read again, so that none is missed. */
const stored = (tries = 50): Buffer => {
  try {
    return Buffer.concat(
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
    )
  } catch (error) {
    if (tries === 0 || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error
    return stored(tries - 1)
  }
}

const keyBytes = async (customerId: string): Promise<Buffer> => {
  const subject = bucketSubject(PERSONAL_KEYS_BUCKET, customerToken(masterKeys(master), customerId))
  const message = await nats.manager.streams.getMessage(bucketStream(PERSONAL_KEYS_BUCKET), { last_by_subj: subject })
  return Buffer.from(message?.data ?? [])
}

const journal = (records: ReadonlyArray<unknown>): Promise<unknown> =>
  nats.jetstream.publish("journal.stock.0", JSON.stringify({ v: 1, records }))

describe("personal data", () => {
  it("is kept as text that only its customer's key opens, in either hub, and each opening is recorded first", async () => {
    const sealed = await run(hub.keep("c-1", ada))
    assert.ok(Object.values(sealed).every((text) => text.startsWith("pd1.")))
    const message = { to: [{ address: sealed.email }], text: "Hello" }
    assert.deepEqual(await run(otherHub.open("c-1", message, why)), { to: [{ address: ada.email }], text: "Hello" })
    assert.deepEqual(await run(hub.open("c-1", sealed, why)), ada)
    const accesses = await run(hub.accesses("c-1"))
    assert.deepEqual(
      accesses.map(({ action, who, fields }) => [action, who, fields]),
      [
        ["opened", "ada@desk", ["email"]],
        ["opened", "ada@desk", ["phone", "email", "name"]]
      ]
    )
  })

  it("is not shown without saying who asks and why, nor when that cannot be recorded", async () => {
    const sealed = await run(hub.keep("c-2", ada))
    assert.equal(await reasonOf(hub.open("c-2", sealed, { who: " ", why: "x" })), "invalid")
    assert.equal(await reasonOf(hub.open("c-2", sealed, { who: "x", why: "y".repeat(513) })), "invalid")
    assert.deepEqual(await run(hub.accesses("c-2")), [])
  })

  it("is masked for whoever only looks, of many customers at once, and dots for those erased", async () => {
    const [first, second] = [await run(hub.keep("c-3", ada)), await run(hub.keep("c-4", { name: "Grace Hopper" }))]
    assert.deepEqual(await run(hub.masked([first, second])), [
      { phone: "•••23", email: "A•••@E•••", name: "A••• L•••" },
      { name: "G••• H•••" }
    ])
    await run(hub.erase("c-4", why))
    assert.deepEqual(await run(hub.masked({ second })), { second: { name: "•••" } })
    assert.deepEqual(await run(hub.accesses("c-3")), [])
  })

  it("of one customer is not opened as another's", async () => {
    const sealed = await run(hub.keep("c-5", ada))
    await run(hub.keep("c-6", { name: "Grace" }))
    const stays = await run(hub.open("c-6", sealed, why))
    assert.deepEqual(stays, sealed)
    const forged = String(sealed.name).replace(".name.", ".email.")
    assert.equal(await reasonOf(hub.open("c-5", forged, why)), "unreadable")
  })

  it("that is empty or too long is refused", async () => {
    assert.equal(await reasonOf(hub.keep("c-7", { name: " " })), "invalid")
    assert.equal(await reasonOf(hub.keep("c-7", { email: "x".repeat(513) })), "invalid")
  })

  it("made by twenty at once has one key", async () => {
    const kept = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        run((index % 2 === 0 ? hub : otherHub).keep("c-8", { name: `N${index}` }))
      )
    )
    const fresh = await connected()
    assert.deepEqual(
      (await run(fresh.service.open("c-8", kept, why))).map(({ name }) => name),
      kept.map((_, index) => `N${index}`)
    )
  })
})

describe("an address", () => {
  it("finds its customers however it is written, and stands nowhere", async () => {
    await run(hub.keep("c-10", { phone: "+1 (202) 555-0101", email: "grace@example.org" }))
    await run(hub.keep("c-11", { email: " Grace@Example.ORG " }))
    assert.deepEqual(await run(otherHub.addresses.find("phone", "whatsapp:+12025550101")), ["c-10"])
    assert.deepEqual((await run(otherHub.addresses.find("email", "GRACE@example.org"))).toSorted(), ["c-10", "c-11"])
    assert.deepEqual(await run(hub.addresses.find("email", "nobody@example.org")), [])
    for (const plain of ["12025550101", "grace@example.org", "Grace@Example.ORG"])
      assert.ok(!stored().includes(plain), plain)
  })

  it("that asked for no more messages stays suppressed after its customer was erased, until it asks again", async () => {
    await run(hub.keep("c-12", { phone: "+447700900999" }))
    await run(hub.addresses.suppress("phone", "+44 7700 900999", { at: "2026-01-01T00:00:00.000Z", reason: "stop" }))
    await run(hub.erase("c-12", why))
    assert.deepEqual(await run(hub.addresses.find("phone", "+447700900999")), [])
    assert.equal((await run(otherHub.addresses.suppressed("phone", "whatsapp:+447700900999")))?.reason, "stop")
    await run(hub.addresses.allow("phone", "+447700900999"))
    assert.equal(await run(otherHub.addresses.suppressed("phone", "+447700900999")), undefined)
    const wordy = hub.addresses.suppress("phone", "+44", { at: "", reason: "Stop! I am Ada" })
    assert.equal(await reasonOf(wordy), "invalid")
  })
})

describe("an erasure", () => {
  it("leaves nothing that can be opened, in any hub, and no byte of the key in any file", async () => {
    const sealed = await run(hub.keep("c-20", ada))
    await run(otherHub.open("c-20", sealed, why))
    await journal([{ type: "note", customer: sealed }, { type: "other" }])
    const key = await keyBytes("c-20")
    assert.ok(key.length > 32 && stored().includes(key), "the wrapped key is in the server's files")
    await run(hub.erase("c-20", why))
    assert.equal(await reasonOf(hub.open("c-20", sealed, why)), "erased")
    // The other hub had the key in memory: the marker takes it away.
    await eventually(
      () => reasonOf(otherHub.open("c-20", sealed, why)),
      (reason) => reason === "erased"
    )
    assert.equal(await reasonOf(hub.export("c-20", why)), "erased")
    assert.deepEqual(await run((await connected()).service.masked(sealed)), { phone: "•••", email: "•••", name: "•••" })
    assert.ok(!stored().includes(key), "the wrapped key is in no file any more")
    assert.deepEqual(await run(hub.addresses.find("email", ada.email)).then((found) => found.includes("c-20")), false)
    assert.ok(stored().includes(String(sealed.email)), "the journal is whole: the sealed text is where it was")
  })

  it("cannot be undone by what comes late, and may be asked for again", async () => {
    await run(hub.erase("c-21", why))
    assert.equal(await reasonOf(hub.keep("c-21", ada)), "erased")
    await run(hub.erase("c-21", why))
    assert.deepEqual(
      (await run(hub.accesses("c-21"))).map(({ action }) => action),
      ["erased", "erased"]
    )
  })

  it("is seen after five minutes by a hub that heard nothing of it", async () => {
    const keys = masterKeys(master)
    const bucket = await new Kvm(nats.jetstream).open(PERSONAL_KEYS_BUCKET)
    const putFirst = putFirstIn(nats, PERSONAL_KEYS_BUCKET)
    const deaf = new Keyring({ keys, bucket, putFirst, wipe: async () => undefined, nowMs: () => nowMs })
    const { token } = await run(deaf.obtain("c-22"))
    await run(hub.erase("c-22", why))
    assert.equal((await run(deaf.find(token))).length, 32, "it has the key in memory")
    nowMs += 5 * 60_000
    assert.equal(await reasonOf(deaf.find(token)), "erased")
  })
})

describe("an export", () => {
  it("holds all that the journal has of one customer, opened, with who has seen it, and nothing of others", async () => {
    const [mine, others] = [await run(hub.keep("c-30", ada)), await run(hub.keep("c-31", { name: "Grace Hopper" }))]
    await journal([
      { type: "customer", ...mine },
      { type: "customer", ...others }
    ])
    await journal([{ type: "message", to: mine.phone, step: 1 }])
    const { customerId, records, accesses } = await run(hub.export("c-30", why))
    assert.equal(customerId, "c-30")
    assert.deepEqual(records, [
      { type: "customer", ...ada },
      { type: "message", to: ada.phone, step: 1 }
    ])
    assert.deepEqual(
      accesses.map(({ action, fields }) => [action, fields]),
      [["exported", ["phone", "email", "name"]]]
    )
  })
})

describe("another master key", () => {
  it("keeps a hub from starting on data that was sealed with the first", async () => {
    await assert.rejects(connected(Buffer.alloc(32, 4)), /sealed with another master key/)
  })
})
