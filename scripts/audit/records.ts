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

/** Which stands between two fields: no UTF-16 code unit has this number. */
const SEPARATOR = 0x10000
/** PostgreSQL cannot store NUL; what stands in its place there is its picture. */
const NUL_PICTURE = 0x2400

/**
 * A number for a row's content (FNV-1a over its fields as text), from 0 to 2^32 - 1: the same for the same fields, another
 * for others in all but one case in four billion. Sums of them do not depend on the order of the rows and take no memory.
 */
export const contentNumber = (fields: ReadonlyArray<unknown>): number => {
  let hash = 0x811c9dc5
  for (const field of fields) {
    const text = typeof field === "string" ? field : textOf(field)
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index)
      hash = Math.imul(hash ^ (unit === 0 ? NUL_PICTURE : unit), 0x01000193)
    }
    hash = Math.imul(hash ^ SEPARATOR, 0x01000193)
  }
  return hash >>> 0
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
