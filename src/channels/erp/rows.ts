/**
 * Rows of an ERP's file: lines decoded and taken apart as the format says, each with its number, its text as it stands
 * in the file, and the place where the next one begins.
 *
 * A line that cannot be a row (too long, a NUL in it, not in the format's encoding, a quote that is never closed) costs
 * itself and no other: it is a row that says what is wrong with it.
 */
import { isUtf8 } from "node:buffer"
import type { FileHandle } from "node:fs/promises"
import type { ErpFormat } from "./format.ts"
import { FILE_START, LINE_BYTES_MAX, type Line, LineReader, type Position } from "./lines.ts"

/** CSV: the fields; fixed width: the line. */
export type Content = ReadonlyArray<string> | string

export interface Row {
  /** Line of the file on which it begins. */
  readonly number: number
  readonly raw: string
  readonly next: Position
  readonly content: { readonly ok: true; readonly value: Content } | { readonly ok: false; readonly reason: string }
}

/** The file is not what it is taken for; the message is for the operator. */
export class WrongErpFile extends Error {
  override readonly name = "WrongErpFile"
}

/** Lines that one quoted field may span: an address or a note, not the rest of the file. */
const QUOTED_LINES_MAX = 20

interface Text {
  readonly number: number
  readonly text: string
  readonly next: Position
  readonly wrong: string | undefined
}

export class RowReader {
  readonly header: ReadonlyArray<string> | undefined
  private readonly lines: LineReader
  private readonly format: ErpFormat
  /** Lines of a record whose quote is not closed yet. */
  private readonly open: Array<Text> = []
  private isAtEnd = false

  private constructor(lines: LineReader, format: ErpFormat, header: ReadonlyArray<string> | undefined) {
    this.lines = lines
    this.format = format
    this.header = header
  }

  /** Begins at the first row, or goes on at `from`. Throws `WrongErpFile` when there is no header. */
  static async open(file: FileHandle, sizeBytes: number, format: ErpFormat, from?: Position): Promise<RowReader> {
    const { header, next } = await headOf(file, sizeBytes, format)
    return new RowReader(new LineReader(file, sizeBytes, from ?? next), format, header)
  }

  /** The next rows, some thousands at most; none at the end. */
  async read(): Promise<ReadonlyArray<Row>> {
    const rows: Array<Row> = []
    while (rows.length === 0 && !this.isAtEnd) {
      const lines = await this.lines.read()
      this.isAtEnd = lines.length === 0
      for (const line of lines) this.take(textOf(line, this.format), rows)
      if (this.isAtEnd) this.close(rows, 0)
    }
    return rows
  }

  private take(text: Text, rows: Array<Row>): void {
    if (text.wrong !== undefined) {
      this.close(rows, 0)
      rows.push(brokenRow(text, text.wrong))
      return
    }
    const { layout } = this.format
    if (layout.type === "fixed") {
      if (text.text.trim() !== "") rows.push(rowOf(text, text.text, text.text))
      return
    }
    this.open.push(text)
    this.close(rows, QUOTED_LINES_MAX)
  }

  /** Takes whole records from the open lines, and gives up on a quote that is not closed within `max` of them. */
  private close(rows: Array<Row>, max: number): void {
    while (this.open.length > 0) {
      const first = this.open[0] as Text
      const found = firstRecord(this.open, this.format)
      if (found === undefined) {
        const isTooMuch = this.open.reduce((sum, { text }) => sum + text.length, 0) > LINE_BYTES_MAX
        if (this.open.length <= max && !isTooMuch) return
        this.open.shift()
        rows.push(brokenRow(first, "a quote is opened and never closed"))
        continue
      }
      const last = this.open[found.lines - 1] as Text
      const raw = this.open.splice(0, found.lines).map(({ text }) => text)
      if (found.fields.some((field) => field.trim() !== "")) {
        rows.push(rowOf({ ...first, next: last.next }, raw.join("\n"), found.fields))
      }
    }
  }
}

const rowOf = ({ number, next }: Text, raw: string, value: Content): Row => ({
  number,
  raw,
  next,
  content: { ok: true, value }
})

const brokenRow = ({ number, next, text }: Text, reason: string): Row => ({
  number,
  raw: text,
  next,
  content: { ok: false, reason }
})

