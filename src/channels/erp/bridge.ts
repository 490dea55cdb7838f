/**
 * The ERP bridge: files that an ERP drops in a folder become facts, row by row. It decides which file may be begun, and
 * when; one file is worked on at a time, so that a later file never overtakes an earlier one that is whole.
 *
 * A file is begun when it has not changed for `stableMs`, or when its mark `<file>.done` is there where the setting asks
 * for one; where the format has a trailer, that must agree too. A format without document numbers *and* without a
 * trailer should have the mark: a file that is begun too early is another file when it has grown, and its rows have
 * other ids.
 */
import { watch } from "node:fs"
import { setTimeout as wait } from "node:timers/promises"
import { erpFormat, type ErpFormat } from "./format.ts"
import { fieldsOf, text, textOr } from "../settings.ts"
import { type FileRunEnd, type LiveProgress, runFile } from "./file-run.ts"
import { ErpFolder } from "./folder.ts"
import { lockFolder } from "./lock.ts"
import { type Counts, type Progress, readProgress, writeDurably } from "./progress.ts"
import { type OnWaiting, PATIENCE, type Patience, type Publish } from "./publishing.ts"
import { WrongErpFile } from "./rows.ts"
import { IncompleteErpFile, isSame, type Stamp, stampOf, survey, type Survey } from "./survey.ts"

export interface ErpSettings {
  readonly folder: string
  readonly format: ErpFormat
  /** The channel that facts are told to come from. */
  readonly channel?: string
  /** Names of the files, with `*` for anything. */
  readonly files: string
  readonly stableMs: number
  /** Wait for `<file>.done` in place of `stableMs`. */
  readonly doneMarker: boolean
  /** The folder is looked through this often even when nothing is told of it: network folders tell nothing. */
  readonly rescanMs: number
}

/** Throws one sentence for the operator when the settings do not do. */
export const erpSettings = (settings: unknown): ErpSettings => {
  const fields = fieldsOf(settings, "The ERP bridge")
  const milliseconds = (name: string, min: number, otherwise: number): number => {
    const value = fields[name] ?? otherwise
    if (typeof value === "number" && value >= min && value <= 86_400_000) return value
    throw new Error(`The setting ${name} must be milliseconds from ${min} to a day.`)
  }
  const doneMarker = fields["doneMarker"] ?? false
  if (typeof doneMarker !== "boolean") throw new Error("The setting doneMarker must be true or false.")
  return {
    folder: text(fields, "folder"),
    format: erpFormat(fields["format"]),
    ...(fields["channel"] === undefined ? {} : { channel: text(fields, "channel") }),
    files: textOr(fields, "files", "*"),
    stableMs: milliseconds("stableMs", 0, 5_000),
    doneMarker,
    rescanMs: milliseconds("rescanMs", 100, 5_000)
  }
}

export interface FileOutcome extends Counts {
  readonly file: string
  /**
   * `already processed`: the same content was done before, under whatever name. `refused`: it is not what the format
   * says. `incomplete`: it is still written, or cut off. `failed`: it cannot be read or moved. The last three leave the
   * file where it is, and it is looked at again when it has changed (`failed`: at the next look).
   */
  readonly outcome: "processed" | "already processed" | "refused" | "incomplete" | "interrupted" | "failed"
  readonly message?: string
  /** The report of its rejected rows, when there are any. */
  readonly report?: string
}

export interface ErpPorts {
  readonly publish: Publish
  readonly onProgress?: (progress: LiveProgress) => void
  readonly onFile?: (outcome: FileOutcome) => void
  /** Facts are not taken, or (while watching) the folder cannot be read. */
  readonly onWaiting?: OnWaiting
  readonly patience?: Patience
}

interface Seen {
  readonly stamp: Stamp
  readonly sinceMs: number
  /** What was told of it as it is now. */
  readonly told?: string
  /** It is left alone until it changes. */
  readonly isJudged?: boolean
  readonly notBeforeMs?: number
}

const NOTHING: Counts = { rows: 0, facts: 0, ignored: 0, rejected: 0 }
/** Between two looks at the folder, however much is told of it. */
const LOOK_MS_MIN = 250

