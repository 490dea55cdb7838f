/**
 * What a turn has to fetch before it can decide (the commits that answered a known id), and to put away before its
 * position may pass (facts that were refused for good).
 */
import { Effect } from "effect"
import type { StoredCommit } from "../../streams/codec.ts"
import type { DeadLettersShape } from "../../streams/dead-letters.ts"
import type { JournalShape } from "../../streams/journal.ts"
import type { RecentCommits } from "../../streams/recent-commits.ts"
import type { ActorBook, Kind } from "./kind.ts"
import type { AnyMail, HubMail } from "./mail.ts"
import type { Position, Remembered } from "./remembered.ts"
import type { DeadFact } from "./turn.ts"

const RECALLS_AT_ONCE = 16

/** By mail, where the journal may know what it names. */
export type Known<M> = ReadonlyMap<M | HubMail, ReadonlyArray<Position>>

// Of nearly every turn: new tables for each are garbage.
const NOTHING_KNOWN: Known<never> = new Map()
const NOTHING_MISSING: ReadonlySet<number> = new Set()

/** Positions of ids that may be known, and the commits among them that memory no longer has. */
export const lookUp = <R, M extends AnyMail, B extends ActorBook>(
  batch: ReadonlyArray<M | HubMail>,
  kind: Kind<R, M, B>,
  { book, remembered, recent }: { readonly book: B; readonly remembered: Remembered; readonly recent: RecentCommits<R> }
): { readonly known: Known<M>; readonly missing: ReadonlySet<number> } => {
  let known: Map<M | HubMail, ReadonlyArray<Position>> | undefined
  let missing: Set<number> | undefined
  for (const mail of batch) {
    const positions = kind.knownPositions(mail, book, remembered)
    if (positions.length === 0) continue
    known ??= new Map()
    known.set(mail, positions)
    for (const { sequence } of positions) {
      if (recent.has(sequence)) continue
      missing ??= new Set()
      missing.add(sequence)
    }
  }
  return { known: known ?? NOTHING_KNOWN, missing: missing ?? NOTHING_MISSING }
}

/** Commits that were read back, by sequence. */
export type Recalled<R> = ReadonlyMap<number, StoredCommit<R>>

/** Reads commits back to repeat their answers; waits for the journal, because deciding without them could sell twice. */
export const recall = <R>(missing: ReadonlySet<number>, journal: JournalShape<R>): Effect.Effect<Recalled<R>> => {
  const read = (sequence: number): Effect.Effect<StoredCommit<R> | undefined> =>
    Effect.catch(journal.get(sequence), () =>
      Effect.andThen(
        Effect.sleep("100 millis"),
        Effect.suspend(() => read(sequence))
      )
    )
  return Effect.map(Effect.forEach([...missing], read, { concurrency: RECALLS_AT_ONCE }), (commits) => {
    const recalled = new Map<number, StoredCommit<R>>()
    for (const commit of commits) if (commit !== undefined) recalled.set(commit.sequence, commit)
    return recalled
  })
}

/** Puts a refused fact among the dead letters, however long that takes. */
export const bury = (dead: DeadFact, deadLetters: DeadLettersShape): Effect.Effect<void> => {
  if (dead.answer.ok) return Effect.void
  const { code, message, path } = dead.answer
  const letter = {
    code,
    message,
    ...(path === undefined ? {} : { path }),
    source: dead.source,
    subject: dead.subject,
    body: JSON.stringify(dead.fact),
    sequence: dead.sequence
  }
  return Effect.catch(deadLetters.put(letter), () =>
    Effect.andThen(
      Effect.sleep("200 millis"),
      Effect.suspend(() => bury(dead, deadLetters))
    )
  )
}
