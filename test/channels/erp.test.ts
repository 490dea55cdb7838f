/**
 * Goal: every row of every file becomes one fact or one line of a report, whatever is killed, sent again or broken.
 * Method: a bridge on a folder, a publisher that can fail, and copies of the folder as a kill would leave it.
 */
import assert from "node:assert/strict"
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, it } from "vitest"
import type { LiveProgress } from "../../src/channels/erp/file-run.ts"
import { FolderInUse } from "../../src/channels/erp/lock.ts"
import { Desk, PLAIN, plainFile } from "../support/erp.ts"
import { eventually } from "../support/hub.ts"

let desk: Desk
beforeEach(() => void (desk = new Desk()))
afterEach(() => desk.remove())

const ids = (of: Desk): ReadonlyArray<string> => of.facts.map(({ sku, body }) => `${sku} ${body.mutationId}`)
const kinds = (): ReadonlyArray<string> => desk.outcomes.map(({ file, outcome }) => `${file} ${outcome}`)
const files = (): ReadonlyArray<string> => readdirSync(desk.folder).filter((name) => name.includes("."))

describe("a file", () => {
  it("becomes facts in its order, goes to processed, and leaves nothing behind", async () => {
    desk.drop("a.csv", plainFile(2_500))
    const progress: Array<LiveProgress> = []
    await desk.run(PLAIN, {}, { onProgress: (now) => void progress.push(now) })
    assert.equal(desk.facts.length, 2_500)
    assert.deepEqual(desk.facts[1], {
      sku: "S-1",
      body: { type: "receipt", quantity: 2, mutationId: desk.facts[1]?.body.mutationId }
    })
    assert.match(desk.facts[1]?.body.mutationId ?? "", /^erp:[0-9a-f]{16}:3$/)
    assert.equal(new Set(ids(desk)).size, 2_500)
    assert.equal(desk.read("processed/a.csv"), plainFile(2_500))
    assert.deepEqual(files(), [])
    assert.deepEqual(
      progress.map(({ rows, bytesDone, bytesTotal }) => [rows, bytesDone === bytesTotal]),
      [
        [1_000, false],
        [2_000, false],
        [2_500, true]
      ]
    )
  })

  it("that comes again, also under another name, is harmless and told as already processed", async () => {
    desk.drop("a.csv", plainFile(10))
    await desk.run(PLAIN)
    desk.drop("a.csv", plainFile(10))
    desk.drop("b.csv", plainFile(10))
    await desk.run(PLAIN)
    assert.equal(desk.facts.length, 10)
    assert.deepEqual(kinds(), ["a.csv processed", "a.csv already processed", "b.csv already processed"])
    assert.deepEqual(readdirSync(join(desk.folder, "processed")).sort(), [".contents", "a.csv", "a.csv.1", "b.csv"])
  })

  it("that is changed under the same name is a new file, with a report of its own", async () => {
    desk.drop("a.csv", "sku,quantity\nA,1\nB,x\n")
    await desk.run(PLAIN)
    desk.drop("a.csv", "sku,quantity\nA,1\nB,y\n")
    await desk.run(PLAIN)
    assert.equal(new Set(ids(desk)).size, 2)
    const [first, second] = readdirSync(join(desk.folder, "rejected")).sort().toReversed()
    assert.deepEqual([first, /^a\.csv\.[0-9a-f]{16}\.csv$/.test(second ?? "")], ["a.csv.csv", true])
    assert.deepEqual(desk.report("a.csv"), [["3", 'the quantity "x" is no number', "B,x"]])
    assert.equal(desk.outcomes[1]?.report, join(desk.folder, "rejected", second ?? ""))
  })

  it("has rows rejected by the hub in its report too, in the order of the rows, safe for a spreadsheet", async () => {
    desk.drop("a.csv", 'sku,quantity\nA,1\n=HYPERLINK("x"),0x\nBAD,2\nC,?\n')
    const [outcome] = await desk.run(
      PLAIN,
      {},
      {
        publish: async (facts) =>
          facts.map(({ sku }) => (sku === "BAD" ? { ok: false, message: "mutation_conflict" } : { ok: true }))
      }
    )
    assert.deepEqual([outcome?.rows, outcome?.facts, outcome?.rejected], [4, 1, 3])
    assert.deepEqual(desk.report("a.csv"), [
      ["3", 'the quantity "0x" is no number', `'=HYPERLINK("x"),0x`],
      ["4", "mutation_conflict", "BAD,2"],
      ["5", 'the quantity "?" is no number', "C,?"]
    ])
  })

  it("whose header is not the format's is refused once, left alone, and read when it was mended", async () => {
    desk.drop("twice.csv", "sku,quantity,sku\nA,1,B\n")
    desk.drop("without.csv", "sku,amount\nA,1\n")
    const bridge = desk.bridge(PLAIN)
    const { signal } = new AbortController()
    await bridge.run(signal)
    assert.deepEqual(
      desk.outcomes.map(({ outcome, message }) => [outcome, message]),
      [
        ["refused", 'The header has more than one column "sku".'],
        ["refused", 'The header has no column "quantity".']
      ]
    )
    await bridge.run(signal)
    assert.equal(desk.outcomes.length, 2)
    desk.drop("without.csv", "sku,quantity\nA,11\n")
    await bridge.run(signal)
    assert.equal(desk.facts.length, 1)
    assert.ok(existsSync(join(desk.folder, "twice.csv")))
  })

  it("of another name than the setting's, half a transfer's, hidden, or a folder is left alone", async () => {
    for (const name of [".a.csv", "a.csv.part", "a.csv.tmp", "b.txt"]) desk.drop(name, plainFile(1))
    mkdirSync(join(desk.folder, "folder.csv"))
    desk.drop("MB51_1.csv", plainFile(1))
    await desk.run(PLAIN, { files: "MB51_*.csv" })
    assert.deepEqual(kinds(), ["MB51_1.csv processed"])
  })
})