export class ErpBridge {
  private readonly settings: ErpSettings
  private readonly ports: ErpPorts
  private readonly folder: ErpFolder
  /** Of the files that lie in the folder. */
  private seen = new Map<string, Seen>()

  constructor(settings: ErpSettings, ports: ErpPorts) {
    this.settings = settings
    this.ports = ports
    this.folder = new ErpFolder(settings.folder, settings.files)
  }

  /** Works through what lies in the folder. Throws when the folder cannot be used. */
  run(signal: AbortSignal): Promise<ReadonlyArray<FileOutcome>> {
    return this.locked(async () => {
      const outcomes = [...(await this.look(signal))]
      const { stableMs, doneMarker } = this.settings
      const isWaiting = [...this.seen.values()].some(({ isJudged }) => isJudged !== true)
      if (isWaiting && !doneMarker && stableMs > 0) {
        await wait(stableMs, undefined, { signal }).catch(() => undefined)
        outcomes.push(...(await this.look(signal)))
      }
      if (signal.aborted) return outcomes
      const message = doneMarker ? "Its mark .done is not there." : "The file is still being written."
      for (const [file, { told }] of this.seen) {
        if (told === undefined) outcomes.push(this.tell({ ...NOTHING, file, outcome: "incomplete", message }))
      }
      return outcomes
    })
  }

  /** Works on what is there and on what comes, until it is told to stop. Throws when the folder cannot be used at all;
   * one that goes away later is waited for. */
  watch(signal: AbortSignal): Promise<void> {
    return this.locked(async () => {
      const bell = new Bell(this.settings.folder)
      const { onWaiting = () => undefined } = this.ports
      let trouble: string | undefined
      try {
        while (!signal.aborted) {
          bell.reset()
          const before = trouble
          trouble = await this.look(signal).then(() => undefined, messageOf)
          if (trouble !== before) onWaiting(trouble)
          const isPending = [...this.seen.values()].some(({ isJudged }) => isJudged !== true)
          const { rescanMs, stableMs } = this.settings
          const restMs = isPending ? Math.min(rescanMs, Math.max(stableMs, LOOK_MS_MIN)) : rescanMs
          await wait(LOOK_MS_MIN, undefined, { signal }).catch(() => undefined)
          await bell.rungOr(restMs - LOOK_MS_MIN, signal)
        }
      } finally {
        bell.close()
      }
    })
  }

  private async locked<Value>(work: () => Promise<Value>): Promise<Value> {
    await this.folder.prepare()
    const unlock = await lockFolder(this.settings.folder)
    try {
      return await work()
    } finally {
      await unlock()
    }
  }

  /** One look through the folder: works on every file that may be begun. */
  private async look(signal: AbortSignal): Promise<ReadonlyArray<FileOutcome>> {
    const outcomes: Array<FileOutcome> = []
    const names = await this.folder.drops()
    const there = new Set(names)
    for (const name of this.seen.keys()) if (!there.has(name)) this.seen.delete(name)
    for (const name of names) {
      if (signal.aborted) break
      if (!(await this.mayBegin(name))) continue
      const outcome = await this.work(name, signal)
      if (outcome === undefined) continue
      const { told } = this.seen.get(name) as Seen
      const news = `${outcome.outcome}: ${outcome.message ?? ""}`
      this.judge(name, outcome, news)
      // A trouble that goes on is told once.
      if (told !== news) outcomes.push(this.tell(outcome))
    }
    return outcomes
  }

  private judge(name: string, { outcome }: FileOutcome, news: string): void {
    const seen = this.seen.get(name) as Seen
    const { rescanMs } = this.settings
    if (outcome === "processed" || outcome === "already processed") this.seen.delete(name)
    else if (outcome === "refused" || outcome === "incomplete")
      this.seen.set(name, { ...seen, told: news, isJudged: true })
    else this.seen.set(name, { ...seen, told: news, notBeforeMs: performance.now() + rescanMs })
  }

