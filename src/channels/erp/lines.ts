/**
 * Lines of a file from any place in it, in memory that does not depend on the file: CRLF, LF and CR end a line, also
 * mixed; the last needs no end. Each line knows where the next begins, so that reading goes on there after a restart,
 * with the same numbers.
 *
 * What a line means is others' work; bytes are handed on as they are.
 */
import type { FileHandle } from "node:fs/promises"

/** The contract's bound on a message: a row that is longer could not become one. */
export const LINE_BYTES_MAX = 64 * 1024
/** What is kept of a longer line, for the report. */
const HEAD_BYTES = 512
const CHUNK_BYTES = 256 * 1024
const CR = 13
const LF = 10

export interface Line {
  /** The file's first is 1. */
  readonly number: number
  /** Without its end; only the beginning when `isTooLong`. */
  readonly bytes: Buffer
  readonly isTooLong: boolean
  /** Where the line after it begins. */
  readonly next: number
}

export interface Position {
  readonly offset: number
  readonly line: number
}

export const FILE_START: Position = { offset: 0, line: 1 }

export class LineReader {
  private readonly file: FileHandle
  /** What is read and not split yet: at most a line and a chunk. */
  private rest: Buffer = Buffer.alloc(0)
  /** Where `rest` begins in the file. */
  private offset: number
  private line: number
  /** The beginning of a line that is too long and has not ended yet. */
  private head: Buffer | undefined
  private isAtEnd = false
  private readonly endOffset: number

  /** Reads up to `sizeBytes`; what is written behind it afterwards is not seen. */
  constructor(file: FileHandle, sizeBytes: number, from: Position = FILE_START) {
    this.file = file
    this.endOffset = sizeBytes
    this.offset = from.offset
    this.line = from.line
  }

  /** The next lines, some thousands at most; none at the end. Bytes stay valid. */
  async read(): Promise<ReadonlyArray<Line>> {
    while (!this.isAtEnd) {
      await this.fill()
      const lines = this.split()
      if (lines.length > 0) return lines
    }
    return []
  }

  private async fill(): Promise<void> {
    const from = this.offset + this.rest.length
    const wanted = Math.min(CHUNK_BYTES, this.endOffset - from)
    // A buffer of its own each time, because lines point into it.
    const chunk = Buffer.allocUnsafe(Math.max(0, wanted))
    const { bytesRead } = wanted > 0 ? await this.file.read(chunk, 0, wanted, from) : { bytesRead: 0 }
    this.isAtEnd = bytesRead === 0 || from + bytesRead >= this.endOffset
    const read = chunk.subarray(0, bytesRead)
    this.rest = this.rest.length === 0 ? read : Buffer.concat([this.rest, read])
  }

  private split(): ReadonlyArray<Line> {
    const lines: Array<Line> = []
    const { rest } = this
    let at = 0
    let cr = rest.indexOf(CR)
    let lf = rest.indexOf(LF)
    for (;;) {
      // Searched again only when passed: a file without CR would be searched to its end for each line.
      if (cr >= 0 && cr < at) cr = rest.indexOf(CR, at)
      if (lf >= 0 && lf < at) lf = rest.indexOf(LF, at)
      const end = cr < 0 ? lf : lf < 0 ? cr : Math.min(cr, lf)
      if (end < 0) break
      // Whether a LF belongs to this CR is known with the next chunk only.
      if (end === cr && end + 1 === rest.length && !this.isAtEnd) break
      const next = end === cr && rest[end + 1] === LF ? end + 2 : end + 1
      lines.push(this.ended(rest.subarray(at, end), this.offset + next))
      at = next
    }
    this.keep(at)
    if (this.isAtEnd && (this.rest.length > 0 || this.head !== undefined)) {
      const next = this.offset + this.rest.length
      lines.push(this.ended(this.rest, next))
      this.rest = Buffer.alloc(0)
    }
    return lines
  }

  private ended(bytes: Buffer, next: number): Line {
    const head = this.head ?? (bytes.length > LINE_BYTES_MAX ? bytes.subarray(0, HEAD_BYTES) : undefined)
    this.head = undefined
    return { number: this.line++, bytes: head ?? bytes, isTooLong: head !== undefined, next }
  }

  /** Keeps what comes after `at` for the next chunk, unless it is a line that is too long by now. */
  private keep(at: number): void {
    const left = this.rest.subarray(at)
    this.offset += at
    if (left.length <= LINE_BYTES_MAX + 1 && this.head === undefined) {
      this.rest = left
      return
    }
    this.head ??= Buffer.from(left.subarray(0, HEAD_BYTES))
    // A CR at the very end may be half of a CRLF.
    const kept = left[left.length - 1] === CR ? 1 : 0
    this.offset += left.length - kept
    this.rest = Buffer.from(left.subarray(left.length - kept))
  }
}
