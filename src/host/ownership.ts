/**
 * What this hub believes to be each partition's last sequence, and how a turn's records become fenced appends.
 *
 * A SKU's partition is the hash of its name; records that belong to no SKU go by their hold or mutation id. The number
 * of partitions is fixed when the journal is made, because a SKU must not change its fence.
 */
import { unitAt } from "../../actors/text.ts"
import { isStockEvent, type JournalRecord } from "../../actors/sku/events.ts"
import { type Commit, encodeCommit, type StoredCommit, type WriteRecord } from "../../streams/codec.ts"
import type { Append } from "../../streams/journal.ts"
import type { Standing } from "./snapshotting.ts"

export const partitionOf = (key: string, partitions: number): number => {
  if (partitions === 1) return 0
  // FNV-1a: stable for ever, because it decides where a SKU's history lies.
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ unitAt(key, index), 0x01000193)
  return (hash >>> 0) % partitions
}

export const keyOf = (record: JournalRecord): string => {
  if (record.type === "lines") return record.sku ?? record.holdId
  if (record.type === "answered") return record.sku ?? record.mutationId
  return record.type === "resolution" ? record.incidentId : record.sku
}

/** Where a record will stand: which of the turn's appends, and its place in that commit. */
export interface Place {
  readonly append: number
  readonly index: number
}

export interface SplitTurn<R = JournalRecord> {
  readonly appends: ReadonlyArray<Append>
  /** What each append stores. */
  readonly commits: ReadonlyArray<Commit<R>>
  /** Where each of the turn's records will stand; `undefined`: all in the one append, in their order. */
  readonly places: ReadonlyArray<Place> | undefined
}

export const NOTHING_TO_STORE: SplitTurn<never> = { appends: [], commits: [], places: undefined }

/** How a kind's records are parted and written. */
export interface Parting<R> {
  readonly keyOf: (record: R) => string
  readonly writeRecord?: WriteRecord<R>
  readonly standAlone: (record: R, records: ReadonlyArray<R>) => R
}

/** One append for each partition that the records touch. */
export const splitTurn = <R>(
  turn: Commit<R>,
  lastSequences: ReadonlyArray<number>,
  parting: Parting<R>
): SplitTurn<R> =>
  lastSequences.length === 1
    ? { appends: [appendOf(0, lastSequences, turn, parting.writeRecord)], commits: [turn], places: undefined }
    : splitByPartition(turn, lastSequences, parting)

const splitByPartition = <R>(
  turn: Commit<R>,
  lastSequences: ReadonlyArray<number>,
  { keyOf: keyOfRecord, standAlone: alone, writeRecord }: Parting<R>
): SplitTurn<R> => {
  const byPartition = new Map<number, { readonly append: number; readonly records: Array<R> }>()
  const places: Array<Place> = []
  for (const record of turn.records) {
    const partition = partitionOf(keyOfRecord(record), lastSequences.length)
    let commit = byPartition.get(partition)
    if (commit === undefined) byPartition.set(partition, (commit = { append: byPartition.size, records: [] }))
    places.push({ append: commit.append, index: commit.records.length })
    commit.records.push(alone(record, turn.records))
  }
  const { id, at, facts } = turn
  const commits = [...byPartition.values()].map(({ records }) => ({ id, at, facts, records }))
  const appends = [...byPartition.keys()].map((partition, index) =>
    appendOf(partition, lastSequences, commits[index] as Commit<R>, writeRecord)
  )
  return { appends, commits, places }
}

/**
 * What a new owner writes first: it goes behind the fence of every other owner.
 *
 * Two commits for each partition, stored together. Of the two turns that an old owner may have in flight, the second has
 * for a fence the sequence of the first: if the first came too late, and one commit stood in its place, the second would
 * take that for its own and be stored without the first.
 */
export const claimOf = <R>(lastSequences: ReadonlyArray<number>, newCommit: () => Commit<R>): SplitTurn<R> => {
  const commits: Array<Commit<R>> = []
  const appends = lastSequences.flatMap((_, partition) => {
    const [first, second] = [newCommit(), newCommit()]
    commits.push(first, second)
    return [
      appendOf(partition, lastSequences, first),
      { ...appendOf(partition, lastSequences, second), expectedSequence: undefined }
    ]
  })
  return { appends, commits, places: undefined }
}

/** The append of a commit behind the partition's fence. */
export const appendOf = <R>(
  partition: number,
  lastSequences: ReadonlyArray<number>,
  commit: Commit<R>,
  writeRecord?: WriteRecord<R>
): Append => ({
  partition,
  expectedSequence: lastSequences[partition] ?? 0,
  id: commit.id,
  bytes: encodeCommit(commit, writeRecord)
})

/** What is decided, be it in the journal or on its way there: what the next turn builds on. */
export class Decided {
  /** When the newest turn was decided, in milliseconds since the epoch. */
  at: number
  /** The newest fact decided. */
  facts: number
  private sequence: number
  /** Each partition's last: the fence of the next turn. */
  readonly lastSequences: Array<number>

  constructor({ at, facts, partitions, sequence }: Standing) {
    this.at = at
    this.facts = facts
    this.sequence = sequence
    this.lastSequences = [...partitions]
  }

  /** The places that commits will have when they are stored: nobody else writes, so they are known. */
  place<R>({ appends, commits }: SplitTurn<R>): ReadonlyArray<StoredCommit<R>> {
    return appends.map(({ bytes, partition }, index) => {
      const { at, facts, id, records } = commits[index] as Commit<R>
      const sequence = ++this.sequence
      this.lastSequences[partition] = sequence
      return { id, at, facts, records, partition, sequence, sizeBytes: bytes.length }
    })
  }
}

/** A lines record must answer its mutation id from its own commit: it takes along what other commits hold. */
export const standAlone = (record: JournalRecord, records: ReadonlyArray<JournalRecord>): JournalRecord => {
  if (record.type !== "lines") return record
  const elsewhere = records
    .filter(isStockEvent)
    .filter((event) => event.mutationId === record.mutationId && record.asked.includes(event.sku))
    .map(({ sku, version, physical, allocated }) => ({ sku, version, physical, allocated }))
  return { ...record, elsewhere }
}
