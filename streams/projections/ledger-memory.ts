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

/** Less than half a kilobyte each; of 10,000 SKUs asked for by Zipf's law these are 98 of 100 requests. */
const SKUS_MAX = 8_192

type BySku = ReadonlyMap<string, StockRows>

const isSame = (one: Checkpoint | undefined, other: Checkpoint | undefined): boolean =>
  one !== undefined && one.sequence === other?.sequence && one.commitId === other.commitId

export class LedgerMemory {
  private readonly skusMax: number
  private checkpoint: Checkpoint | undefined
  private readonly bySku = new Map<string, StockRows>()
  private noted: { readonly rows: BySku; readonly checkpoint: Checkpoint } | undefined

  constructor(skusMax = SKUS_MAX) {
    this.skusMax = skusMax
  }

  /** Rows as they stand at the database's checkpoint. */
  at(checkpoint: Checkpoint): BySku {
    const { noted } = this
    this.noted = undefined
    if (noted !== undefined && isSame(noted.checkpoint, checkpoint)) this.take(noted.rows)
    else if (!isSame(this.checkpoint, checkpoint)) this.bySku.clear()
    this.checkpoint = checkpoint
    return this.bySku
  }

  /** Rows that a batch writes, and the checkpoint that it moves to; not yet committed. */
  note(rows: BySku, checkpoint: Checkpoint): void {
    this.noted = { rows, checkpoint }
  }

  /** Those asked for last are kept. */
  private take(rows: BySku): void {
    for (const [sku, row] of rows) {
      this.bySku.delete(sku)
      this.bySku.set(sku, row)
    }
    for (const sku of this.bySku.keys()) {
      if (this.bySku.size <= this.skusMax) return
      this.bySku.delete(sku)
    }
  }
}
