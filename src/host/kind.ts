/**
 * What tells one kind of actors from another. The host runs turns, appends, remembers, recovers and takes snapshots for
 * any kind; what its mail means, how it is decided and how its records are folded, it asks here.
 */
import type { Deadlines } from "../../actors/stock/deadlines.ts"
import type { WriteRecord } from "../../streams/codec.ts"
import type { AnyMail, HubMail } from "./mail.ts"
import type { Known } from "./recall.ts"
import type { Fingerprint, Position, Remembered } from "./remembered.ts"
import type { HostStats } from "./stats.ts"
import type { RecordsAt, Turn } from "./turn.ts"

/** All actors of a kind in memory, folded from their records `R`. */
export interface ActorBook<R = never> {
  readonly deadlines: Pick<Deadlines<unknown>, "dueBy" | "size" | "takeFresh">
  readonly awakeCount: number
  /** `at`: the commit's time, in milliseconds since the epoch. Records may be applied again. */
  apply(record: R, at: number): void
  /**
   * Puts at most `max` actors to sleep that nobody asked for; true when there are more. `mayTurn`: what was asked for lately is so
   * no longer.
   */
  sweep(max: number, mayTurn: boolean): boolean
  names(): Iterable<string>
  /** The actor's state as a snapshot holds it. */
  packed(name: string): string | undefined
  /** The same, of an actor that is too large to be packed between two commands: in pieces, each made when it is asked for. */
  packedInPieces?(name: string): Iterable<string> | undefined
  restore(name: string, packed: string): void
  /** What belongs to no single actor now, as records that make it again. */
  spanningRecords(): Iterable<unknown>
}

export interface Given<B, M, R> {
  readonly book: B
  readonly known: Known<M>
  readonly recordsAt: RecordsAt<R>
  readonly at: number
}

/** `R`: its records, `M`: its mail, `B`: its book. */
export interface Kind<R, M extends AnyMail, B extends ActorBook> {
  readonly newBook: () => B
  /** Where the journal may know what this mail names; oldest first. */
  readonly knownPositions: (mail: M | HubMail, book: B, remembered: Remembered) => ReadonlyArray<Position>
  /** Decides a batch. The book is left as it will be once the records are in the journal. */
  readonly decideTurn: (batch: ReadonlyArray<M | HubMail>, given: Given<B, M, R>) => Turn<M, R>
  /** What to note of a record that was read back from the journal. */
  readonly rememberedBy: (record: R) => ReadonlyArray<Fingerprint>
  /** An upper bound for what the mail adds to its commit, as the book stands now. */
  readonly commitBytesMax: (mail: M | HubMail, book: B) => number
  /** The partition of a record is the hash of this. */
  readonly keyOf: (record: R) => string
  /** How a record becomes text; absent: `JSON.stringify`. */
  readonly writeRecord?: WriteRecord<R>
  /** The record as it can be read without the turn's other commits. */
  readonly standAlone: (record: R, records: ReadonlyArray<R>) => R
  readonly count: (records: ReadonlyArray<R>, stats: HostStats) => void
}
