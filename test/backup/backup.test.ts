/**
 * Goal: what a backup that was made under trade brings back is one state of the hub that there was, and works on: no answer is
 * forgotten, no fact lost, no hold stuck, nobody who was erased is back; and a backup that is not whole is refused.
 * Method: a real hub that is traded with all the while, its backup restored into empty servers under a second real hub.
 */
import assert from "node:assert/strict"
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { Pool } from "pg"
import { afterAll, beforeAll, describe, it } from "vitest"
import { audit } from "../../scripts/audit/audit.ts"
import { auditText, isClean } from "../../scripts/audit/report.ts"
import { backup } from "../../scripts/backup/backup.ts"
import { admittedNow, admittedText, keepAdmitted, readAdmitted } from "../../scripts/backup/admitted.ts"
import { addErased, erasedNow, readErased } from "../../scripts/backup/erased.ts"
import { type BackupManifest, checkedManifest, writeManifest } from "../../scripts/backup/manifest.ts"
import { restore, type RestoreOptions } from "../../scripts/backup/restore.ts"
import { AccessStore } from "../../src/access/store.ts"
import { masterKey } from "../../src/personal-data/master-key.ts"
import { personalData } from "../../src/personal-data/layer.ts"
import { binaries, freePort, type RunningServer, startNats, startRedis } from "../../src/servers/servers.ts"
import { decodeCommit } from "../../streams/codec.ts"
import { DeadLetters, type StoredDeadLetter } from "../../streams/dead-letters.ts"
import { Nats, type NatsShape } from "../../streams/nats/connection.ts"
import { ACCESS, CART_JOURNAL, JOURNAL } from "../../streams/subjects.ts"
import { freshDatabase } from "../support/database.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

const SKUS = 20
/** Facts that NATS has acknowledged. */
const stored: Array<string> = []
let storedBefore: ReadonlyArray<string> = []
const why = { who: "ada@desk", why: "case 17: asked for by the customer" }

let folder: string
let scope: Scope.Closeable
let first: TestHub
let old: NatsShape
let manifest: BackupManifest
let emptied: { readonly nats: RunningServer; readonly redis: RunningServer }
let again: TestHub
let databaseUrl: string
let fresh: NatsShape

const run = <A>(effect: Effect.Effect<A, unknown>): Promise<A> => Effect.runPromise(effect)
const connectedTo = (url: string): Promise<NatsShape> =>
  run(Effect.map(Layer.buildWithScope(Nats.layer(url), scope), (context) => Context.get(context, Nats)))
const peopleOf = (nats: NatsShape) =>
  run(
    personalData({ nats, master: masterKey(undefined, first.home, false), nowMs: Date.now }).pipe(
      Effect.provideService(Scope.Scope, scope)
    )
  )
const nameOf = async (nats: NatsShape, customer: string, sealed: unknown): Promise<unknown> =>
  run(
    Effect.match((await peopleOf(nats)).open(customer, sealed, why), {
      onSuccess: (open) => open,
      onFailure: ({ reason }) => reason
    })
  )
const optionsOf = (given: Partial<RestoreOptions> = {}): RestoreOptions => ({
  folder: join(folder, "backup"),
  redisUrl: emptied.redis.url,
  masterKey: masterKey(undefined, first.home, false),
  erased: new Set(),
  admitted: undefined,
  replicas: 1,
  onStream: () => undefined,
  ...given
})
const refusal = (nats: NatsShape, options: RestoreOptions): Promise<string> =>
  restore(nats, options).then(
    () => "restored",
    (error: Error) => error.message
  )

/** Sales, holds and carts that hold stock, until told to end; how many answers there were. */
const tradeWith = (hub: TestHub): { readonly end: () => Promise<number> } => {
  let ends = false
  let answers = 0
  const trader = async (who: number): Promise<void> => {
    for (let round = 0; !ends; round++) {
      const sku = `s${(who + round) % SKUS}`
      const id = `${who}-${round}`
      const hold = {
        type: "reserve",
        mutationId: `h${id}`,
        holdId: `h${id}`,
        quantity: 1,
        ttlMs: 1_000 + 500 * (round % 4)
      }
      await old.jetstream.publish(
        `stock.fact.${sku}`,
        JSON.stringify({ type: "sale", mutationId: `f${id}`, quantity: 1 })
      )
      stored.push(`f${id}`)
      await http(hub, "POST", `/v1/stock/${sku}/requests`, hold)
      const line = { type: "add", sku, quantity: 1, unitPriceMinor: 1_000, currency: "GBP", mutationId: `a${id}` }
      await http(hub, "POST", `/v1/carts/c${id}/requests`, line)
      await http(hub, "POST", `/v1/carts/c${id}/requests`, { type: "checkout", mutationId: `b${id}` })
      answers += 4
    }
  }
  const traders = [0, 1, 2].map(trader)
  return {
    end: async () => {
      ends = true
      await Promise.all(traders)
      return answers
    }
  }
}

