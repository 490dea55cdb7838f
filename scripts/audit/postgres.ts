/**
 * Whether PostgreSQL says the same as the journal: every row of the ledger, the levels, open holds, incidents, alerts.
 *
 * Everything is read in one snapshot, by cursor, a page at a time. Of rows only counts and sums of content are kept for
 * each SKU (see `contentNumber`), so memory does not grow with the ledger. Rows that are newer than the journal as it was
 * read are left alone; a SKU that has moved on is handed to `onAhead`.
 */
import { Client } from "pg"
import type { Account } from "./account.ts"
import type { Accounts } from "./accounts.ts"
import type { OnAhead } from "./compare.ts"
import { addRow, emptySum, type RowSum } from "./records.ts"

/** Rows fetched at a time: about 2 MB. */
const PAGE = 10_000

const LEDGER = `SELECT sku, version, type, mutation_id, scope, quantity, physical, allocated, location_id, to_location_id,
  channel, hold_id, reference, reason, occurred_at, (extract(epoch FROM at) * 1000)::bigint, journal_sequence
  FROM stock_ledger WHERE journal_sequence <= `

const LEVELS = "SELECT sku, version, physical, allocated, available, safety_threshold FROM stock_levels"
const HOLDS = `SELECT sku, scope, hold_id, quantity, channel, (extract(epoch FROM expires_at) * 1000)::bigint FROM open_holds`
const INCIDENTS = "SELECT sku, version, location_id, kind, units FROM incidents"
const ALERTS = "SELECT sku, version, state, available, safety_threshold FROM alerts"

/** PostgreSQL's text has no NUL; the projection writes its picture, and SKUs are found again by that. */
const stored = (sku: string): string => sku.replaceAll("\u0000", "\u2400")

type Fields = ReadonlyArray<string | null>

export interface PostgresOptions {
  readonly onAhead?: OnAhead
  /** Only these SKUs' levels and holds; the ledger, incidents and alerts were compared before. */
  readonly only?: ReadonlyArray<string>
}

export const comparePostgres = async (
  url: string,
  accounts: Accounts,
  options: PostgresOptions = {}
): Promise<void> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on("error", () => undefined)
  await client.connect()
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    const comparison = new Comparison(client, accounts, options)
    await comparison.levelsAndHolds()
    if (options.only === undefined) await comparison.rows()
    await client.query("ROLLBACK")
  } finally {
    await client.end()
  }
}

class Comparison {
  private readonly client: Client
  private readonly accounts: Accounts
  private readonly options: PostgresOptions
  private readonly byStoredName: Map<string, Account>

  constructor(client: Client, accounts: Accounts, options: PostgresOptions) {
    this.client = client
    this.accounts = accounts
    this.options = options
    const skus = options.only ?? accounts.bySku.keys()
    this.byStoredName = new Map([...skus].map((sku) => [stored(sku), accounts.account(sku)]))
  }

  async levelsAndHolds(): Promise<void> {
    const ahead = new Set<string>()
    const missing = new Map(this.byStoredName)
    await this.each(LEVELS, (sku, fields) => {
      const account = missing.get(sku)
      missing.delete(sku)
      if (this.isAhead(sku, account, Number(fields[0]))) ahead.add(sku)
      else if (account !== undefined) this.compareLevel(account, fields)
    })
    for (const account of missing.values()) {
      if (account.version > 0) this.accounts.find(account.sku, "PostgreSQL has no level of it")
    }
    await this.holds(ahead)
  }

  async rows(): Promise<void> {
    const { lastSequence } = this.accounts
    const compareAll = async (what: string, query: string, wanted: (account: Account) => RowSum): Promise<void> => {
      const sums = new Map<string, RowSum>()
      await this.each(query, (sku, fields) => {
        // Signals carry no position; their version tells whether the journal was read so far.
        if (query !== ledger && Number(fields[0]) > (this.byStoredName.get(sku)?.version ?? 0)) return
        addRow(sumOf(sums, sku), fields)
      })
      this.compareSums(what, sums, wanted)
    }
    const ledger = `${LEDGER}${lastSequence}`
    await compareAll("ledger rows", ledger, (account) => account.ledger)
    await compareAll("incidents", INCIDENTS, (account) => account.incidents)
    await compareAll("alerts", ALERTS, (account) => account.alerts)
  }

  private compareLevel(account: Account, fields: Fields): void {
    const [version, physical, allocated, available, safetyThreshold] = fields
    const found = { version, physical, allocated, available, safetyThreshold }
    for (const [name, value] of Object.entries(found)) {
      const wanted = account[name as keyof typeof found]
      if (Number(value) !== wanted) {
        this.accounts.find(account.sku, `PostgreSQL has ${name} ${String(value)}, the journal ${wanted}`)
      }
    }
  }

  private async holds(ahead: ReadonlySet<string>): Promise<void> {
    const sums = new Map<string, RowSum>()
    await this.each(HOLDS, (sku, fields) => {
      if (!ahead.has(sku)) addRow(sumOf(sums, sku), fields)
    })
    const wanted = (account: Account): RowSum => {
      const sum = emptySum()
      if (ahead.has(stored(account.sku))) return sum
      for (const { scope, holdId, quantity, channel, expiresAt } of account.holds.values()) {
        addRow(sum, [scope, holdId, quantity, channel, expiresAt])
      }
      return sum
    }
    this.compareSums("open holds", sums, wanted)
  }

  /** A SKU that the journal did not know, or not so far, when it was read. */
  private isAhead(sku: string, account: Account | undefined, version: number): boolean {
    if (account !== undefined && version <= account.version) return false
    if (account === undefined && this.options.only !== undefined) return true
    if (this.options.onAhead === undefined) {
      const known = account === undefined ? "does not know it" : `ends at version ${account.version}`
      this.accounts.find(account?.sku ?? sku, `PostgreSQL has version ${version}, and the journal ${known}`)
    } else this.options.onAhead(account?.sku ?? sku)
    return true
  }

  private compareSums(what: string, sums: Map<string, RowSum>, wanted: (account: Account) => RowSum): void {
    for (const [name, account] of this.byStoredName) {
      const { rows, content } = sums.get(name) ?? emptySum()
      sums.delete(name)
      const want = wanted(account)
      if (rows !== want.rows) {
        this.accounts.find(account.sku, `PostgreSQL has ${rows} ${what}, the journal ${want.rows}`)
      } else if (content !== want.content) {
        this.accounts.find(account.sku, `PostgreSQL's ${rows} ${what} say something else than the journal's`)
      }
    }
    if (this.options.only !== undefined) return
    for (const [name, { rows }] of sums) {
      this.accounts.find(name, `PostgreSQL has ${rows} ${what}, and the journal does not know the SKU`)
    }
  }

  /** The SKU, and the columns behind it, of every row. */
  private async each(query: string, visit: (sku: string, fields: Fields) => void): Promise<void> {
    await this.client.query(`DECLARE page NO SCROLL CURSOR FOR ${query}`)
    for (;;) {
      const { rows } = await this.client.query<Array<string | null>>({
        text: `FETCH ${PAGE} FROM page`,
        rowMode: "array",
        types: { getTypeParser: () => (text: string | Buffer) => text as never }
      })
      for (const [sku, ...fields] of rows) visit(sku ?? "", fields)
      if (rows.length < PAGE) break
    }
    await this.client.query("CLOSE page")
  }
}

const sumOf = (sums: Map<string, RowSum>, sku: string): RowSum => {
  let sum = sums.get(sku)
  if (sum === undefined) sums.set(sku, (sum = emptySum()))
  return sum
}
