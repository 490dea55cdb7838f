/**
 * A SKU as it was at a version, folded from the journal by the hub's own fold. The ledger says where in the journal the SKU's
 * commits are, so nothing else is read.
 *
 * States on the way are kept, so that somebody who moves through a SKU's history waits once. One replay at a time: commits are
 * taken apart on the hub's own thread, in pieces that no command waits for longer than a few milliseconds.
 */
import { Effect, Semaphore } from "effect"
import { type Step, Trace } from "../../actors/stock/trace.ts"
import * as Limits from "../../config/limits.ts"
import type { JournalShape } from "../../streams/journal.ts"
import type { Versions } from "../../streams/projections/history-queries.ts"

export interface ReplayPorts {
  readonly journal: Pick<JournalShape, "read">
  /** Where in the journal the versions after `from` are, up to `to`, in order. Fails with a sentence for the client. */
  readonly placesOf: (sku: string, versions: Versions) => Effect.Effect<ReadonlyArray<number>, string>
}

const UNREADABLE = "The journal cannot be read now; stock is not affected. Try again."

/** So many consecutive commits are read at a stroke where this many of them or more are wanted. */
const STROKE_COMMITS = 128
const STROKE_WANTED_MIN = 8
/** Some five milliseconds of work; a single commit may be larger. */
const STROKE_BYTES_MAX = 512 * 1024

export class Replays {
  private readonly ports: ReplayPorts
  private readonly turn = Semaphore.makeUnsafe(1)
  /** Packed states by SKU and version, the one that was asked for longest ago first. */
  private readonly kept = new Map<string, Map<number, string>>()

  constructor(ports: ReplayPorts) {
    this.ports = ports
  }

  /** `version`: one that the ledger has. Fails with a sentence for the client. */
  stepAt(sku: string, version: number): Effect.Effect<Step, string> {
    return this.turn.withPermits(1)(this.fold(sku, version))
  }

  private readonly fold = Effect.fnUntraced({ self: this }, function* (this: Replays, sku: string, version: number) {
    const from = this.nearest(sku, version)
    if (version - from.version > Limits.REPLAY_CHANGES_MAX) {
      const asked = `${version - from.version} changes`
      return yield* Effect.fail(
        `That is ${asked} from what is kept, and at most ${Limits.REPLAY_CHANGES_MAX} are replayed here; ask holdfast audit --sku --at.`
      )
    }
    const trace = new Trace(sku, from.packed)
    let reached = from.version
    while (reached < version) {
      const to = Math.min(version, reached + Limits.REPLAY_SLICE_CHANGES)
      const places = yield* this.ports.placesOf(sku, { from: reached, to })
      yield* this.visit(trace, places, to)
      if (trace.version < to) return yield* Effect.fail(UNREADABLE)
      reached = to
      // The step of a version that is asked for again has to be seen again, so the state before it is what is kept.
      if (to < version) this.keep(sku, to, trace.packed())
    }
    const step = trace.step()
    return step ?? (yield* Effect.fail(UNREADABLE))
  })

  private readonly visit = Effect.fnUntraced(
    { self: this },
    function* (this: Replays, trace: Trace, places: ReadonlyArray<number>, to: number) {
      let index = 0
      while (index < places.length) {
        const from = places[index] as number
        const isDense = (places[index + STROKE_WANTED_MIN] ?? Infinity) - from < STROKE_COMMITS
        const bounds = { commitsMax: isDense ? STROKE_COMMITS : 1, bytesMax: STROKE_BYTES_MAX }
        const commits = yield* this.ports.journal.read(from, bounds).pipe(Effect.mapError(() => UNREADABLE))
        const last = commits.at(-1)
        if (last === undefined) return
        for (const commit of commits) trace.visit(commit, { version: to })
        while (index < places.length && (places[index] as number) <= last.sequence) index++
        yield* Effect.sleep(0)
      }
    }
  )

  private nearest(sku: string, version: number): { readonly version: number; readonly packed?: string } {
    let best: { readonly version: number; readonly packed?: string } = { version: 0 }
    for (const [kept, packed] of this.kept.get(sku) ?? []) {
      if (kept < version && kept > best.version) best = { version: kept, packed }
    }
    return best
  }

  private keep(sku: string, version: number, packed: string | undefined): void {
    if (packed === undefined || packed.length > Limits.REPLAY_STATE_CHARACTERS_MAX) return
    const states = this.kept.get(sku) ?? new Map<number, string>()
    states.set(version, packed)
    this.kept.delete(sku)
    this.kept.set(sku, states)
    const [oldestState] = states.keys()
    if (states.size > Limits.REPLAY_STATES_MAX && oldestState !== undefined) states.delete(oldestState)
    const [oldestSku] = this.kept.keys()
    if (this.kept.size > Limits.REPLAY_SKUS_MAX && oldestSku !== undefined) this.kept.delete(oldestSku)
  }
}