const stamp = { at: Date.now(), by: "root" }
const accessOf = (nats: NatsShape) => run(AccessStore.open(nats).pipe(Effect.provideService(Scope.Scope, scope)))

/** Two administrators, one of them by a session, and a key. */
const letIn = async (access: AccessStore): Promise<void> => {
  for (const user of ["ann", "mallory"]) {
    await run(access.change({ type: "add-user", user, passwordHash: "older", roles: ["admin"], ...stamp }))
  }
  await run(
    access.change({ type: "add-key", key: "k1", name: "till", secretHash: "hash", roles: ["operator"], ...stamp })
  )
  const session = { hash: "s1", user: "ann", openedAt: stamp.at, seenAt: stamp.at, address: "127.0.0.1" }
  await run(access.keepSession({ ...session, expiresAt: stamp.at + 3_600_000 }, stamp.at))
}

type Letters = ReadonlyArray<StoredDeadLetter>
const lettersOf = (nats: NatsShape): Promise<Letters> =>
  run(
    Effect.flatMap(DeadLetters, (letters) => letters.list(0, 10)).pipe(
      Effect.provide(DeadLetters.layerNats),
      Effect.provideService(Nats, nats)
    )
  )

let ada: unknown
let eve: unknown
let bob: unknown

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-backup-"))
  scope = Scope.makeUnsafe()
  first = await startHub()
  old = await connectedTo(first.nats.url)
  for (let n = 0; n < SKUS; n++) {
    await http(first, "POST", `/v1/stock/s${n}/facts`, { type: "receipt", mutationId: "r", quantity: 100_000 })
  }
  const people = await peopleOf(old)
  ada = await run(people.keep("ada", { name: "Ada Lovelace" }))
  eve = await run(people.keep("eve", { name: "Eve", phone: "+447700900123" }))
  bob = await run(people.keep("bob", { name: "Bob" }))
  await run(people.erase("bob", why))
  await letIn(await accessOf(old))
  // One that cannot be understood is a dead letter.
  await old.jetstream.publish("stock.fact.s0", "?")
  const long = { type: "reserve", mutationId: "long", holdId: "long", quantity: 3 }
  assert.equal((await http(first, "POST", "/v1/stock/s0/requests", long)).status, 200)
  const trade = tradeWith(first)
  await eventually(
    () => http(first, "GET", "/v1/status"),
    ({ body }) => Number(body["skus"]) === SKUS && Number(body["openHolds"]) > 20 && stored.length > 10
  )
  storedBefore = [...stored]
  manifest = await backup(old, { folder: join(folder, "backup"), masterKey: "test", onStream: () => undefined })
  // What comes after it is not in it.
  await http(first, "POST", "/v1/stock/late/facts", { type: "receipt", mutationId: "late", quantity: 1 })
  assert.ok((await trade.end()) > 100)
  const directory = { binaries: binaries() }
  emptied = {
    nats: await startNats({ ...directory, directory: join(folder, "nats"), port: await freePort() }),
    redis: await startRedis({ ...directory, directory: join(folder, "redis"), port: await freePort() })
  }
  fresh = await connectedTo(emptied.nats.url)
}, 90_000)

afterAll(async () => {
  await again?.stop()
  await first.stop()
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await Promise.all([emptied.nats.stop(), emptied.redis.stop()])
  rmSync(folder, { recursive: true, force: true })
})

