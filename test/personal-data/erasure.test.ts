/**
 * Goal: of a customer who was erased nothing can be read anywhere: journal, event streams, snapshots, Redis, PostgreSQL, files.
 * Method: a real hub that took facts with sealed texts in them is searched, store by store, for the plain words and for every
 * sealed text, and each that is found is tried with the master key; the command line works beside it.
 */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { statSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import { projectRoot } from "../../src/servers/servers.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"
import { inFiles, inPostgres, inRedis, SEALED, withData } from "../support/stores.ts"

const ada = { phone: "+447700900456", email: "ada.lovelace@example.net", name: "Augusta Ada King" }

let hub: TestHub

beforeAll(async () => {
  hub = await startHub()
})

afterAll(() => hub.stop())

const holdfast = async (...args: ReadonlyArray<string>) => {
  const program = join(projectRoot(), "dist", "scripts", "cli.js")
  const env = { ...process.env, HOLDFAST_HOME: hub.home }
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, "personal-data", ...args], { env })
    return { code: 0, out: JSON.parse(stdout) as unknown, said: "" }
  } catch (error) {
    const { code, stderr } = error as { readonly code: number; readonly stderr: string }
    return { code, out: undefined, said: stderr }
  }
}

const stores = {
  "the files": async () => inFiles(hub),
  PostgreSQL: () => inPostgres(hub),
  Redis: () => inRedis(hub)
} as const

describe("a customer's data in a hub", () => {
  it("is sealed in every store, exported whole, and after the erasure read by nobody", async () => {
    assert.equal(statSync(join(hub.home, "personal-data.key")).mode & 0o777, 0o600)
    const sealed = await withData(hub, (data) => data.keep("customer-1", ada))
    for (const [field, reference] of Object.entries(sealed)) {
      const fact = { type: "receipt", mutationId: `m-${field}`, quantity: 1, reference }
      assert.equal((await http(hub, "POST", "/v1/stock/MUG/facts", fact)).status, 202)
    }
    await eventually(
      () => inPostgres(hub),
      (text) => Object.values(sealed).every((one) => text.includes(one)),
      20_000
    )
    const exported = await holdfast(
      "export",
      "--customer",
      "customer-1",
      "--who",
      "dpo",
      "--why",
      "asked for in writing"
    )
    const { records } = exported.out as { readonly records: ReadonlyArray<{ readonly reference: string }> }
    assert.deepEqual(new Set(records.map(({ reference }) => reference)), new Set(Object.values(ada)))
    assert.deepEqual((await holdfast("find", "email", " Ada.Lovelace@example.net")).out, ["customer-1"])

    const erased = await holdfast("erase", "--customer", "customer-1", "--who", "dpo", "--why", "asked for in writing")
    assert.deepEqual([erased.code, erased.out], [0, { customerId: "customer-1", erased: true }])
    await hub.crash()
    for (const [name, read] of Object.entries(stores)) {
      const text = await read()
      for (const plain of Object.values(ada)) assert.ok(!text.includes(plain), `${plain} is in ${name}`)
      const found = [...new Set(text.match(SEALED) ?? [])]
      if (name !== "Redis") assert.ok(found.length >= 3, `${found.length} sealed texts in ${name}`)
      for (const one of found) {
        const reason = await withData(hub, (data) =>
          Effect.match(data.open("customer-1", one, { who: "test", why: "nothing is to be read" }), {
            onSuccess: () => "opened",
            onFailure: (failed) => failed.reason
          })
        )
        assert.equal(reason, "erased", name)
      }
    }
    assert.deepEqual(await withData(hub, (data) => data.addresses.find("email", ada.email)), [])
  })

  it("that is gone is said so, and who had seen it is still known", async () => {
    const gone = await holdfast("export", "--customer", "customer-1", "--who", "dpo", "--why", "again")
    assert.equal(gone.code, 1)
    assert.match(gone.said, /erased, or there never was any/)
    const { out } = await holdfast("accesses", "--customer", "customer-1")
    assert.deepEqual(
      (out as ReadonlyArray<{ readonly action: string; readonly who: string }>).map(({ action, who }) => [action, who]),
      [
        ["exported", "dpo"],
        ["erased", "dpo"]
      ]
    )
    assert.equal((await holdfast("export", "--customer", "customer-1")).code, 2)
    for (const plain of Object.values(ada)) assert.ok(!hub.output().includes(plain))
  })
})
