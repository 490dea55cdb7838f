/**
 * Goal: whatever a file is made of, its rows are the same from any place where reading goes on, and a broken line costs
 * itself alone.
 * Method: files by chance against a reader that has it all in memory; then each kind of broken line.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { open } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, it } from "vitest"
import { erpFormat } from "../../src/channels/erp/format.ts"
import { LINE_BYTES_MAX, type Position } from "../../src/channels/erp/lines.ts"
import { type Row, RowReader } from "../../src/channels/erp/rows.ts"
import { PLAIN } from "../support/erp.ts"
import { runs } from "../support/runs.ts"

let directory: string
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), "holdfast-erp-rows-"))))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const rowsOf = async (bytes: Buffer, settings: object, from?: Position): Promise<ReadonlyArray<Row>> => {
  const path = join(directory, "file")
  writeFileSync(path, bytes)
  const file = await open(path, "r")
  try {
    const reader = await RowReader.open(file, bytes.length, erpFormat(settings), from)
    const rows: Array<Row> = []
    for (let read = await reader.read(); read.length > 0; read = await reader.read()) rows.push(...read)
    return rows
  } finally {
    await file.close()
  }
}

const bare = { type: "csv", header: false, fields: { sku: 1, quantity: 2 }, everyRow: { type: "receipt" } }
const fixed = {
  type: "fixed",
  fields: { sku: { start: 1, length: 4 }, quantity: { start: 5, length: 4 } },
  everyRow: { type: "receipt" }
}
const told = (rows: ReadonlyArray<Row>) =>
  rows.map(({ number, content }) => [number, content.ok ? content.value : content.reason])

describe("lines of a file", () => {
  const end = fc.constantFrom("\n", "\r\n", "\r")
  const lines = fc.array(
    fc.tuple(
      fc.oneof(
        fc.stringMatching(/^[a-z=+@ü€ ]{0,12}$/),
        // About the size of what is read at once, and about the longest line.
        fc.integer({ min: LINE_BYTES_MAX - 3, max: LINE_BYTES_MAX }).map((length) => "x".repeat(length))
      ),
      end
    ),
    { maxLength: 24 }
  )

  it("are those of a reader that has the whole file, whatever ends them, from wherever reading goes on", async () => {
    await fc.assert(
      fc.asyncProperty(lines, fc.boolean(), async (written, isOpen) => {
        const whole = written.map(([text, mark]) => text + mark).join("")
        const text = isOpen ? whole.replace(/[\r\n]+$/, "") : whole
        const rows = await rowsOf(Buffer.from(text), fixed)
        const expected = text
          .split(/\r\n|\n|\r/)
          .map((line, index) => [index + 1, line] as const)
          .filter(([, line]) => line.trim() !== "")
        assert.deepEqual(told(rows), expected)
        for (const [index, { next }] of rows.entries()) {
          assert.deepEqual(told(await rowsOf(Buffer.from(text), fixed, next)), expected.slice(index + 1))
        }
      }),
      runs(150)
    )
  })

  it("keep their numbers when a CRLF falls between two reads", async () => {
    const chunk = 256 * 1024
    for (const before of [chunk - 2, chunk - 1, chunk]) {
      const filler = `${"y".repeat(99)}\n`.repeat(Math.floor(before / 100))
      const text = `${filler}${"z".repeat(before - filler.length - 1)}\r\nlast`
      const rows = await rowsOf(Buffer.from(text), fixed)
      assert.deepEqual(told(rows.slice(-1)), [[Math.floor(before / 100) + 2, "last"]])
      assert.equal((await rowsOf(Buffer.from(text), fixed, rows.at(-2)?.next)).length, 1)
    }
  })

  it("of more than 64 KiB are rejected with their beginning, however long, and the next is read", async () => {
    const long = [LINE_BYTES_MAX + 1, 300_000, 2_000_000].map((length) => "a".repeat(length))
    for (const mark of ["\n", "\r\n", "\r"]) {
      const rows = await rowsOf(Buffer.from(["A,1", ...long, "B,2"].join(mark)), bare)
      const reason = `the line is longer than ${LINE_BYTES_MAX} bytes`
      assert.deepEqual(told(rows), [
        [1, ["A", "1"]],
        [2, reason],
        [3, reason],
        [4, reason],
        [5, ["B", "2"]]
      ])
      assert.ok(rows[2]?.raw.length === 512)
    }
    assert.equal((await rowsOf(Buffer.from("a".repeat(500_000)), bare)).length, 1)
  })
})

describe("rows of a CSV", () => {
  it("have a header that may begin with a byte order mark, and be quoted", async () => {
    const rows = await rowsOf(Buffer.from('\uFEFF"sku",quantity\nA,1\n'), PLAIN)
    assert.deepEqual(told(rows), [[2, ["A", "1"]]])
  })

  it("keep what looks like a formula, a key of objects, or markup as data", async () => {
    const texts = ['=cmd|"/c calc"!A1', "+1", "-1", "@SUM(A1)", "__proto__", "<script>", "'; DROP TABLE stock"]
    const rows = await rowsOf(Buffer.from(texts.map((text) => `${text},1`).join("\n")), bare)
    assert.deepEqual(
      rows.map(({ content }) => content.ok && content.value[0]),
      texts
    )
  })

  it("with a NUL byte or bytes that are no UTF-8 are rejected alone", async () => {
    const bytes = Buffer.concat([Buffer.from("A,1\nB\0,2\n"), Buffer.from([0x43, 0xfc]), Buffer.from(",3\nD,4")])
    const nul = "there is a NUL byte in the line"
    assert.deepEqual(told(await rowsOf(bytes, bare)), [
      [1, ["A", "1"]],
      [2, nul],
      [3, "the line is not in UTF-8"],
      [4, ["D", "4"]]
    ])
    const latin = await rowsOf(bytes, { ...bare, encoding: "latin1" })
    assert.deepEqual(told(latin.slice(1, 3)), [
      [2, nul],
      [3, ["Cü", "3"]]
    ])
  })

  it("lose to a quote that is never closed one row and no other", async () => {
    const text = ["A,1", 'B,"2', ...Array.from({ length: 40 }, (_, row) => `C${row},3`), 'D,"4'].join("\n")
    const rows = await rowsOf(Buffer.from(text), bare)
    const never = "a quote is opened and never closed"
    assert.equal(rows.length, 43)
    assert.deepEqual(told([rows[0], rows[1], rows[2], rows[42]] as ReadonlyArray<Row>), [
      [1, ["A", "1"]],
      [2, never],
      [3, ["C0", "3"]],
      [43, never]
    ])
  })

  it("of several lines are one row, and reading goes on behind it", async () => {
    const text = 'A,"1\r\n\r\n2"\rB,3'
    const rows = await rowsOf(Buffer.from(text), bare)
    assert.deepEqual(told(rows), [
      [1, ["A", "1\n\n2"]],
      [4, ["B", "3"]]
    ])
    assert.deepEqual(told(await rowsOf(Buffer.from(text), bare, rows[0]?.next)), [[4, ["B", "3"]]])
  })

  it("may have another delimiter and quote; a quote within a text is a character", async () => {
    const rows = await rowsOf(Buffer.from(`12" RULER|1\n'a|b''c'|2`), { ...bare, delimiter: "|", quote: "'" })
    assert.deepEqual(told(rows), [
      [1, ['12" RULER', "1"]],
      [2, ["a|b'c", "2"]]
    ])
  })

  it("of an empty file, or one in UTF-16, are none: the file is not what it is taken for", async () => {
    await assert.rejects(rowsOf(Buffer.from("\n \n"), PLAIN), /The file is empty/)
    await assert.rejects(rowsOf(Buffer.from('"sku'), PLAIN), /opens a quote and never closes it/)
    await assert.rejects(rowsOf(Buffer.from("\uFEFFsku,quantity\nA,1\n", "utf16le"), PLAIN), /UTF-16/)
  })
})
