/**
 * Goal: what a snapshot holds is read as it was written, wherever its parts are cut, and in time that grows with it.
 * Method: lines as snapshots write them, in parts of awkward sizes, read into a book that only takes notes.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { describe, it } from "vitest"
import type { ActorBook } from "../../src/host/kind.ts"
import { eachLine, restoreState, stateTexts } from "../../src/host/snapshot-lines.ts"
import type { SnapshotsShape } from "../../streams/snapshots.ts"

type Actors = ReadonlyArray<readonly [name: string, packed: string]>

const read = async (actors: Actors, partBytes: number): Promise<Actors> => {
  const asleep = new Map(actors)
  const written = { packed: (name: string) => asleep.get(name) } as unknown as ActorBook
  const bytes = Buffer.from([...stateTexts(written, [...asleep.keys()])].join(""))
  const parts = Array.from({ length: Math.ceil(bytes.length / partBytes) }, (_, index) => String(index))
  const snapshots = {
    get: (part: string) =>
      Effect.succeed(new Uint8Array(bytes.subarray(Number(part) * partBytes, (Number(part) + 1) * partBytes)))
  } as unknown as SnapshotsShape
  const found: Array<readonly [string, string]> = []
  const book = { restore: (name: string, packed: string) => void found.push([name, packed]) } as unknown as ActorBook
  await Effect.runPromise(eachLine(parts, snapshots, (line) => restoreState(book, line)))
  return found
}

describe("a snapshot's lines", () => {
  it("are read wherever the parts are cut, also within a character", async () => {
    const actors = [
      ["plain", "[1]"],
      [`with "quotes", \\ and a\ttab`, `{"text":"a\\tb \\\\"}`],
      ["日本の店", '[2,"é"]'],
      ["", "[3]"]
    ] as const
    for (let partBytes = 1; partBytes < 60; partBytes++) assert.deepEqual(await read(actors, partBytes), actors)
  })

  it("take no longer each when there are many", async () => {
    const actors = Array.from({ length: 100_000 }, (_, n) => [`cart:${n}`, `[${n},"some text of a cart"]`] as const)
    const startedMs = performance.now()
    assert.equal((await read(actors, 512 * 1024)).length, actors.length)
    // A look through the rest of all parts for each line takes a minute.
    assert.ok(performance.now() - startedMs < 10_000)
  })
})
