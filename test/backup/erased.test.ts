/**
 * Goal: the list of who was erased is never less than it was.
 * Method: it is written again where it cannot be written, and read with a line that is none.
 */
import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, it } from "vitest"
import { addErased, readErased } from "../../scripts/backup/erased.ts"

const folder = mkdtempSync(join(tmpdir(), "holdfast-erased-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const token = (letter: string): string => letter.repeat(22)

describe("the list of who was erased", () => {
  it("is as it was when it cannot be written", () => {
    const list = join(folder, "kept")
    addErased(list, [token("a")])
    mkdirSync(`${list}.new`)
    assert.throws(() => addErased(list, [token("b")]))
    assert.deepEqual([...readErased(list)], [token("a")])
    rmSync(`${list}.new`, { recursive: true })
    assert.equal(addErased(list, [token("b")]), 2)
    assert.equal(statSync(list).mode & 0o777, 0o600)
  })

  it("is refused, and left alone, with a line that is no token", () => {
    const list = join(folder, "damaged")
    writeFileSync(list, `${token("a")}\n${token("b").slice(3)}`)
    assert.throws(() => addErased(list, [token("c")]), /no customer's token/)
    assert.match(readFileSync(list, "utf8"), /^a{22}\nb{19}$/)
  })
})