/** The header, and where the first row begins. */
const headOf = async (
  file: FileHandle,
  sizeBytes: number,
  format: ErpFormat
): Promise<{ readonly header: ReadonlyArray<string> | undefined; readonly next: Position }> => {
  const { layout, skipLines } = format
  const isNamed = layout.type === "csv" && layout.header
  const lines = new LineReader(file, sizeBytes)
  const open: Array<Text> = []
  let next = FILE_START
  for (;;) {
    const read = await lines.read()
    for (const line of read) {
      if (line.number === 1 && isUtf16(line.bytes)) {
        throw new WrongErpFile("The file is written in UTF-16; have it exported as UTF-8 or Latin-1.")
      }
      if (line.number <= skipLines) {
        next = { offset: line.next, line: line.number + 1 }
        continue
      }
      if (!isNamed) return { header: undefined, next }
      const text = textOf(line, format)
      if (text.wrong !== undefined) throw new WrongErpFile(`The header cannot be read: ${text.wrong}.`)
      if (open.length === 0 && text.text.trim() === "") continue
      open.push(text)
      const found = firstRecord(open, format)
      if (found !== undefined) return { header: found.fields.map((name) => name.trim()), next: text.next }
      if (open.length > QUOTED_LINES_MAX) throw new WrongErpFile("The header opens a quote and never closes it.")
    }
    if (read.length > 0) continue
    if (!isNamed) return { header: undefined, next }
    throw new WrongErpFile(open.length > 0 ? "The header opens a quote and never closes it." : "The file is empty.")
  }
}

const isUtf16 = (bytes: Buffer): boolean =>
  (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)

const NUL = 0

const textOf = (line: Line, format: ErpFormat): Text => {
  const hasBom = line.number === 1 && line.bytes[0] === 0xef && line.bytes[1] === 0xbb && line.bytes[2] === 0xbf
  const bytes = hasBom ? line.bytes.subarray(3) : line.bytes
  const isUtf = format.encoding === "utf8" && (line.isTooLong || isUtf8(bytes))
  const text = bytes.toString(isUtf ? "utf8" : "latin1")
  const next = { offset: line.next, line: line.number + 1 }
  return { number: line.number, text, next, wrong: wrongLine(line, isUtf || format.encoding === "latin1") }
}

const wrongLine = (line: Line, isDecoded: boolean): string | undefined => {
  if (line.isTooLong) return `the line is longer than ${LINE_BYTES_MAX} bytes`
  if (line.bytes.includes(NUL)) return "there is a NUL byte in the line"
  return isDecoded ? undefined : "the line is not in UTF-8"
}

interface Found {
  readonly fields: ReadonlyArray<string>
  readonly lines: number
}

const firstRecord = (open: ReadonlyArray<Text>, { layout }: ErpFormat): Found | undefined => {
  if (layout.type === "fixed") return undefined
  let text = ""
  for (const [index, line] of open.entries()) {
    text = index === 0 ? line.text : `${text}\n${line.text}`
    // Cheap first: most rows have no quote at all.
    if (!text.includes(layout.quote)) return { fields: text.split(layout.delimiter), lines: index + 1 }
    const fields = fieldsOf(text, layout)
    if (fields !== undefined) return { fields, lines: index + 1 }
  }
  return undefined
}

interface Marks {
  readonly delimiter: string
  readonly quote: string
}

/** `undefined` when the text ends within a quoted field. A quote inside an unquoted field (12" RULER) is a character. */
const fieldsOf = (text: string, { delimiter, quote }: Marks): ReadonlyArray<string> | undefined => {
  const fields: Array<string> = []
  for (let at = 0; ;) {
    const isQuoted = text[at] === quote
    const end = isQuoted ? closingQuote(text, at + 1, quote) : at
    if (end < 0) return undefined
    const comma = text.indexOf(delimiter, end)
    const rest = text.slice(isQuoted ? end + 1 : at, comma < 0 ? undefined : comma)
    fields.push(isQuoted ? text.slice(at + 1, end).replaceAll(quote + quote, quote) + rest : rest)
    if (comma < 0) return fields
    at = comma + 1
  }
}

const closingQuote = (text: string, from: number, quote: string): number => {
  for (let at = text.indexOf(quote, from); at >= 0; at = text.indexOf(quote, at + 2)) {
    if (text[at + 1] !== quote) return at
  }
  return -1
}