describe("a file that is not whole", () => {
  const trailed = { ...PLAIN, trailer: { marker: "END", count: 2 } }

  it.each([
    ["A,1\nB,2\n", /trailer is missing/],
    ["A,1\nB,2\nEND,3\n", /counts 3 rows, the file has 2/],
    ["A,1\nEND,1\nB,2\n", /rows behind the trailer/],
    ["A,1\nEND,x\n", /count cannot be read/]
  ])("by its trailer is not begun: %j", async (rows, message) => {
    desk.drop("a.csv", `sku,quantity\n${rows}`)
    const [outcome] = await desk.run(trailed)
    assert.equal(outcome?.outcome, "incomplete")
    assert.match(outcome?.message ?? "", message)
    assert.equal(desk.facts.length, 0)
    assert.deepEqual(files(), ["a.csv"])
  })

  it("is begun when the rest of it is there, and its trailer is no row", async () => {
    desk.drop("a.csv", "sku,quantity\nA,1\n")
    const bridge = desk.bridge(trailed)
    await bridge.run(new AbortController().signal)
    desk.drop("a.csv", "sku,quantity\nA,1\nB,2\nEND,2")
    await bridge.run(new AbortController().signal)
    assert.deepEqual(kinds(), ["a.csv incomplete", "a.csv processed"])
    assert.equal(desk.outcomes[1]?.rows, 2)
  })

  it("because it is still written is not begun; one that rests is", async () => {
    desk.drop("resting.csv", plainFile(5))
    desk.drop("growing.csv", plainFile(5))
    const writing = setInterval(() => writeFileSync(join(desk.folder, "growing.csv"), "A,1\n", { flag: "a" }), 20)
    await desk.run(PLAIN, { stableMs: 150 }).finally(() => clearInterval(writing))
    assert.deepEqual(kinds(), ["resting.csv processed", "growing.csv incomplete"])
    assert.equal(desk.facts.length, 5)
  })

  it("without its mark is not begun where marks are asked for; the mark goes with it", async () => {
    desk.drop("a.csv", plainFile(1))
    const bridge = desk.bridge(PLAIN, { doneMarker: true })
    await bridge.run(new AbortController().signal)
    desk.drop("a.csv.done", "")
    await bridge.run(new AbortController().signal)
    assert.deepEqual(kinds(), ["a.csv incomplete", "a.csv processed"])
    assert.deepEqual(files(), [])
  })

  it("or empty waits, and is no file that was processed", async () => {
    desk.drop("a.csv", "")
    await desk.run(PLAIN)
    assert.deepEqual(kinds(), ["a.csv incomplete"])
  })

  it("and grows while it is read is given up before the next block, and read anew when it rests", async () => {
    desk.drop("a.csv", plainFile(3_000))
    const bridge = desk.bridge(
      PLAIN,
      {},
      {
        publish: async (facts) => {
          if (desk.facts.length === 0) writeFileSync(join(desk.folder, "a.csv"), "LATE,1\n", { flag: "a" })
          return desk.take(facts)
        }
      }
    )
    await bridge.run(new AbortController().signal)
    assert.deepEqual([desk.facts.length, files()], [1_000, ["a.csv", "a.csv.progress"]])
    await bridge.run(new AbortController().signal)
    assert.deepEqual(kinds(), ["a.csv incomplete", "a.csv processed"])
    assert.equal(desk.outcomes[1]?.rows, 3_001)
    assert.equal(desk.facts.at(-1)?.sku, "LATE")
  })

  it("but only touched goes on where it was", async () => {
    desk.drop("a.csv", plainFile(3_000))
    const bridge = desk.bridge(
      PLAIN,
      {},
      {
        publish: async (facts) => {
          if (desk.facts.length === 0) utimesSync(join(desk.folder, "a.csv"), 1, 1)
          return desk.take(facts)
        }
      }
    )
    await bridge.run(new AbortController().signal)
    await bridge.run(new AbortController().signal)
    assert.equal(new Set(ids(desk)).size, 3_000)
    assert.equal(desk.facts.length, 3_000)
  })
})

