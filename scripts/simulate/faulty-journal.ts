/**
 * A journal that keeps its promises and nothing more: appends are late, acknowledgements get lost, requests time out
 * before they are stored or after, a server refuses an append for no reason, reads fail for a while.
 */
import { Duration, Effect } from "effect"
import type { JournalRecord } from "../../actors/sku/events.ts"
import { makeMemoryJournal, type MemoryJournal } from "../../streams/journal.memory.ts"
import { type Append, appended, AppendUncertain, type JournalShape, JournalUnavailable } from "../../streams/journal.ts"
import type { Random } from "./random.ts"

/** Probabilities, each for one call. */
export interface Faults {
  /** Stored, but the acknowledgement does not come. */
  readonly lostAck: number
  /** Not stored, and nobody says so. */
  readonly lostAppend: number
  /** Stored only after the sender has given up on it. */
  readonly lateAppend: number
  /** Refused as a conflict though nobody else wrote (nats-server#7361). */
  readonly spuriousConflict: number
  readonly failedRead: number
  readonly latencyMsMax: number
}

export const noFaults: Faults = {
  lostAck: 0,
  lostAppend: 0,
  lateAppend: 0,
  spuriousConflict: 0,
  failedRead: 0,
  latencyMsMax: 3
}

export interface FaultyJournal<R = JournalRecord> extends JournalShape<R> {
  readonly memory: MemoryJournal<R>
  /** How often each fault struck. */
  readonly struck: Map<string, number>
}

const TIMEOUT_MS = 50

/** `run`: on the simulation's clock, and on after a hub that has sent something is no more. */
export const makeFaultyJournal = <R = JournalRecord>(
  random: Random,
  faults: Faults,
  run: (append: Effect.Effect<void>) => void
): FaultyJournal<R> => {
  const memory = makeMemoryJournal<R>()
  const struck = new Map<string, number>()
  const strike = (fault: keyof Faults): boolean => {
    const hit = random.chance(faults[fault])
    if (hit) struck.set(fault, (struck.get(fault) ?? 0) + 1)
    return hit
  }
  const timeout = Effect.andThen(
    Effect.sleep(Duration.millis(TIMEOUT_MS)),
    Effect.fail(new AppendUncertain({ reason: "timeout", detail: "no acknowledgement in time" }))
  )
  const latency = Effect.suspend(() => Effect.sleep(Duration.millis(random.integer(0, faults.latencyMsMax))))
  const read = <A>(effect: Effect.Effect<A, JournalUnavailable>): Effect.Effect<A, JournalUnavailable> =>
    Effect.suspend(() =>
      strike("failedRead")
        ? Effect.fail(new JournalUnavailable({ operation: "read", detail: "the server does not answer" }))
        : Effect.andThen(latency, effect)
    )

  const append = (appends: ReadonlyArray<Append>): Effect.Effect<ReadonlyArray<number>, AppendUncertain> =>
    Effect.suspend(() => {
      if (strike("lostAppend")) return timeout
      if (strike("spuriousConflict")) {
        return Effect.fail(new AppendUncertain({ reason: "conflict", detail: "wrong last sequence" }))
      }
      if (strike("lateAppend")) {
        const late = Effect.andThen(
          Effect.sleep(Duration.millis(TIMEOUT_MS * 2)),
          Effect.ignore(appended(memory, appends))
        )
        return Effect.andThen(Effect.forkDetach(late), timeout)
      }
      const stored = Effect.andThen(latency, appended(memory, appends))
      return strike("lostAck") ? Effect.andThen(Effect.ignore(stored), timeout) : stored
    })

  return {
    memory,
    struck,
    append: (appends, settled) => run(Effect.match(append(appends), { onFailure: settled, onSuccess: settled })),
    last: (partition) => read(memory.last(partition)),
    get: (sequence) => read(memory.get(sequence)),
    lastSequence: memory.lastSequence,
    read: memory.read,
    scan: memory.scan
  }
}