  private async mayBegin(name: string): Promise<boolean> {
    const stamp = await stampOf(this.folder.file(name)).catch(() => undefined)
    if (stamp === undefined) return false
    const nowMs = performance.now()
    let seen = this.seen.get(name)
    if (seen === undefined || !isSame(seen.stamp, stamp)) {
      seen = { stamp, sinceMs: nowMs }
      this.seen.set(name, seen)
    }
    if (seen.isJudged === true || nowMs < (seen.notBeforeMs ?? 0)) return false
    const { doneMarker, stableMs } = this.settings
    return doneMarker ? this.folder.hasMark(name) : nowMs - seen.sinceMs >= stableMs
  }

  /** `undefined`: the file is another by now; it is looked at again. */
  private async work(file: string, signal: AbortSignal): Promise<FileOutcome | undefined> {
    try {
      const found = await survey(this.folder.file(file), this.settings.format)
      const before = await readProgress(this.folder.progress(file))
      const begun = before?.sha256 === found.sha256 ? before : undefined
      if (begun === undefined && (await this.folder.isDone(found.sha256))) {
        await this.folder.putAway(file)
        return { ...NOTHING, file, outcome: "already processed" }
      }
      const from = begun ?? (await this.begin(file, found))
      const { end, progress } = await this.rows(file, found, from, signal)
      if (end === "changed") return undefined
      if (end === "done") {
        const { rows, facts, rejected } = progress
        await this.folder.markDone(found.sha256, { file, rows, facts, rejected })
        await this.folder.putAway(file)
      }
      return this.outcomeOf(file, end === "done" ? "processed" : "interrupted", progress)
    } catch (error) {
      const message = messageOf(error)
      if (error instanceof WrongErpFile) return { ...NOTHING, file, outcome: "refused", message }
      if (error instanceof IncompleteErpFile) return { ...NOTHING, file, outcome: "incomplete", message }
      return { ...NOTHING, file, outcome: "failed", message }
    }
  }

  /** The progress is there before the report, so that after a kill the report is known to be this file's. */
  private async begin(file: string, { sha256 }: Survey): Promise<Progress> {
    const report = await this.folder.newReport(file, sha256)
    const progress = { ...NOTHING, sha256, offset: 0, line: 1, report, reportBytes: 0 }
    await writeDurably(this.folder.progress(file), progress)
    return progress
  }

  private rows(file: string, found: Survey, from: Progress, signal: AbortSignal): Promise<FileRunEnd> {
    const { format, channel } = this.settings
    const { publish, onProgress, onWaiting, patience } = this.ports
    return runFile({
      file,
      path: this.folder.file(file),
      progressPath: this.folder.progress(file),
      reportPath: this.folder.report(from.report),
      format,
      ...(channel === undefined ? {} : { channel }),
      survey: found,
      from,
      publish,
      patience: patience ?? PATIENCE,
      signal,
      onWaiting: onWaiting ?? (() => undefined),
      onProgress: onProgress ?? (() => undefined)
    })
  }

  private outcomeOf(file: string, outcome: FileOutcome["outcome"], progress: Progress): FileOutcome {
    const { rows, facts, ignored, rejected, report } = progress
    const reported = rejected > 0 ? { report: this.folder.report(report) } : {}
    return { file, outcome, rows, facts, ignored, rejected, ...reported }
  }

  private tell(outcome: FileOutcome): FileOutcome {
    this.ports.onFile?.(outcome)
    return outcome
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Rings when the system tells of a change in the folder; without such tidings rescans do. */
class Bell {
  private rung = false
  private readonly watcher: ReturnType<typeof watch> | undefined
  private wake: () => void = () => undefined

  constructor(folder: string) {
    try {
      this.watcher = watch(folder, { persistent: false }, () => {
        this.rung = true
        this.wake()
      })
      this.watcher.on("error", () => undefined)
    } catch {
      this.watcher = undefined
    }
  }

  reset(): void {
    this.rung = false
  }

  async rungOr(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.rung || signal.aborted || timeoutMs <= 0) return
    const patience = new AbortController()
    const rings = new Promise<void>((resolve) => (this.wake = resolve))
    const late = wait(timeoutMs, undefined, { signal: AbortSignal.any([signal, patience.signal]) })
    await Promise.race([rings, late.catch(() => undefined)])
    patience.abort()
  }

  close(): void {
    this.watcher?.close()
  }
}
