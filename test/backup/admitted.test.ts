/**
 * Goal: the file of who may come in is never less than it was, and never of two hubs.
 * Method: it is written again with what is shorter, another's or not writable, and laid beside backups that are older and newer.
 */
import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, it } from "vitest"
import { admittedSince, admittedText, keepAdmitted, readAdmitted } from "../../scripts/backup/admitted.ts"

const folder = mkdtempSync(join(tmpdir(), "holdfast-admitted-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const event = (fields: object): string => JSON.stringify({ ...fields, at: 1, by: "root" })
const ann = event({ type: "user-added", user: "ann", passwordHash: "h", roles: ["admin"] })
const till = event({ type: "key-added", key: "k1", name: "till", secretHash: "h", roles: ["operator"] })
const gone = event({ type: "key-revoked", key: "k1" })

describe("the file of who may come in", () => {
  it("has every event, and is nobody else's to read", () => {
    const file = join(folder, "kept")
    assert.equal(admittedText(keepAdmitted(file, [ann, till])), "users: ann (admin)\nkeys: k1 till (operator)")
    assert.equal(admittedText(keepAdmitted(file, [ann, till, gone])), "users: ann (admin)\nkeys: none")
    assert.deepEqual(readAdmitted(file), [ann, till, gone])
    assert.equal(statSync(file).mode & 0o777, 0o600)
  })

  it("is as it was when what comes is less, another hub's, or cannot be written", () => {
    const file = join(folder, "guarded")
    keepAdmitted(file, [ann, till])
    for (const other of [[ann], [till, ann], [ann, gone, till]]) {
      assert.throws(() => keepAdmitted(file, other), /name another file/)
    }
    mkdirSync(`${file}.new`)
    assert.throws(() => keepAdmitted(file, [ann, till, gone]))
    assert.deepEqual(readAdmitted(file), [ann, till])
  })

  it("is refused with a line that is no event", () => {
    const file = join(folder, "damaged")
    for (const wrong of [till.slice(9), "null", "{}"]) {
      writeFileSync(file, `${ann}\n${wrong}\n`)
      assert.throws(() => readAdmitted(file), /tells of no user or key/, wrong)
    }
    assert.throws(() => keepAdmitted(file, [ann, till]))
    assert.equal(readFileSync(file, "utf8"), `${ann}\n{}\n`)
  })

  it("adds to a backup what came after it, nothing to one that is newer, and goes with no other hub's", () => {
    assert.deepEqual(admittedSince([ann], [ann, till, gone]), [till, gone])
    assert.deepEqual(admittedSince([ann, till, gone], [ann, till]), [])
    assert.throws(() => admittedSince([till], [ann, till]), /another hub/)
  })
})
