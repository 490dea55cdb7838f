/**
 * The lines of a snapshot, straight from its bytes: an actor's name as a JSON string, a tab (which JSON strings never hold),
 * and what it sleeps as.
 *
 * Each text is made for itself. Cut out of the text of a whole part it would keep that part in memory for as long as one
 * of its actors sleeps, beside everybody's newer states.
 */
import { Effect } from "effect"
import type { PartMissing, SnapshotFailed, SnapshotsShape } from "../../streams/snapshots.ts"
import type { ActorBook } from "./kind.ts"

/** The states of `names` as text, piece by piece: at once a few commands' time at most, however many holds a SKU has. */
export function* stateTexts(book: ActorBook, names: ReadonlyArray<string>): Iterable<string> {
  for (const name of names) {
    const pieces = book.packedInPieces?.(name)
    if (pieces === undefined) {
      const packed = book.packed(name)
      if (packed !== undefined) yield `${JSON.stringify(name)}\t${packed}\n`
    } else {
      yield `${JSON.stringify(name)}\t`
      yield* pieces
      yield "\n"
    }
  }
}

export function* recordTexts(records: Iterable<unknown>): Iterable<string> {
  for (const record of records) yield `${JSON.stringify(record)}\n`
}

/** A line's bytes: from `start` up to `end`. */
export interface Line {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

const PARTS_AT_ONCE = 8
const NEWLINE = 0x0a
const TAB = 0x09
const BACKSLASH = 0x5c

export const textOf = ({ bytes, start, end }: Line): string => bytes.toString("utf8", start, end)

export const restoreState = (book: ActorBook, { bytes, start, end }: Line): void => {
  // Not by `indexOf`: what a name does not have it would look for up to the end of all parts, for each line again.
  let tab = start
  let isPlain = true
  for (; tab < end && bytes[tab] !== TAB; tab++) if (bytes[tab] === BACKSLASH) isPlain = false
  if (tab === end) return
  const name = isPlain
    ? bytes.toString("utf8", start + 1, tab - 1)
    : (JSON.parse(bytes.toString("utf8", start, tab)) as string)
  book.restore(name, bytes.toString("utf8", tab + 1, end))
}

/** Parts are cut anywhere, also within a line or a character. */
export const eachLine = Effect.fnUntraced(function* (
  parts: ReadonlyArray<string>,
  snapshots: SnapshotsShape,
  visit: (line: Line) => void
): Effect.fn.Return<void, SnapshotFailed | PartMissing> {
  let rest = Buffer.alloc(0)
  for (let first = 0; first < parts.length; first += PARTS_AT_ONCE) {
    const some = parts.slice(first, first + PARTS_AT_ONCE)
    const got = yield* Effect.forEach(some, snapshots.get, { concurrency: PARTS_AT_ONCE })
    const bytes = Buffer.concat([rest, ...got])
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      visit({ bytes, start, end })
      start = end + 1
    }
    rest = bytes.subarray(start)
  }
})
