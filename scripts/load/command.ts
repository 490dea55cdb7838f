/**
 * `holdfast load <csv>`: opening stock, as counts. The same file again is harmless: a row's id names the file's content.
 */
import { createHash } from "node:crypto"
import { createReadStream, readFileSync } from "node:fs"
import { parse } from "csv-parse"
import cliProgress from "cli-progress"
import type { Command } from "commander"
import { FactSender } from "../fact-sender.ts"
import { readRunFile, type RunFile } from "../run-file.ts"

interface StockRow {
  readonly sku: string
  readonly quantity: number
  readonly locationId: string | undefined
  readonly safetyThreshold: number | undefined
}

export const register = (program: Command): void => {
  program
    .command("load <csv>")
    .description("load counted stock: columns sku, quantity, and if wanted locationId, safetyThreshold")
    .action(async (file: string) => {
      process.exitCode = await load(file, readRunFile())
    })
}

/** The row, or what is wrong with it. */
export const readStockRow = (record: Readonly<Record<string, string | undefined>>): StockRow | string => {
  const { sku = "", quantity = "", locationId = "", safetyThreshold = "" } = record
  if (sku === "" || sku.length > 128) return "sku must have 1 to 128 characters"
  if (!/^\d{1,10}$/.test(quantity) || Number(quantity) > 2 ** 31 - 1)
    return `quantity "${quantity}" is no count of units`
  if (safetyThreshold !== "" && !/^\d{1,10}$/.test(safetyThreshold))
    return `safetyThreshold "${safetyThreshold}" is no number`
  return {
    sku,
    quantity: Number(quantity),
    locationId: locationId === "" ? undefined : locationId,
    safetyThreshold: safetyThreshold === "" ? undefined : Number(safetyThreshold)
  }
}

const load = async (file: string, run: RunFile): Promise<number> => {
  const fingerprint = createHash("sha256").update(readFileSync(file)).digest("base64url").slice(0, 12)
  const sender = await FactSender.open(run.nats)
  const bar = new cliProgress.SingleBar({ format: "loading {value} rows · {duration_formatted}" })
  bar.start(1, 0)
  const wrong: Array<string> = []
  let line = 1
  let loaded = 0
  const records = createReadStream(file).pipe(parse({ columns: true, bom: true, relax_column_count: true, trim: true }))
  for await (const record of records as AsyncIterable<Record<string, string | undefined>>) {
    line++
    const row = readStockRow(record)
    if (typeof row === "string") {
      wrong.push(`line ${line}: ${row}`)
      continue
    }
    const { sku, quantity, locationId, safetyThreshold } = row
    const mutationId = `load-${fingerprint}-${line}`
    await sender.send(sku, { type: "count", mutationId, quantity, ...(locationId === undefined ? {} : { locationId }) })
    if (safetyThreshold !== undefined) await configure(run, sku, `${mutationId}-threshold`, safetyThreshold)
    bar.update(++loaded)
  }
  await sender.flush()
  await sender.close()
  bar.stop()
  process.stdout.write(`${loaded} rows loaded, ${wrong.length} rejected\n`)
  for (const one of wrong.slice(0, 100)) process.stdout.write(`${one}\n`)
  return wrong.length > 0 ? 1 : 0
}

const configure = async (run: RunFile, sku: string, mutationId: string, safetyThreshold: number): Promise<void> => {
  const response = await fetch(`${run.hub}/v1/stock/${encodeURIComponent(sku)}/requests`, {
    method: "POST",
    body: JSON.stringify({ type: "configure", mutationId, safetyThreshold })
  })
  if (!response.ok) throw new Error(`The threshold of ${sku} was not taken: ${await response.text()}`)
}
