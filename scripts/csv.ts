/**
 * Records of a CSV file (RFC 4180, `.gz` or plain) as a stream, in constant memory, each with the line it starts on.
 *
 * Its own reader, because of what it must survive: a quote that is never closed costs the row that it is in. Library
 * parsers read on to the end of the file for the other one.
 */
import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import { createGunzip } from "node:zlib"

export interface CsvRecord {
  /** The file's first line is 1. */
  readonly line: number
  /** `undefined` when a quote is never closed. */
  readonly fields: ReadonlyArray<string> | undefined
}

/** Lines that one quoted field may span: an address or a note, not the rest of the file. */
const LINES_MAX = 20

export async function* readCsv(path: string): AsyncGenerator<CsvRecord> {
  const file = createReadStream(path)
  const input = path.endsWith(".gz") ? file.pipe(createGunzip()) : file
  // Errors are awaited here: readline does not hand them on.
  let failure: Error | undefined
  const reader = createInterface({ input, crlfDelay: Infinity })
  for (const stream of [file, input]) {
    stream.on("error", (error: Error) => {
      failure ??= error
      reader.close()
    })
  }
  const state = { open: [] as Array<string>, line: 0 }
  try {
    for await (const text of reader) {
      state.line++
      state.open.push(state.line === 1 ? text.replace(/^\uFEFF/, "") : text)
      yield* closedRecords(state, LINES_MAX)
    }
    yield* closedRecords(state, 0)
    if (failure !== undefined) throw failure
  } finally {
    reader.close()
    file.destroy()
  }
}

/** Takes from the open lines what can be told of them: whole records, and rows whose quote is not closed within `max`. */
function* closedRecords(state: { open: Array<string>; readonly line: number }, max: number): Generator<CsvRecord> {
  while (state.open.length > 0) {
    const line = state.line - state.open.length + 1
    const found = firstRecord(state.open)
    if (found === undefined) {
      if (state.open.length <= max) return
      state.open.shift()
      yield { line, fields: undefined }
    } else {
      state.open.splice(0, found.lines)
      if (found.fields.length > 1 || found.fields[0] !== "") yield { line, fields: found.fields }
    }
  }
}

const firstRecord = (
  lines: ReadonlyArray<string>
): { readonly fields: ReadonlyArray<string>; readonly lines: number } | undefined => {
  let text = ""
  for (const [index, line] of lines.entries()) {
    text = index === 0 ? line : `${text}\n${line}`
    // Cheap first: most rows have no quote at all.
    if (!text.includes('"')) return { fields: text.split(","), lines: index + 1 }
    const fields = fieldsOf(text)
    if (fields !== undefined) return { fields, lines: index + 1 }
  }
  return undefined
}

/** `undefined` when the text ends within a quoted field. A quote inside an unquoted field (12" RULER) is a character. */
const fieldsOf = (text: string): ReadonlyArray<string> | undefined => {
  const fields: Array<string> = []
  for (let at = 0; ;) {
    if (text[at] !== '"') {
      const end = text.indexOf(",", at)
      fields.push(end < 0 ? text.slice(at) : text.slice(at, end))
      if (end < 0) return fields
      at = end + 1
      continue
    }
    const end = closingQuote(text, at + 1)
    if (end < 0) return undefined
    const comma = text.indexOf(",", end)
    const rest = comma < 0 ? text.slice(end + 1) : text.slice(end + 1, comma)
    fields.push(text.slice(at + 1, end).replaceAll('""', '"') + rest)
    if (comma < 0) return fields
    at = comma + 1
  }
}

const closingQuote = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) if (text[at + 1] !== '"') return at
  return -1
}
