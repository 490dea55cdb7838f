/**
 * What the ledger's newest batches made of SKUs' totals and locations, so that the next batch need not ask PostgreSQL for what
 * was written a second ago.
 *
 * It is true of one checkpoint. A batch is noted under the checkpoint that it moves to, before it is committed: only where the
 * next batch finds that checkpoint has it been. Where it finds any other (somebody else wrote, a backup was restored), nothing is
 * remembered.
 */
import type { StockRows } from "./ledger-fold.ts"
import type { Checkpoint } from "./runner.ts"

/**
 * Of SKUs and of their locations together, a few hundred bytes each. 8,192 SKUs with one location: of 10,000 that are asked for by
 * Zipf's law, those of 98 requests in 100.
 */
const ROWS_MAX = 16_384

type BySku = ReadonlyMap<string, StockRows>

const isSame = (one: Checkpoint | undefined, other: Checkpoint | undefined): boolean =>
  one !== undefined && one.sequence === other?.sequence && one.commitId === other.commitId

const rowsOf = ({ locations }: StockRows): number => 1 + locations.length

export class LedgerMemory {
  private readonly rowsMax: number
  private checkpoint: Checkpoint | undefined
  private readonly bySku = new Map<string, StockRows>()
  private rows = 0
  private noted: { readonly rows: BySku; readonly checkpoint: Checkpoint } | undefined

  constructor(rowsMax = ROWS_MAX) {
    this.rowsMax = rowsMax
  }

  /** Rows as they stand at the database's checkpoint. */
  at(checkpoint: Checkpoint): BySku {
    const { noted } = this
    this.noted = undefined
    if (noted !== undefined && isSame(noted.checkpoint, checkpoint)) this.take(noted.rows)
    else if (!isSame(this.checkpoint, checkpoint)) this.forgetAll()
    this.checkpoint = checkpoint
    return this.bySku
  }

  /** Rows that a batch writes, and the checkpoint that it moves to; not yet committed. */
  note(rows: BySku, checkpoint: Checkpoint): void {
    this.noted = { rows, checkpoint }
  }

  /** Those written last are kept. */
  private take(rows: BySku): void {
    for (const [sku, row] of rows) {
      this.forget(sku)
      this.bySku.set(sku, row)
      this.rows += rowsOf(row)
    }
    for (const sku of this.bySku.keys()) {
      if (this.rows <= this.rowsMax) return
      this.forget(sku)
    }
  }

  private forget(sku: string): void {
    const row = this.bySku.get(sku)
    if (row === undefined) return
    this.bySku.delete(sku)
    this.rows -= rowsOf(row)
  }

  private forgetAll(): void {
    this.bySku.clear()
    this.rows = 0
  }
}
