/**
 * The file of rows that could not be read: line and reason, as CSV. It is made only when there is something to write.
 */
import { closeSync, openSync, writeSync } from "node:fs"

export class RejectedRows {
  readonly path: string
  private file: number | undefined

  constructor(path: string) {
    this.path = path
  }

  add(line: number, reason: string): void {
    if (this.file === undefined) {
      this.file = openSync(this.path, "w")
      writeSync(this.file, "line,reason\n")
    }
    writeSync(this.file, `${line},"${reason.replaceAll('"', '""')}"\n`)
  }

  /** Answers whether anything was written. */
  close(): boolean {
    if (this.file === undefined) return false
    closeSync(this.file)
    return true
  }
}
