/**
 * One file from its first row that is not done to its last, in blocks. A block's facts are acknowledged, then its
 * rejected rows are in the report, then the progress says so; each step is repeated harmlessly when the one after it was
 * not reached.
 *
 * F1 Progress never runs ahead of an acknowledgement: kill -9 loses no row.
 * F2 What is sent again after a kill is one block at most, with the same ids. They are recognised for as long as the hub
 *    remembers mutation ids.
 * F3 A file that changed while it was read is given up, and looked at anew.
 */
import { type FileHandle, open } from "node:fs/promises"
import { type ErpFact, rowReading } from "./facts.ts"
import type { ErpFormat } from "./format.ts"
import type { Position } from "./lines.ts"
import { type Counts, type Progress, writeDurably } from "./progress.ts"
import { type OnWaiting, type Patience, type Publish, published } from "./publishing.ts"
import { type RejectedRow, RejectedReport } from "./report.ts"
import { type Row, RowReader } from "./rows.ts"
import { isSame, stampOf, type Survey } from "./survey.ts"

export interface LiveProgress extends Counts {
  readonly file: string
  readonly bytesDone: number
  readonly bytesTotal: number
  /** Rows a second since this run began with the file. */
  readonly rate: number
}

export interface FileRunOptions {
  readonly file: string
  readonly path: string
  readonly progressPath: string
  readonly reportPath: string
  readonly format: ErpFormat
  readonly channel?: string
  readonly survey: Survey
  readonly from: Progress
  readonly publish: Publish
  readonly patience: Patience
  readonly signal: AbortSignal
  readonly onWaiting: OnWaiting
  readonly onProgress: (progress: LiveProgress) => void
}

/** `changed`: the file is another by now. */
export interface FileRunEnd {
  readonly end: "done" | "interrupted" | "changed"
  readonly progress: Progress
}

/** A fsync of the report and two of the progress cost some milliseconds; this makes them some microseconds a row. */
const BLOCK_ROWS_MAX = 1_000
/** With longer rows a block is this much text and one read's rows, so that memory is bounded whatever they carry. */
const BLOCK_LENGTH_MAX = 1024 * 1024

interface Block {
  readonly facts: Array<ErpFact>
  readonly factRows: Array<Row>
  readonly rejected: Array<RejectedRow>
  rows: number
  ignored: number
  length: number
  next: Position
}

const emptyBlock = (next: Position): Block => ({
  facts: [],
  factRows: [],
  rejected: [],
  rows: 0,
  ignored: 0,
  length: 0,
  next
})

export const runFile = async (options: FileRunOptions): Promise<FileRunEnd> => {
  const file = await open(options.path, "r")
  const report = new RejectedReport(options.reportPath, options.from.reportBytes)
  try {
    await report.cutOff()
    return await new FileRun(options, file, report).run()
  } finally {
    await report.close()
    await file.close()
  }
}

class FileRun {
  private readonly options: FileRunOptions
  private readonly file: FileHandle
  private readonly report: RejectedReport
  private readonly startedMs = performance.now()
  private progress: Progress

  constructor(options: FileRunOptions, file: FileHandle, report: RejectedReport) {
    this.options = options
    this.file = file
    this.report = report
    this.progress = options.from
  }

  async run(): Promise<FileRunEnd> {
    const { format, survey, from } = this.options
    const { sizeBytes } = survey.stamp
    // Zero stands for the first row: it begins behind the header.
    const resumed = from.offset === 0 ? undefined : { offset: from.offset, line: from.line }
    const reader = await RowReader.open(this.file, sizeBytes, format, resumed)
    const { channel } = this.options
    const named = channel === undefined ? {} : { channel }
    const meaningOf = rowReading({ format, header: reader.header, sha256: survey.sha256, ...named })
    let block = emptyBlock(from)
    for (let rows = await reader.read(); rows.length > 0; rows = await reader.read()) {
      for (const row of rows) {
        take(block, row, meaningOf(row))
        if (block.rows < BLOCK_ROWS_MAX && block.length < BLOCK_LENGTH_MAX) continue
        const end = await this.settle(block)
        if (end !== undefined) return { end, progress: this.progress }
        block = emptyBlock(row.next)
      }
    }
    const end = await this.settle({ ...block, next: { offset: sizeBytes, line: block.next.line } })
    const isWhole = isSame(await stampOf(this.options.path), survey.stamp)
    return { end: end ?? (isWhole ? "done" : "changed"), progress: this.progress }
  }

  /** Answers why it cannot go on, if so. */
  private async settle(block: Block): Promise<"interrupted" | "changed" | undefined> {
    const { publish, signal, patience, onWaiting, path, survey, progressPath } = this.options
    if (signal.aborted) return "interrupted"
    if (!isSame(await stampOf(path), survey.stamp)) return "changed"
    if (block.facts.length > 0) {
      const outcomes = await published(publish, block.facts, { signal, patience, onWaiting })
      if (outcomes === undefined) return "interrupted"
      for (const [index, outcome] of outcomes.entries()) {
        const { number, raw } = block.factRows[index] as Row
        if (!outcome.ok) block.rejected.push({ row: number, reason: outcome.message, raw })
      }
    }
    await this.report.add(block.rejected.sort((left, right) => left.row - right.row))
    const before = this.progress
    this.progress = {
      ...before,
      offset: block.next.offset,
      line: block.next.line,
      rows: before.rows + block.rows,
      facts: before.facts + block.rows - block.ignored - block.rejected.length,
      ignored: before.ignored + block.ignored,
      rejected: before.rejected + block.rejected.length,
      reportBytes: this.report.sizeBytes
    }
    await writeDurably(progressPath, this.progress)
    this.tell()
    return undefined
  }

  private tell(): void {
    const { file, survey, from, onProgress } = this.options
    const { rows, facts, ignored, rejected, offset } = this.progress
    const seconds = Math.max(0.001, (performance.now() - this.startedMs) / 1_000)
    const rate = (rows - from.rows) / seconds
    onProgress({ file, rows, facts, ignored, rejected, bytesDone: offset, bytesTotal: survey.stamp.sizeBytes, rate })
  }
}

const take = (block: Block, row: Row, meaning: ReturnType<ReturnType<typeof rowReading>>): void => {
  block.next = row.next
  block.length += row.raw.length
  if (meaning.kind === "trailer") return
  block.rows++
  if (meaning.kind === "ignored") block.ignored++
  else if (meaning.kind === "rejected") {
    block.rejected.push({ row: row.number, reason: meaning.reason, raw: row.raw })
  } else {
    block.facts.push(meaning.fact)
    block.factRows.push(row)
  }
}
