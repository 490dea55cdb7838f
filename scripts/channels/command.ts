/**
 * `holdfast channels`: how the sales channels are, and what an operator does about them, from the command line.
 *
 * Exit codes: 0 done and all is well, 1 something needs somebody, 2 wrong usage, 3 the hub cannot be asked.
 */
import { Argument, type Command } from "commander"
import type { ChannelHealth, ChannelList, DeadListing, HeldItem, UnmappedItem } from "../../src/channels/protocol.ts"
import { readCsv } from "../csv.ts"
import { headersOf, readRunFile } from "../run-file.ts"
import { healthText, heldText, lettersText, unmappedText } from "./report.ts"

export const register = (program: Command): void => {
  const channels = program
    .command("channels")
    .description("how each sales channel is")
    .action(() => finish(list))
  const name = () => new Argument("<channel>", "its name")
  channels
    .command("dead-letters")
    .addArgument(name())
    .description("what the channel did not take, with the reason")
    .action((channel: string) => finish(() => letters(channel)))
  channels
    .command("redrive")
    .addArgument(name())
    .argument("[listings...]", "these listings")
    .option("--all", "everything that was given up")
    .description("try again what was given up")
    .action((channel: string, listingIds: ReadonlyArray<string>, options: { readonly all?: true }) =>
      finish(() => redrive(channel, options.all === true ? { all: true } : { listingIds }))
    )
  channels
    .command("discard")
    .addArgument(name())
    .argument("<listings...>", "listings, or with --held happenings that are held")
    .requiredOption("--reason <text>", "why it is let be")
    .option("--held", "the ids are of held happenings")
    .description("let be what was given up or held")
    .action((channel: string, ids: ReadonlyArray<string>, options: { readonly reason: string; readonly held?: true }) =>
      finish(() => discard(channel, options.held === true ? { heldIds: ids } : { listingIds: ids }, options.reason))
    )
  channels
    .command("held")
    .addArgument(name())
    .description("what the channel told that cannot be applied yet")
    .action((channel: string) => finish(() => held(channel)))
  channels
    .command("unmapped")
    .addArgument(name())
    .description("what the channel lists that no SKU stands behind")
    .action((channel: string) => finish(() => unmapped(channel)))
  channels
    .command("map")
    .addArgument(name())
    .argument("[csv]", "listingId,sku with these names in its first line; an empty sku takes the mapping away")
    .option("--by-sku", "instead of a file: by the SKUs that the channel itself has for its listings")
    .option("--dry-run", "with --by-sku: only tell what would be mapped")
    .description("say which SKU stands behind which listing")
    .action((channel: string, file: string | undefined, options: MapOptions) =>
      finish(() => mapAs(channel, file, options))
    )
  channels
    .command("reconcile")
    .addArgument(name())
    .option("--dry-run", "only tell what differs")
    .description("compare everything that the channel shows, and put right what differs")
    .action((channel: string, options: { readonly dryRun?: true }) => finish(() => reconcile(channel, options)))
  channels
    .command("resume")
    .addArgument(name())
    .description("try a channel again after its credentials were mended")
    .action((channel: string) => finish(() => resume(channel)))
}

interface MapOptions {
  readonly bySku?: true
  readonly dryRun?: true
}

class Refused extends Error {}
class Silent extends Error {}

