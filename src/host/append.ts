/**
 * Appends a turn's commits and finds out what became of them, however long that takes.
 *
 * An append that was not acknowledged may have been stored. Nothing is guessed: the partition's last commit is read. It
 * is ours: stored. It is another's: somebody else owns the partition, and this hub has lost it. It is the one before:
 * the same append goes out again with the same fence, so that of the two at most one can be stored. Servers have been
 * seen to refuse an append although nothing else was written (nats-server#7361, #2242); that is the same case.
 *
 * An append that follows another which is still under way waits until that one's fate is known: until then it cannot be
 * told what is behind its fence.
 */
import { Duration, Effect, Schema } from "effect"
import { type Append, appended, type JournalShape } from "../../streams/journal.ts"

/** Another hub has written to a partition that this one owned. */
export class FenceLost extends Schema.TaggedError<FenceLost>()("FenceLost", {
  partition: Schema.Int,
  message: Schema.String
}) {}

/** Commits lie where the only writer expects them, or it is not the only one. */
export const strangeWriter = (
  commits: ReadonlyArray<{ readonly partition: number; readonly sequence: number }>,
  sequences: ReadonlyArray<number>
): FenceLost | undefined => {
  for (let index = 0; index < commits.length; index++) {
    const { partition, sequence } = commits[index] as (typeof commits)[number]
    const found = sequences[index]
    if (found === sequence) continue
    const message = `The journal has stored commit ${sequence} as ${found ?? "nothing"}: something else writes to its stream. This hub stops.`
    return new FenceLost({ partition, message })
  }
  return undefined
}

export interface AppendOptions {
  readonly journal: JournalShape<unknown>
  /** No earlier append of this hub is under way. */
  readonly isNext: () => boolean
  /** Told when the outcome is not known at once, and again when it is. */
  readonly onStalled: (stalled: boolean) => void
}

const RETRY_MS_MIN = 5
const RETRY_MS_MAX = 1_000

/** Answers each append's sequence. */
export const appendSurely = (
  appends: ReadonlyArray<Append>,
  options: AppendOptions
): Effect.Effect<ReadonlyArray<number>, FenceLost> =>
  Effect.catch(appended(options.journal, appends), () => fateOf(appends, options))

/** Finds out about an append that the journal is not known to have stored, and sees to it that it is. */
export const fateOf = Effect.fnUntraced(function* (
  appends: ReadonlyArray<Append>,
  { isNext, journal, onStalled }: AppendOptions
) {
  onStalled(true)
  while (!isNext()) yield* Effect.sleep(Duration.millis(RETRY_MS_MIN))
  const sequences = yield* settle(appends, journal)
  onStalled(false)
  return sequences
})

const settle = Effect.fnUntraced(function* (appends: ReadonlyArray<Append>, journal: JournalShape<unknown>) {
  for (let waitMs = RETRY_MS_MIN; ; waitMs = Math.min(waitMs * 2, RETRY_MS_MAX)) {
    const stored = yield* lookUp(appends, journal)
    if (stored !== undefined) return stored
    const again = yield* Effect.option(appended(journal, appends))
    if (again._tag === "Some") return again.value
    yield* Effect.sleep(Duration.millis(waitMs))
  }
})

/**
 * The sequences if the appends are stored, `undefined` if they are not; waits until the journal can be read. Every
 * partition is looked at: another owner may have written to one of them only, and behind that fence nothing is stored.
 */
const lookUp = Effect.fnUntraced(function* (appends: ReadonlyArray<Append>, journal: JournalShape<unknown>) {
  const sequences: Array<number> = []
  for (const { partition, expectedSequence, id } of appends) {
    const last = yield* readLast(partition, journal)
    if (last?.id === id) {
      sequences.push(last.sequence)
      continue
    }
    // What follows it has its commit for a fence: so it is stored, right behind its own.
    if (expectedSequence !== undefined && last !== undefined && isFollower(last.id, id)) {
      sequences.push(expectedSequence + 1)
      continue
    }
    // Stored with the one before it or not at all.
    if (expectedSequence === undefined) continue
    if ((last?.sequence ?? 0) === expectedSequence) continue
    const other = last?.id.split("-")[0] ?? "unknown"
    return yield* new FenceLost({
      partition,
      message: `Partition ${partition} was taken over by the hub ${other}; this one stops. Run one hub for each journal.`
    })
  }
  return sequences.length === appends.length ? sequences : undefined
})

/** Whether the commit is of the same hub and was made later; ids are `<owner>-<count in base 36>`. */
const isFollower = (id: string, before: string): boolean => {
  const [owner, count = ""] = id.split("-")
  const [ownerBefore, countBefore = ""] = before.split("-")
  return owner === ownerBefore && Number.parseInt(count, 36) > Number.parseInt(countBefore, 36)
}

const readLast = (
  partition: number,
  journal: JournalShape<unknown>,
  waitMs = RETRY_MS_MIN
): Effect.Effect<{ readonly id: string; readonly sequence: number } | undefined> =>
  Effect.catch(journal.last(partition), () =>
    Effect.andThen(
      Effect.sleep(Duration.millis(waitMs)),
      readLast(partition, journal, Math.min(waitMs * 2, RETRY_MS_MAX))
    )
  )