describe("a bridge that is killed", () => {
  /** A folder as it is at this moment: what a kill -9 would leave. */
  const copies: Array<Desk> = []
  const copy = (): void => {
    const left = new Desk()
    cpSync(desk.folder, left.folder, { recursive: true })
    // What was acknowledged before the kill stays so.
    left.facts.push(...desk.facts)
    copies.push(left)
  }
  afterEach(() => {
    for (const left of copies.splice(0)) left.remove()
  })

  it("before, while or after a block is acknowledged loses no row and repeats one block at most", async () => {
    const text = plainFile(4_500).replaceAll("S-7,", "S-7,x")
    desk.drop("a.csv", text)
    await desk.run(
      PLAIN,
      {},
      {
        publish: async (facts) => {
          copy()
          // Half of them are stored when it is killed.
          desk.facts.push(...facts.slice(0, 500))
          copy()
          desk.facts.push(...facts.slice(500))
          copy()
          return facts.map(() => ({ ok: true }))
        },
        onProgress: copy
      }
    )
    const all = new Set(ids(desk))
    const report = desk.read("rejected/a.csv.csv")
    assert.equal(all.size, 4_410)
    assert.equal(copies.length, 20)
    for (const left of copies) {
      const before = left.facts.length
      const [outcome] = await left.run(PLAIN)
      assert.deepEqual(
        [outcome?.outcome, outcome?.rows, outcome?.facts, outcome?.rejected],
        ["processed", 4_500, 4_410, 90]
      )
      assert.deepEqual(new Set(ids(left)), all)
      assert.ok(left.facts.length - 4_410 <= 1_000, `${left.facts.length} of which ${before} before`)
      assert.equal(left.read("rejected/a.csv.csv"), report)
    }
  })

  it("between any two steps of putting a file away puts it away at the next start", async () => {
    desk.drop("a.csv", plainFile(3))
    let finished: string | undefined
    await desk.run(PLAIN, {}, { onProgress: () => void (finished = desk.read("a.csv.progress")) })
    // The content is marked as done, the file is not moved.
    cpSync(join(desk.folder, "processed", "a.csv"), join(desk.folder, "a.csv"))
    rmSync(join(desk.folder, "processed", "a.csv"))
    desk.drop("a.csv.progress", finished ?? "")
    await desk.run(PLAIN)
    assert.deepEqual(kinds(), ["a.csv processed", "a.csv processed"])
    // The file is moved, its progress is left.
    desk.drop("a.csv.progress", finished ?? "")
    await desk.run(PLAIN)
    assert.deepEqual([files(), desk.facts.length], [[], 3])
  })

  it("leaves progress that is damaged, or of another content: the file is begun again under the same ids", async () => {
    for (const progress of ["", "{", "null", '{"sha256":"x"}', '{"sha256":"0","offset":9,"line":2,"report":"../x"}']) {
      const own = new Desk()
      own.drop("a.csv", plainFile(3))
      own.drop("a.csv.progress", progress)
      await own.run(PLAIN)
      assert.equal(own.facts.length, 3)
      own.remove()
    }
  })
})

