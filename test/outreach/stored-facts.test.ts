/**
 * Goal: what carriers told is stored without an address or a word of a customer that could be read, and is read again whole by
 * the hub until the customer is erased.
 * Method: the personal data of a nats-server of the test's own; facts as carriers give them, and as older hubs stored them.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import { ensureStreams, streamSpecs } from "../../config/jetstream.ts"
import type { OutreachFact } from "../../src/outreach/outreach.ts"
import { blindAddress, openFact, sealFact, type StoredOutreachFact } from "../../src/outreach/stored-facts.ts"
import { personalData } from "../../src/personal-data/layer.ts"
import type { PersonalData } from "../../src/personal-data/personal-data.ts"
import { WORDS_LENGTH_MAX } from "../../src/personal-data/sealing.ts"
import { binaries, freePort, type RunningServer, startNats } from "../../src/servers/servers.ts"
import { Nats } from "../../streams/nats/connection.ts"

const PHONE = "+447700900444"
const WORDS = "Ask for Ada at the back door"
const reply = (change: Partial<Extract<OutreachFact, { readonly kind: "reply" }>> = {}): OutreachFact => ({
  kind: "reply",
  id: "texts:SM1",
  carrier: "texts",
  channel: "sms",
  messageId: "SM1",
  from: PHONE,
  text: WORDS,
  mediaCount: 0,
  atMs: 1,
  ...change
})

let folder: string
let server: RunningServer
let scope: Scope.Closeable
let personal: PersonalData

const run = <A>(effect: Effect.Effect<A, unknown>): Promise<A> => Effect.runPromise(effect)
const heard = async (stored: StoredOutreachFact | OutreachFact) => {
  const fact = await run(openFact(personal, stored))
  assert.ok(fact.kind === "reply")
  return { text: fact.text, place: fact.place }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-facts-"))
  server = await startNats({ binaries: binaries(), directory: join(folder, "nats"), port: await freePort() })
  scope = Scope.makeUnsafe()
  personal = await run(
    Effect.gen(function* () {
      const nats = Context.get(yield* Layer.build(Nats.layer(server.url)), Nats)
      const specs = streamSpecs(1).filter(({ name }) => /personal/i.test(name))
      yield* Effect.promise(() => ensureStreams(nats.manager, specs))
      return yield* personalData({ nats, master: Buffer.alloc(32, 5), nowMs: Date.now })
    }).pipe(Effect.provideService(Scope.Scope, scope))
  )
})

afterAll(async () => {
  await run(Scope.close(scope, Exit.void))
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe("what a customer wrote", () => {
  it("is stored under their key, read whole and on record, and by nobody once they are erased", async () => {
    await run(personal.keep("ada", { phone: PHONE }))
    const stored = await run(sealFact(personal, reply()))
    const text = JSON.stringify(stored)
    assert.ok(text.includes('"of":"ada"') && !text.includes("900444") && !text.includes("back door"))
    const place = blindAddress(personal, "whatsapp", `whatsapp:${PHONE}`)
    assert.deepEqual(await heard(stored), { text: WORDS, place })
    assert.equal((await run(personal.accesses("ada"))).at(-1)?.why, "reply texts:SM1")
    await run(personal.erase("ada", { who: "dpo", why: "asked for" }))
    assert.deepEqual(await heard(stored), { text: "", place })
  })

  it("is hidden when nobody knows who they are, and cut where it is longer than any answer", async () => {
    const stored = await run(
      sealFact(personal, reply({ id: "texts:SM2", from: "+447700900555", text: "a".repeat(9_000) }))
    )
    assert.ok(!JSON.stringify(stored).includes("900555"))
    assert.equal((await heard(stored)).text, "a".repeat(WORDS_LENGTH_MAX))
    assert.equal((await heard({ ...stored, id: "texts:SM3" } as StoredOutreachFact)).text, "", "of another message")
  })

  it("is read as it is where an older hub left it plain", async () => {
    const place = blindAddress(personal, "sms", PHONE)
    assert.deepEqual(await heard(reply()), { text: WORDS, place })
    const status = {
      kind: "status",
      id: "s",
      carrier: "texts",
      channel: "sms",
      messageId: "SM1",
      state: "failed",
      atMs: 1
    } as const
    const old = await run(openFact(personal, { ...status, to: PHONE }))
    assert.deepEqual(old, { ...status, place })
    assert.deepEqual(await run(openFact(personal, await run(sealFact(personal, { ...status, to: PHONE })))), old)
  })
})
