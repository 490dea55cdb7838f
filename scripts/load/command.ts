/**
 * `holdfast load <csv>`: opening stock, as counts. The same file again is harmless: a row's id names the file's content
 * and the row's line, so what was loaded is recognised for as long as the hub remembers mutation ids.
 *
 * Exit codes: 0 every row was loaded, 1 some rows are wrong, 3 it cannot run, 130 interrupted.
 */
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import cliProgress from "cli-progress"
import type { Command } from "commander"
import type { FactBody } from "../../src/gateway/protocol.ts"
import { decided } from "../decided.ts"
import { FactSender } from "../fact-sender.ts"
import { PatientClient } from "../patient-client.ts"
import { readRunFile, type RunFile } from "../run-file.ts"
import { readStock, type StockRow, WrongStockFile } from "./rows.ts"

export const register = (program: Command): void => {
  program
    .command("load <csv>")
    .description("load counted stock: columns sku, quantity, and if wanted locationId, safetyThreshold")
    .addHelpText(
      "after",
      `
Rows that are wrong are named with their lines and left out; the others are loaded. The same file again changes nothing
for as long as the hub remembers mutation ids (24 hours unless it is set otherwise); later it is a new count.`
    )
    .action(async (file: string) => {
      process.exitCode = await load(file, readRunFile())
    })
}

/** Wrong rows that are named; all are counted. */
const WRONG_NAMED = 100
/** Thresholds under way at once. */
const SETTINGS_MAX = 256

export interface Loaded {
  rows: number
  wrong: number
  readonly named: Array<string>
  interrupted: boolean
}

const fingerprintOf = async (file: string): Promise<string> => {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk)
  return hash.digest("base64url").slice(0, 12)
}

export const countFact = (row: StockRow, mutationId: string): FactBody => ({
  type: "count",
  mutationId,
  quantity: row.quantity,
  reference: `line ${row.line}`,
  ...(row.locationId === undefined ? {} : { locationId: row.locationId })
})

export const loadStock = async (
  file: string,
  run: Pick<RunFile, "hub" | "nats">,
  options: { readonly signal: AbortSignal; readonly onRow: (rows: number) => void }
): Promise<Loaded> => {
  const loaded: Loaded = { rows: 0, wrong: 0, named: [], interrupted: false }
  const fingerprint = await fingerprintOf(file)
  const sender = await FactSender.open(run.nats)
  const client = await PatientClient.connect(run.hub)
  const settings: Array<() => Promise<unknown>> = []
  const flush = async (): Promise<void> => {
    await sender.flush()
    // A threshold on a shelf that is still empty would be an alert.
    await decided(run, sender.lastSequence, options.signal)
    await Promise.all(settings.splice(0).map((ask) => ask()))
  }
  try {
    for await (const row of readStock(file)) {
      if (options.signal.aborted) break
      if ("reason" in row) {
        loaded.wrong++
        if (loaded.named.length < WRONG_NAMED) loaded.named.push(`line ${row.line}: ${row.reason}`)
        continue
      }
      const mutationId = `load ${fingerprint}:${row.line}`
      const { sku, safetyThreshold } = row
      await sender.send(sku, countFact(row, mutationId))
      if (safetyThreshold !== undefined) {
        settings.push(() =>
          client.ask(sku, { type: "configure", mutationId: `${mutationId} threshold`, safetyThreshold })
        )
      }
      if (settings.length >= SETTINGS_MAX) await flush()
      options.onRow(++loaded.rows)
    }
    await flush()
  } finally {
    client.close()
    await sender.close()
    loaded.interrupted = options.signal.aborted
  }
  return loaded
}

const load = async (file: string, run: RunFile): Promise<number> => {
  const stop = new AbortController()
  process.once("SIGINT", () => stop.abort())
  const bar = new cliProgress.SingleBar({
    format: "loading {value} rows · {duration_formatted}",
    hideCursor: true
  })
  bar.start(1, 0)
  try {
    const loaded = await loadStock(file, run, { signal: stop.signal, onRow: (rows) => bar.update(rows) })
    bar.stop()
    process.stdout.write(`${loaded.rows} rows loaded, ${loaded.wrong} wrong\n`)
    for (const one of loaded.named) process.stdout.write(`${one}\n`)
    if (loaded.wrong > loaded.named.length) process.stdout.write(`… and ${loaded.wrong - loaded.named.length} more\n`)
    if (loaded.interrupted) {
      process.stdout.write("interrupted: the same call again goes on where this one stopped\n")
      return 130
    }
    return loaded.wrong > 0 ? 1 : 0
  } catch (error) {
    bar.stop()
    const isFile = error instanceof WrongStockFile || (error as NodeJS.ErrnoException).code === "ENOENT"
    if (!isFile) throw error
    process.stderr.write(`holdfast load: ${(error as Error).message}\n`)
    return 2
  }
}
