/**
 * `holdfast erp <folder>`: what was asked for, the progress bar, what became of each file. Reading the files is
 * `src/channels/erp`'s work.
 *
 * Exit codes: 0 all is well, 1 a file is not whole and was left, 2 rows or files were rejected (or wrong usage), 3 it
 * cannot run, 130 interrupted.
 */
import { readFileSync } from "node:fs"
import { basename } from "node:path"
import cliProgress from "cli-progress"
import type { Command } from "commander"
import { ErpBridge, erpSettings, type ErpSettings, type FileOutcome } from "../../src/channels/erp/bridge.ts"
import type { LiveProgress } from "../../src/channels/erp/file-run.ts"
import { httpPublish } from "../../src/channels/erp/http-publish.ts"
import { FolderInUse } from "../../src/channels/erp/lock.ts"
import type { Publish } from "../../src/channels/erp/publishing.ts"
import { FactSender } from "../fact-sender.ts"
import { readRunFile } from "../run-file.ts"

interface Given {
  readonly format: string
  readonly watch?: boolean
  readonly via: string
  readonly files: string
  readonly channel: string
  readonly stable: string
  readonly doneMarker?: boolean
  readonly rescan: string
  readonly hub?: string
  readonly nats?: string
}

export const register = (program: Command): void => {
  program
    .command("erp <folder>")
    .description("turn the files that an ERP drops in a folder into facts, row by row")
    .requiredOption("--format <file>", "the files' format, as JSON")
    .option("--watch", "go on with what comes, until interrupted")
    .option("--via <way>", "how facts go to the hub: http (refused rows are reported) or nats (faster)", "http")
    .option("--files <name>", "names of the files, * for anything", "*")
    .option("--channel <name>", "the channel that facts are told to come from", "erp")
    .option("--stable <seconds>", "a file is begun when it has not changed for so long", "5")
    .option("--done-marker", "a file is begun when <file>.done is there")
    .option("--rescan <seconds>", "with --watch: how often the folder is looked through", "5")
    .option("--hub <url>", "the hub (default: the one that runs here)")
    .option("--nats <url>", "its NATS (default: the one that runs here)")
    .addHelpText(
      "after",
      `
Files that are done go to <folder>/processed, rows that were rejected are in <folder>/rejected. A run that was
interrupted is simply started again; the same file again, also under another name, changes nothing.`
    )
    .action(async (folder: string, given: Given) => {
      process.exitCode = await run(folder, given)
    })
}

class WrongUsage extends Error {}

const run = async (folder: string, given: Given): Promise<number> => {
  const stop = new AbortController()
  // A second Ctrl-C finds no listener and ends the program at once.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort())
  const shown = new Shown()
  try {
    const settings = settingsOf(folder, given)
    const { publish, close } = await publisher(given)
    const bridge = new ErpBridge(settings, {
      publish,
      onProgress: (progress) => shown.progress(progress),
      onFile: (outcome) => shown.file(outcome),
      onWaiting: (message) => shown.waiting(message)
    })
    try {
      if (given.watch === true) await bridge.watch(stop.signal)
      else await bridge.run(stop.signal)
    } finally {
      await close()
    }
    shown.stop()
    return given.watch !== true && stop.signal.aborted ? 130 : shown.exitCode
  } catch (error) {
    shown.stop()
    if (!(error instanceof WrongUsage || error instanceof FolderInUse)) throw error
    process.stderr.write(`holdfast erp: ${error.message}\n`)
    return error instanceof WrongUsage ? 2 : 3
  }
}

const settingsOf = (folder: string, given: Given): ErpSettings => {
  try {
    const { files, channel, doneMarker = false } = given
    return erpSettings({
      folder,
      format: JSON.parse(readFileSync(given.format, "utf8")) as unknown,
      files,
      channel,
      doneMarker,
      stableMs: Number(given.stable) * 1_000,
      rescanMs: Number(given.rescan) * 1_000
    })
  } catch (error) {
    throw new WrongUsage((error as Error).message, { cause: error })
  }
}

const publisher = async (given: Given): Promise<{ readonly publish: Publish; readonly close: () => Promise<void> }> => {
  if (given.via === "http") {
    return { publish: httpPublish(given.hub ?? readRunFile().hub), close: () => Promise.resolve() }
  }
  if (given.via !== "nats") throw new WrongUsage("--via takes http or nats.")
  const url = given.nats ?? readRunFile().nats
  let sender = await FactSender.open(url)
  const publish: Publish = async (facts) => {
    try {
      for (const { sku, body } of facts) await sender.send(sku, body)
      await sender.flush()
    } catch (error) {
      // A sender that gave up stays so; the bridge comes again.
      await sender.close().catch(() => undefined)
      sender = await FactSender.open(url)
      throw error
    }
    // What the hub cannot take goes to its dead letters.
    return facts.map(() => ({ ok: true }))
  }
  return { publish, close: () => sender.close() }
}

const EXIT_CODES: Readonly<Record<FileOutcome["outcome"], number>> = {
  processed: 0,
  "already processed": 0,
  interrupted: 0,
  incomplete: 1,
  failed: 2,
  refused: 2
}

class Shown {
  exitCode = 0
  private readonly bar = new cliProgress.SingleBar({
    format: "{file} {bar} {percentage}% · {rows} rows · {rejected} rejected · {rate} rows/s",
    hideCursor: true
  })
  private shownFile: string | undefined

  progress({ file, rows, rejected, rate, bytesDone, bytesTotal }: LiveProgress): void {
    const payload = { file: basename(file), rows, rejected, rate: Math.round(rate) }
    if (this.shownFile !== file) this.bar.start(bytesTotal, bytesDone, payload)
    this.shownFile = file
    this.bar.update(bytesDone, payload)
  }

  file({ file, outcome, message, rows, facts, ignored, rejected, report }: FileOutcome): void {
    this.stop()
    this.exitCode = Math.max(this.exitCode, rejected > 0 ? 2 : EXIT_CODES[outcome])
    const counts = `${rows} rows, ${facts} facts, ${ignored} ignored, ${rejected} rejected`
    const said = message ?? (outcome === "already processed" ? "its content was done before" : counts)
    process.stdout.write(`${file}: ${outcome}: ${said}${report === undefined ? "" : `; see ${report}`}\n`)
  }

  waiting(message: string | undefined): void {
    process.stderr.write(message === undefined ? "going on\n" : `waiting: ${message}\n`)
  }

  stop(): void {
    if (this.shownFile !== undefined) this.bar.stop()
    this.shownFile = undefined
  }
}