const finish = async (work: () => Promise<boolean>): Promise<void> => {
  try {
    process.exitCode = (await work()) ? 0 : 1
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Silent)) throw error
    process.stderr.write(`holdfast channels: ${error.message}\n`)
    process.exitCode = error instanceof Silent ? 3 : 2
  }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const ask = async <Answer>(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> => {
  const run = readRunFile()
  let response: Response
  try {
    response = await fetch(`${run.hub}/v1/channels${path}`, {
      method,
      headers: headersOf(run),
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  } catch (cause) {
    throw new Silent("The hub does not answer; see holdfast status.", { cause })
  }
  const answer = (await response.json()) as { readonly message?: string }
  if (!response.ok) throw new Refused(answer.message ?? `The hub answered ${response.status}.`)
  return answer as Answer
}

const of = (channel: string): string => `/${encodeURIComponent(channel)}`

const isWell = ({ state, deadLetters, held: waiting }: ChannelHealth): boolean =>
  (state === "ok" || state === "throttled" || state === "shadow") && deadLetters === 0 && waiting === 0

const list = async (): Promise<boolean> => {
  const { channels } = await ask<ChannelList>("GET", "")
  say(healthText(channels))
  return channels.every(isWell)
}

/** Every page of a list. */
const pages = async <One>(path: string, idOf: (one: One) => string): Promise<ReadonlyArray<One>> => {
  const all: Array<One> = []
  let after = ""
  while (true) {
    const query = `?limit=1000${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`
    const { items, next } = await ask<{ readonly items: ReadonlyArray<One>; readonly next?: string }>(
      "GET",
      `${path}${query}`
    )
    all.push(...items)
    const last = items.at(-1)
    if (next === undefined || last === undefined) return all
    after = idOf(last)
  }
}

const letters = async (channel: string): Promise<boolean> => {
  const items = await pages<DeadListing>(`${of(channel)}/dead-letters`, ({ listingId }) => listingId)
  say(lettersText(items))
  return items.length === 0
}

const held = async (channel: string): Promise<boolean> => {
  const items = await pages<HeldItem>(`${of(channel)}/held`, ({ id }) => id)
  say(heldText(items))
  return items.length === 0
}

const unmapped = async (channel: string): Promise<boolean> => {
  const items = await pages<UnmappedItem>(`${of(channel)}/unmapped`, ({ listingId }) => listingId)
  say(unmappedText(items))
  return items.length === 0
}

const redrive = async (channel: string, body: object): Promise<boolean> => {
  const { redriven } = await ask<{ readonly redriven: number }>("POST", `${of(channel)}/dead-letters/redrive`, body)
  say(`${redriven} tried again`)
  return true
}

const discard = async (channel: string, body: object, reason: string): Promise<boolean> => {
  const path = `${of(channel)}/dead-letters/discard`
  const { discarded } = await ask<{ readonly discarded: number }>("POST", path, { ...body, reason })
  say(`${discarded} let be`)
  return discarded > 0
}

const resume = async (channel: string): Promise<boolean> => {
  await ask("POST", `${of(channel)}/resume`, {})
  say(`${channel} is tried again`)
  return true
}

interface Report {
  readonly isDryRun: boolean
  readonly compared: number
  readonly skipped: number
  readonly unmapped: number
  readonly missing: ReadonlyArray<string>
  readonly driftCount: number
  readonly drift: ReadonlyArray<{
    readonly listingId: string
    readonly sku: string
    readonly shown: number
    readonly wanted: number
    readonly cause: string
    readonly since: string | null
  }>
}

const reconcile = async (channel: string, { dryRun = false }: { readonly dryRun?: boolean }): Promise<boolean> => {
  const report = await ask<Report>("POST", `${of(channel)}/reconcile`, { dryRun })
  for (const { listingId, sku, shown, wanted, cause, since } of report.drift) {
    say(`${listingId} (${sku}) shows ${shown}, ought to show ${wanted}: ${cause}, since ${since ?? "it was mapped"}`)
  }
  for (const listingId of report.missing) say(`${listingId} is not on the channel`)
  say(
    `${report.compared} compared, ${report.skipped} were changing, ${report.unmapped} without a SKU here, ${report.driftCount} differed${report.isDryRun ? "" : " and are put right"}`
  )
  return report.driftCount === 0
}

/** Mappings that go out in one request. */
const CHUNK = 5_000

const mapAs = (channel: string, file: string | undefined, { bySku, dryRun }: MapOptions): Promise<boolean> => {
  if (bySku === true && file === undefined) return mapBySku(channel, dryRun === true)
  if (bySku !== true && file !== undefined && dryRun !== true) return map(channel, file)
  throw new Refused("Give either a file or --by-sku; --dry-run goes with --by-sku.")
}

interface Adopted {
  readonly found: number
  readonly mapped: number
  readonly released: number
  readonly withoutSku: number
  readonly unknown: ReadonlyArray<{ readonly listingId: string; readonly sku: string }>
}

const mapBySku = async (channel: string, dryRun: boolean): Promise<boolean> => {
  const adopted = await ask<Adopted>("POST", `${of(channel)}/mappings/by-sku`, { dryRun })
  for (const { listingId, sku } of adopted.unknown) say(`${listingId}: the hub knows no SKU ${sku}`)
  say(
    `${adopted.found} had no SKU, ${adopted.mapped} ${dryRun ? "would be" : "are"} mapped, ${adopted.released} held happenings applied, ${adopted.withoutSku} have none on the channel either`
  )
  return adopted.mapped === adopted.found
}

const map = async (channel: string, file: string): Promise<boolean> => {
  let names: ReadonlyArray<string> | undefined
  let chunk: Array<object> = []
  const counted = { mapped: 0, released: 0, wrong: 0 }
  const send = async (): Promise<void> => {
    if (chunk.length === 0) return
    const path = `${of(channel)}/mappings`
    const { mapped, released } = await ask<{ readonly mapped: number; readonly released: number }>("POST", path, chunk)
    counted.mapped += mapped
    counted.released += released
    chunk = []
  }
  for await (const { line, fields } of readCsv(file)) {
    if (names === undefined) {
      names = fields ?? []
      if (!names.includes("listingId") || !names.includes("sku")) {
        throw new Refused(`${file}: the first line must name the columns listingId and sku.`)
      }
      continue
    }
    const listingId = fields?.[names.indexOf("listingId")] ?? ""
    const sku = fields?.[names.indexOf("sku")] ?? ""
    if (listingId === "") {
      counted.wrong++
      process.stderr.write(`${file}:${line}: no listingId\n`)
      continue
    }
    chunk.push({ listingId, sku: sku === "" ? null : sku })
    if (chunk.length >= CHUNK) await send()
  }
  await send()
  say(`${counted.mapped} mapped, ${counted.released} held happenings applied, ${counted.wrong} rows rejected`)
  return counted.wrong === 0
}
