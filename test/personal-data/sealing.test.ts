/**
 * Goal: a sealed value is opened with its customer's key as what it was sealed as, and by nothing else; the master key is
 * made once, for its owner alone.
 * Method: properties of the cryptography; files in a folder of the test's own.
 */
import assert from "node:assert/strict"
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as fc from "fast-check"
import { afterEach, beforeEach, describe, it } from "vitest"
import { maskedField } from "../../src/personal-data/masking.ts"
import { masterKey } from "../../src/personal-data/master-key.ts"
import {
  blindIndex,
  customerToken,
  FIELDS,
  masterKeys,
  newDataKey,
  readSealed,
  seal,
  unseal,
  unwrapKey,
  wrapKey
} from "../../src/personal-data/sealing.ts"
import { withTexts } from "../../src/personal-data/tree.ts"
import { runs } from "../support/runs.ts"

const master = Buffer.alloc(32, 7)
const keys = masterKeys(master)
const token = customerToken(keys, "customer-1")

const sealedOf = (text: string) => readSealed(text) ?? assert.fail(`${text} is not sealed`)

describe("a sealed value", () => {
  it("is what was sealed, for any text, and never the same twice", () => {
    const dataKey = newDataKey()
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 512, unit: "grapheme" }),
        fc.constantFrom(...FIELDS),
        (plain, field) => {
          fc.pre(Buffer.byteLength(plain) < 2_000)
          const sealed = seal(dataKey, token, field, plain)
          assert.equal(unseal(dataKey, sealedOf(sealed)), plain)
          assert.notEqual(seal(dataKey, token, field, plain), sealed)
          assert.ok(plain.length < 8 || !sealed.includes(plain))
        }
      ),
      runs(200)
    )
  })

  it("is opened by no other key, for no other customer, as no other field, and with no bit changed", () => {
    const dataKey = newDataKey()
    const sealed = sealedOf(seal(dataKey, token, "email", "ada@example.com"))
    assert.equal(unseal(newDataKey(), sealed), undefined)
    assert.equal(unseal(dataKey, { ...sealed, field: "name" }), undefined)
    assert.equal(unseal(dataKey, { ...sealed, token: customerToken(keys, "customer-2") }), undefined)
    const bytes = Buffer.from(sealed.payload, "base64url")
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8((changed[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3)
      assert.equal(unseal(dataKey, { ...sealed, payload: changed.toString("base64url") }), undefined, `bit ${bit}`)
    }
    assert.equal(unseal(dataKey, { ...sealed, payload: "AAAA" }), undefined)
  })

  it("needs a key that was wrapped for its customer under this master key", () => {
    const dataKey = newDataKey()
    const wrapped = wrapKey(keys, token, dataKey)
    assert.deepEqual(unwrapKey(keys, token, wrapped), dataKey)
    assert.equal(unwrapKey(keys, customerToken(keys, "customer-2"), wrapped), undefined)
    assert.equal(unwrapKey(masterKeys(Buffer.alloc(32, 8)), token, wrapped), undefined)
  })

  it("and an index say nothing of whose and what it is to who has another master key", () => {
    const others = masterKeys(Buffer.alloc(32, 8))
    assert.notEqual(customerToken(others, "customer-1"), token)
    assert.notEqual(blindIndex(others, "email", "a@b.c"), blindIndex(keys, "email", "a@b.c"))
    assert.notEqual(blindIndex(keys, "phone", "a@b.c"), blindIndex(keys, "email", "a@b.c"))
  })

  it("is found in data of any shape, and keys that look like a prototype are keys", () => {
    const value = JSON.parse('{"a":["x",{"__proto__":"x"}],"n":1,"z":null}') as unknown
    const replaced = withTexts(value, (text) => (text === "x" ? "y" : text))
    assert.equal(JSON.stringify(replaced), '{"a":["y",{"__proto__":"y"}],"n":1,"z":null}')
  })
})

describe("a masked value", () => {
  it("shows that it is the one that was meant, and no more", () => {
    assert.equal(maskedField("phone", "+44 7700 900123"), "•••23")
    assert.equal(maskedField("phone", "12345"), "•••")
    assert.equal(maskedField("email", "ada.lovelace@example.com"), "a•••@e•••")
    assert.equal(maskedField("email", ""), "•••@•••")
    assert.equal(maskedField("name", "Ada  Lovelace"), "A••• L•••")
    assert.equal(maskedField("name", "👩‍💻 Ada"), "👩‍💻••• A•••")
  })
})

describe("the master key", () => {
  let home: string

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "holdfast-master-key-"))
  })

  afterEach(() => rmSync(home, { recursive: true, force: true }))

  it("is made at the first start, readable by its owner alone, and the same ever after", () => {
    const made = masterKey(undefined, join(home, "new"), true)
    const path = join(home, "new", "personal-data.key")
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(join(home, "new")), ["personal-data.key"])
    assert.deepEqual(masterKey(undefined, join(home, "new"), true), made)
    assert.equal(readFileSync(path, "utf8").trim(), made.toString("base64"))
    assert.equal(made.length, 32)
  })

  it("comes from the setting where that is set, and then no file is made", () => {
    assert.deepEqual(masterKey(master.toString("base64"), home, true), master)
    assert.deepEqual(readdirSync(home), [])
  })

  it("that others can read, that is none, or that is not there for a program beside the hub is refused with what to do", () => {
    const path = join(home, "personal-data.key")
    const refusedWith = (message: RegExp, given?: string) =>
      assert.throws(
        () => masterKey(given, home, false),
        (error: Error) => error.name === "WrongMasterKey" && message.test(error.message)
      )
    refusedWith(/set HOLDFAST_HOME/)
    refusedWith(/32 bytes in base64/, "short")
    writeFileSync(path, "nonsense", { mode: 0o600 })
    refusedWith(/holds no key/)
    writeFileSync(path, master.toString("base64"))
    chmodSync(path, 0o644)
    refusedWith(/chmod 600/)
  })
})
