/**
 * The journal's records as the audit sees them: plain data, of which it believes nothing but the names of the fields.
 */
export type RawRecord = Readonly<Record<string, unknown>> & { readonly type: string }

export interface RawCommit {
  /** Commits of one turn have one id. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly sequence: number
  readonly records: ReadonlyArray<RawRecord>
}

/** Text that may be absent. */
export const textOf = (value: unknown): string => (value === undefined || value === null ? "" : String(value))

/** Where a SKU's units lie when a record names no place. */
export const placeNameOf = (record: RawRecord): string => textOf(record["locationId"] ?? "default")

/**
 * A number for a row's content, from 0 to 2^32 - 1: the same for the same fields, another for others in all but one case
 * in four billion. Sums of them do not depend on the order of the rows and take no memory.
 */
export const contentNumber = (fields: ReadonlyArray<unknown>): number => {
  let text = fields.map(textOf).join("|")
  // PostgreSQL cannot store NUL; what stands in its place there is its picture.
  if (text.includes("\u0000")) text = text.replaceAll("\u0000", "\u2400")
  let low = 0x811c9dc5
  let high = 0x9747b28c
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x85ebca6b) ^ (high >>> 13)
  }
  return (low ^ (high >>> 7) ^ (high << 9)) >>> 0
}

/** Rows of one SKU, as what is compared of them. */
export interface RowSum {
  rows: number
  /** Modulo 2^52, so that it stays exact however many rows there are. */
  content: number
}

export const emptySum = (): RowSum => ({ rows: 0, content: 0 })

export const addRow = (sum: RowSum, fields: ReadonlyArray<unknown>): void => {
  sum.rows++
  sum.content = (sum.content + contentNumber(fields)) % 2 ** 52
}