describe("a backup that is not whole", () => {
  const spoiled = (name: string, spoil: (path: string) => void): string => {
    const copy = join(folder, `spoiled-${name}`)
    mkdirSync(copy)
    for (const file of ["manifest.json", "manifest.sha256", ...manifest.streams.map((stream) => `${stream.name}.gz`)]) {
      copyFileSync(join(folder, "backup", file), join(copy, file))
    }
    spoil(copy)
    return copy
  }
  const journal = `${JOURNAL}.gz`
  const flipped = (path: string): void => {
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    writeFileSync(path, bytes)
  }
  const cases: ReadonlyArray<readonly [name: string, spoil: (folder: string) => void, says: RegExp]> = [
    ["cut-off", (path) => truncateSync(join(path, journal), 100), /JOURNAL\.gz is not as it was written/],
    ["a-bit", (path) => flipped(join(path, journal)), /JOURNAL\.gz is not as it was written/],
    ["without-a-file", (path) => rmSync(join(path, "PAYMENTS.gz")), /PAYMENTS\.gz is missing/],
    ["unfinished", (path) => rmSync(join(path, "manifest.json")), /There is no backup in/],
    ["manifest", (path) => flipped(join(path, "manifest.json")), /manifest\.json is not as it was written/]
  ]
  for (const [name, spoil, says] of cases) {
    it(`is refused before anything is written: ${name}`, async () => {
      assert.match(await refusal(fresh, optionsOf({ folder: spoiled(name, spoil) })), says)
      await assert.rejects(() => fresh.manager.streams.info(JOURNAL))
    })
  }

  it("is refused with another master key, and by a server that has something", async () => {
    assert.match(await refusal(fresh, optionsOf({ masterKey: Buffer.alloc(32, 9) })), /sealed with another master key/)
    assert.match(await refusal(old, optionsOf()), /has a stream \w+ already/)
  })

  it("is refused while nobody has said who may come in, and with a list that is another hub's", async () => {
    const said = await refusal(fresh, optionsOf())
    assert.match(said, /--admitted <file>, or --admitted-then:\nusers: ann \(admin\); mallory \(admin\)\nkeys: k1 till/)
    const foreign = ['{"type":"user-removed","user":"ann","at":1,"by":"eve"}']
    assert.match(await refusal(fresh, optionsOf({ admitted: foreign })), /of another hub/)
    await assert.rejects(() => fresh.manager.streams.info(JOURNAL))
  })

  it("is refused with a list of who may come in that it has no stream for", async () => {
    const without = spoiled("without-access", (path) => {
      writeManifest(path, { ...manifest, streams: manifest.streams.filter(({ name }) => name !== ACCESS) })
    })
    const admitted = await admittedNow(old)
    assert.match(await refusal(fresh, optionsOf({ folder: without, admitted })), /no stream of users and keys/)
    await assert.rejects(() => fresh.manager.streams.info(JOURNAL))
  })
})