describe("a publisher that is away", () => {
  it("is asked again with growing pauses until it is back, and told of once", async () => {
    desk.drop("a.csv", plainFile(1_500))
    const at: Array<number> = []
    await desk.run(
      PLAIN,
      {},
      {
        patience: { firstMs: 20, mostMs: 80 },
        publish: async (facts) => {
          at.push(performance.now())
          if (at.length <= 5) throw new Error("the hub is away")
          return desk.take(facts)
        }
      }
    )
    assert.deepEqual(desk.waits, ["the hub is away", undefined])
    assert.equal(desk.facts.length, 1_500)
    const pauses = at.slice(1, 6).map((time, index) => time - (at[index] as number))
    // At least half of 20, 40, 80, 80, 80.
    for (const [index, leastMs] of [10, 20, 40, 40, 40].entries()) assert.ok((pauses[index] as number) >= leastMs - 2)
  })

  it("is not waited for when the bridge is stopped, and the next run goes on", async () => {
    desk.drop("a.csv", plainFile(1_500))
    const stop = new AbortController()
    const bridge = desk.bridge(
      PLAIN,
      {},
      {
        patience: { firstMs: 60_000, mostMs: 60_000 },
        publish: (facts) => (desk.facts.length === 0 ? desk.take(facts) : Promise.reject(new Error("away"))),
        onWaiting: () => stop.abort()
      }
    )
    const [outcome] = await bridge.run(stop.signal)
    assert.deepEqual([outcome?.outcome, outcome?.rows], ["interrupted", 1_000])
    await desk.run(PLAIN)
    assert.equal(desk.facts.length, 1_500)
    assert.equal(new Set(ids(desk)).size, 1_500)
  })

  it("and answers for fewer facts than it was given has not answered", async () => {
    desk.drop("a.csv", plainFile(3))
    let calls = 0
    await desk.run(PLAIN, {}, { publish: async (facts) => (++calls === 1 ? [{ ok: true }] : desk.take(facts)) })
    assert.deepEqual([calls, desk.facts.length], [2, 3])
  })
})

describe("a watching bridge", () => {
  it("takes what comes, tells a trouble once, and stops when it is told to", async () => {
    const stop = new AbortController()
    const watching = desk.bridge(PLAIN, { rescanMs: 300 }).watch(stop.signal)
    await eventually(async () => existsSync(join(desk.folder, "processed", ".contents")), Boolean)
    desk.drop("bad.csv", "x\n")
    desk.drop("a.csv", plainFile(3))
    await eventually(
      async () => desk.outcomes.length,
      (count) => count >= 2
    )
    desk.drop("b.csv", plainFile(4))
    await eventually(
      async () => desk.facts.length,
      (count) => count === 7
    )
    await new Promise((resolve) => setTimeout(resolve, 800))
    stop.abort()
    await watching
    assert.deepEqual(kinds().toSorted(), ["a.csv processed", "b.csv processed", "bad.csv refused"])
  })

  it("waits for a folder that goes away and comes back", async () => {
    const stop = new AbortController()
    const watching = desk.bridge(PLAIN, { rescanMs: 100 }).watch(stop.signal)
    await eventually(async () => existsSync(join(desk.folder, "processed", ".contents")), Boolean)
    rmSync(desk.folder, { recursive: true })
    await eventually(
      async () => desk.waits.length,
      (count) => count === 1
    )
    mkdirSync(join(desk.folder, "processed", ".contents"), { recursive: true })
    mkdirSync(join(desk.folder, "rejected"))
    desk.drop("a.csv", plainFile(2))
    await eventually(
      async () => desk.facts.length,
      (count) => count === 2
    )
    stop.abort()
    await watching
    assert.match(desk.waits[0] ?? "", /ENOENT/)
    assert.equal(desk.waits[1], undefined)
  })

  it("has the folder for itself", async () => {
    const stop = new AbortController()
    const watching = desk.bridge(PLAIN).watch(stop.signal)
    await eventually(async () => existsSync(join(desk.folder, "processed", ".contents")), Boolean)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await assert.rejects(desk.run(PLAIN), FolderInUse)
    stop.abort()
    await watching
    await desk.run(PLAIN)
  })
})
