/**
 * What a replay has come to, read from the journal: which of its facts made an event, which had made theirs before, and
 * whether anything was oversold on the way.
 *
 * The broker's acknowledgement says that a fact is stored, not what becomes of it; only the journal knows.
 */
import { withJournal } from "../journal-reader.ts"
import type { RunFile } from "../run-file.ts"
import { CHANNEL, isOpeningId } from "./facts.ts"

export interface Tally {
  /** Events that the replay's facts have made. */
  facts: number
  openings: number
  /** Incidents of this replay's orders. */
  incidents: number
  readonly oversoldSkus: Set<string>
  alerts: number
}

interface Told {
  readonly type: string
  readonly channel?: string
  readonly mutationId?: string
  readonly holdId?: string
  readonly sku?: string
  readonly state?: string
}

export const journalEnd = (run: RunFile): Promise<number> => withJournal(run.nats, (journal) => journal.lastSequence)

/** What this replay has put into the journal after `sequence`. */
export const tallyFrom = async (run: RunFile, sequence: number): Promise<Tally> => {
  const tally: Tally = { facts: 0, openings: 0, incidents: 0, oversoldSkus: new Set(), alerts: 0 }
  await withJournal(run.nats, (journal) =>
    journal.scan({ fromSequence: sequence + 1, untilSequence: Number.MAX_SAFE_INTEGER }, (commit) => {
      for (const record of commit.records) add(record as Told, tally)
    })
  )
  return tally
}

const add = (record: Told, tally: Tally): void => {
  if (record.type === "alert") {
    if (record.state === "raised") tally.alerts++
  } else if (record.type === "incident") {
    if (record.channel !== CHANNEL && record.holdId?.startsWith("invoice ") !== true) return
    tally.incidents++
    tally.oversoldSkus.add(record.sku ?? "")
  } else if (record.type === "receipt" && isOpeningId(record.mutationId ?? "")) tally.openings++
  else if (record.channel === CHANNEL && record.holdId === undefined) tally.facts++
}
