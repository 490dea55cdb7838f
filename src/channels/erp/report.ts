/**
 * The report of rejected rows: row, reason and the row as it stands in the file, as CSV (UTF-8, every text quoted).
 *
 * Who opens it does so with a spreadsheet: a text that one would take for a formula gets an apostrophe in front, and a
 * NUL is shown as a sign. It is made only when there is something to write.
 */
import { type FileHandle, open, rm, stat, truncate } from "node:fs/promises"

export interface RejectedRow {
  readonly row: number
  readonly reason: string
  readonly raw: string
}

const HEADER = "row,reason,text\r\n"

export class RejectedReport {
  private readonly path: string
  private file: FileHandle | undefined
  private size: number

  /** Goes on behind the first `sizeBytes`. */
  constructor(path: string, sizeBytes: number) {
    this.path = path
    this.size = sizeBytes
  }

  get sizeBytes(): number {
    return this.size
  }

  /** Removes what a broken run wrote and its progress does not know of. */
  async cutOff(): Promise<void> {
    if (this.size === 0) return rm(this.path, { force: true })
    const found = await stat(this.path).catch(() => undefined)
    // Somebody took the report away: a new one is begun.
    if (found === undefined || found.size < this.size) this.size = 0
    else await truncate(this.path, this.size)
  }

  /** Settles when the rows are on the disk. */
  async add(rows: ReadonlyArray<RejectedRow>): Promise<void> {
    if (rows.length === 0) return
    this.file ??= await this.opened()
    const lines = rows.map(({ row, reason, raw }) => `${row},${quoted(reason)},${quoted(raw)}\r\n`)
    const bytes = Buffer.from((this.size === 0 ? HEADER : "") + lines.join(""))
    await this.file.write(bytes, 0, bytes.length, this.size)
    await this.file.datasync()
    this.size += bytes.length
  }

  async close(): Promise<void> {
    await this.file?.close()
    this.file = undefined
  }

  private opened(): Promise<FileHandle> {
    return open(this.path, this.size === 0 ? "w" : "r+")
  }
}

const quoted = (text: string): string => {
  const plain = text.replaceAll("\0", "␀").replaceAll('"', '""')
  return `"${/^[=+\-@\t\r]/.test(plain) ? "'" : ""}${plain}"`
}
