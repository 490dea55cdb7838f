/**
 * The audit as a whole: the journal read once from its beginning, then everything that is derived from it compared.
 *
 * The hub may run meanwhile. The journal is read up to where it was at the start, the projections are waited for, and a
 * SKU that has moved on when it is compared is looked at again after reading the journal's new end.
 */
import { Effect } from "effect"
import type { JournalShape } from "../../streams/journal.ts"
import { withJournal } from "../journal-reader.ts"
import { Accounts, type RawCommit } from "./accounts.ts"
import { compareRedis, waitForProjections } from "./compare.ts"
import { compareFile } from "./file.ts"
import { comparePostgres } from "./postgres.ts"
import type { AuditReport } from "./report.ts"

export interface AuditUrls {
  readonly nats: string
  readonly redis: string
  readonly postgres: string
}

export interface AuditOptions {
  readonly csv?: string
  readonly fromMs?: number
  readonly untilMs?: number
  /** How long to wait for the projections. */
  readonly patienceMs: number
  /** How long the hub remembers mutation ids. */
  readonly windowMs: number
  /** Called now and then while the journal is read. */
  readonly onProgress?: (sequence: number, lastSequence: number) => void
}

/** Rounds in which SKUs that moved on are looked at again; under steady trade each leaves a few. */
const ROUNDS_MAX = 20
const PROGRESS_EVERY_COMMITS = 256

export const audit = async (urls: AuditUrls, options: AuditOptions): Promise<AuditReport> => {
  const accounts = new Accounts(options.windowMs)
  const startedMs = performance.now()
  await readOn(urls.nats, accounts, options.onProgress)
  if (accounts.hasSuspects) await confirm(urls.nats, accounts)
  const readMs = performance.now() - startedMs
  const { events } = accounts
  const late = await waitForProjections(urls, accounts.lastSequence, options.patienceMs)
  if (late !== undefined) accounts.find("", late)
  let ahead = await compareDerived(urls, accounts, undefined)
  for (let round = 1; ahead.length > 0 && round <= ROUNDS_MAX; round++) {
    await readOn(urls.nats, accounts, undefined)
    await waitForProjections(urls, accounts.lastSequence, options.patienceMs)
    ahead = await compareDerived(urls, accounts, ahead)
  }
  for (const sku of ahead)
    accounts.find(sku, "what is derived is ahead of the journal, or changes faster than it can be compared")
  accounts.finish()
  const file = options.csv === undefined ? undefined : await compareFile(options.csv, accounts, options)
  return {
    accounts,
    eventsPerSecond: Math.round((events * 1_000) / readMs),
    seconds: (performance.now() - startedMs) / 1_000,
    file
  }
}

/** From where the accounts stand to where the journal is now. */
const readOn = (natsUrl: string, accounts: Accounts, onProgress: AuditOptions["onProgress"]): Promise<void> =>
  withJournal(natsUrl, (journal: JournalShape) =>
    Effect.flatMap(journal.lastSequence, (last) =>
      journal.scan({ fromSequence: accounts.lastSequence + 1, untilSequence: last }, (commit) => {
        accounts.visit(commit as unknown as RawCommit)
        if (commit.sequence % PROGRESS_EVERY_COMMITS === 0) onProgress?.(commit.sequence, last)
      })
    )
  )

const confirm = (natsUrl: string, accounts: Accounts): Promise<void> => {
  const look = accounts.confirmer()
  return withJournal(natsUrl, (journal: JournalShape) =>
    journal.scan({ fromSequence: 1, untilSequence: accounts.lastSequence }, (commit) =>
      look(commit as unknown as RawCommit)
    )
  )
}

/** Answers the SKUs that have moved on since the journal was read. */
const compareDerived = async (
  urls: AuditUrls,
  accounts: Accounts,
  only: ReadonlyArray<string> | undefined
): Promise<ReadonlyArray<string>> => {
  const ahead = new Set<string>()
  const options = { ...(only === undefined ? {} : { only }), onAhead: (sku: string) => ahead.add(sku) }
  await compareRedis(urls.redis, accounts, options)
  await comparePostgres(urls.postgres, accounts, options)
  return [...ahead]
}
