/**
 * A journal for auditors: a few sentences of trade, decided by the real deciders, one decision a commit; and ways to
 * spoil it.
 */
import type { RawCommit, RawRecord } from "../../scripts/audit/records.ts"
import type { AnyCommand } from "./commands.ts"
import { Desk } from "./desk.ts"

export type Step = AnyCommand | { readonly waitMs: number }

/** A commit that may be spoiled. */
export interface Draft {
  id: string
  at: number
  sequence: number
  records: Array<RawRecord>
}

export const journalOf = (steps: ReadonlyArray<Step>): Array<Draft> => {
  const desk = new Desk()
  const drafts: Array<Draft> = []
  let read = 0
  const write = (): void => {
    const kept = desk.history.slice(read)
    read = desk.history.length
    if (kept.length === 0) return
    const sequence = drafts.length + 1
    const records = kept.map(({ record }) => structuredClone(record) as unknown as RawRecord)
    drafts.push({ id: `hub-${sequence}`, at: desk.at, sequence, records })
  }
  for (const step of steps) {
    if ("waitMs" in step) {
      desk.wait(step.waitMs)
      desk.releaseDue(write)
    } else {
      desk.take(step)
      write()
    }
  }
  return drafts
}

export const asCommits = (drafts: ReadonlyArray<Draft>): ReadonlyArray<RawCommit> => drafts

type Fields = Readonly<Record<string, unknown>>

const fits = (record: Fields, fields: Fields): boolean =>
  Object.entries(fields).every(([name, value]) => record[name] === value)

/** The first record with these fields. */
export const find = (drafts: ReadonlyArray<Draft>, fields: Fields): Record<string, unknown> & RawRecord => {
  for (const { records } of drafts) for (const record of records) if (fits(record, fields)) return record
  throw new Error(`no record has ${JSON.stringify(fields)}`)
}

/** Takes the first record with these fields away. */
export const drop = (drafts: ReadonlyArray<Draft>, fields: Fields): void => {
  const record = find(drafts, fields)
  for (const draft of drafts) draft.records = draft.records.filter((other) => other !== record)
}