describe("a backup that was made while the hub traded", () => {
  beforeAll(async () => {
    await run((await peopleOf(old)).erase("eve", why))
    const list = join(folder, "erased")
    assert.equal(addErased(list, await erasedNow(old)), 2)
    assert.equal(addErased(list, []), 2, "nobody is taken off")
    const access = await accessOf(old)
    for (const taken of [
      { type: "remove-user", user: "mallory" },
      { type: "revoke-key", key: "k1" }
    ] as const) {
      await run(access.change({ ...taken, ...stamp }))
    }
    await run(access.change({ type: "set-password", user: "ann", passwordHash: "newer", isOneTime: false, ...stamp }))
    const admitted = join(folder, "admitted")
    keepAdmitted(admitted, await admittedNow(old))
    const done = await restore(fresh, optionsOf({ erased: readErased(list), admitted: readAdmitted(admitted) }))
    assert.equal(admittedText(done.admitted), "users: ann (admin)\nkeys: none")
    databaseUrl = await freshDatabase()
    again = await startHub({
      NATS_URL: emptied.nats.url,
      REDIS_URL: emptied.redis.url,
      DATABASE_URL: databaseUrl,
      PERSONAL_DATA_KEY: masterKey(undefined, first.home, false).toString("base64")
    })
  }, 90_000)

  it("has the journals as they were, commit for commit", async () => {
    assert.deepEqual((await checkedManifest(join(folder, "backup"))).streams, manifest.streams)
    for (const name of [JOURNAL, CART_JOURNAL]) {
      const { lastSequence = 0 } = manifest.streams.find((stream) => stream.name === name) ?? {}
      assert.ok(lastSequence > 20, `${name} has ${lastSequence} commits`)
      for (let seq = 1; seq <= lastSequence; seq++) {
        const [was, is] = await Promise.all(
          [old, fresh].map(({ manager }) => manager.streams.getMessage(name, { seq }))
        )
        assert.deepEqual([is?.subject, is?.data], [was?.subject, was?.data])
      }
    }
  })

  it("has no cart whose stock is held in a commit that it does not have", async () => {
    const held = new Set<string>()
    const textOf = async (name: string): Promise<string> => {
      const { lastSequence = 0 } = manifest.streams.find((stream) => stream.name === name) ?? {}
      const texts: Array<string> = []
      for (let seq = 1; seq <= lastSequence; seq++) {
        const message = await fresh.manager.streams.getMessage(name, { seq })
        texts.push(JSON.stringify(decodeCommit<unknown>(message?.data ?? new Uint8Array()).records))
      }
      return texts.join("\n")
    }
    for (const [hold] of (await textOf(JOURNAL)).matchAll(/cart:c[\d-]+:\d+/g)) held.add(hold)
    const carts = await textOf(CART_JOURNAL)
    const told = [...carts.matchAll(/"cart":"(c[\d-]+)"[^\n]*?"type":"held"/g)]
    assert.ok(held.size > 5, "carts were held")
    for (const [, cart = ""] of told)
      assert.ok(
        [...held].some((hold) => hold.startsWith(`cart:${cart}:`)),
        cart
      )
  })

  it("is clean by the audit, in Redis and PostgreSQL too", async () => {
    const { nats, redis, postgres } = JSON.parse(readFileSync(join(again.home, "run.json"), "utf8")) as {
      readonly nats: string
      readonly redis: string
      readonly postgres: string
    }
    const report = await audit({ nats, redis, postgres }, { patienceMs: 30_000, windowMs: 86_400_000 })
    assert.ok(isClean(report), auditText(report))
    assert.equal((await http(again, "GET", "/v1/stock/late")).status, 404)
  })

  it("repeats the answers that were given, and keeps what is held", async () => {
    const long = { type: "reserve", mutationId: "long", holdId: "long", quantity: 3 }
    const { body } = await http(again, "POST", "/v1/stock/s0/requests", long)
    assert.deepEqual([body["ok"], body["replayed"]], [true, true])
    const bought = await http(again, "POST", "/v1/stock/s0/requests", {
      type: "commit",
      mutationId: "b",
      holdId: "long"
    })
    assert.equal(bought.status, 200)
  })

  it("lets holds end that ended while nothing ran", async () => {
    const asked = (mutationId: string, holdId: string) =>
      http(again, "POST", "/v1/stock/s0/requests", { type: "commit", mutationId, holdId })
    assert.deepEqual((await asked("ended", "h0-0")).body["code"], "hold_expired")
    const short = { type: "reserve", mutationId: "short", holdId: "short", quantity: 1, ttlMs: 300 }
    const { body } = await http(again, "POST", "/v1/stock/s3/requests", short)
    await eventually(
      () => http(again, "GET", "/v1/stock/s3"),
      (now) => Number(now.body["allocated"]) < Number(body["allocated"])
    )
  })

  it("has every fact that was acknowledged before it was begun", async () => {
    const pool = new Pool({ connectionString: databaseUrl, max: 1 })
    try {
      assert.ok(storedBefore.length > 10)
      await eventually(
        async () =>
          (await pool.query("SELECT mutation_id FROM stock_ledger WHERE mutation_id = ANY($1)", [storedBefore]))
            .rowCount,
        (rows) => rows === storedBefore.length
      )
    } finally {
      await pool.end()
    }
  })

  it("takes facts that come after it", async () => {
    const before = (await http(again, "GET", "/v1/stock/s2")).body["physical"]
    await fresh.jetstream.publish("stock.fact.s2", '{"type":"receipt","mutationId":"new","quantity":7}')
    await eventually(
      () => http(again, "GET", "/v1/stock/s2"),
      ({ body }) => body["physical"] === Number(before) + 7
    )
  })

  it("lets nobody in who was taken away after it, no password that was replaced, and nobody by a session", async () => {
    const { sessions, state } = await accessOf(fresh)
    assert.deepEqual([[...state.users.keys()], [...state.keys.keys()]], [["ann"], []])
    assert.equal(state.users.get("ann")?.passwordHash, "newer")
    assert.equal((await accessOf(old)).sessions.find("s1", stamp.at)?.user, "ann", "there was one")
    assert.equal(sessions.find("s1", stamp.at), undefined)
  })

  it("says of dead letters when they were stored at first", async () => {
    const [[was], [is]] = (await Promise.all([old, fresh].map(lettersOf))) as [Letters, Letters]
    assert.ok(was !== undefined && was.at < manifest.cutAt, was?.at)
    assert.deepEqual(is, was)
  })

  it("has whoever was erased before or after it erased, and nobody else", async () => {
    assert.deepEqual(await nameOf(fresh, "ada", ada), { name: "Ada Lovelace" })
    assert.equal(await nameOf(fresh, "eve", eve), "erased")
    assert.equal(await nameOf(fresh, "bob", bob), "erased")
    const people = await peopleOf(fresh)
    assert.deepEqual(await run(people.addresses.find("phone", "+447700900123")), [])
  })
})
