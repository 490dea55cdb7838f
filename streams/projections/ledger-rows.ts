/**
 * Journal events as columns for PostgreSQL's `unnest`: pure, and the only place that knows which field goes where.
 */
import type { StockEvent } from "../../actors/sku/events.ts"

export interface LedgerEntry {
  readonly event: StockEvent
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly sequence: number
}

/** Text without NUL, which PostgreSQL cannot store. */
export const storable = (text: string): string => (text.includes("\u0000") ? text.replaceAll("\u0000", "\u2400") : text)

const optional = (text: string | undefined): string | null => (text === undefined ? null : storable(text))

const field = (event: StockEvent, name: string): string | null => optional((event as never)[name])

const isoTime = (ms: number): string => new Date(ms).toISOString()

type Columns = Array<Array<string | number | null>>

const columnsOf = (rows: ReadonlyArray<ReadonlyArray<string | number | null>>, count: number): Columns =>
  Array.from({ length: count }, (_, column) => rows.map((row) => row[column] ?? null))

/** `reused`: the mutation ids have rows already; these get their version as distinction. */
export const ledgerColumns = (entries: ReadonlyArray<LedgerEntry>, reused: boolean): Columns =>
  columnsOf(
    entries.map(({ event, at, sequence }) => [
      storable(event.sku),
      event.version,
      event.type,
      storable(event.mutationId),
      storable(event.scope ?? ""),
      "quantity" in event ? event.quantity : null,
      event.physical,
      event.allocated,
      field(event, "locationId"),
      field(event, "toLocationId"),
      field(event, "channel"),
      field(event, "holdId"),
      field(event, "reference"),
      field(event, "reason"),
      field(event, "occurredAt"),
      isoTime(at),
      sequence,
      reused ? event.version : 0
    ]),
    18
  )

/** The newest numbers of each SKU. */
export const levelColumns = (entries: ReadonlyArray<LedgerEntry>): Columns => {
  const newest = new Map<string, LedgerEntry>()
  for (const entry of entries) newest.set(entry.event.sku, entry)
  return columnsOf(
    [...newest.values()].map(({ event, at }) => [
      storable(event.sku),
      event.version,
      event.physical,
      event.allocated,
      event.safetyThreshold ?? 0,
      isoTime(at)
    ]),
    6
  )
}

type HoldRow = [sku: string, scope: string, holdId: string, quantity: number, channel: string | null, expiresAt: string]

/** Holds that the entries touch, and those of them that are open afterwards. */
export const holdColumns = (entries: ReadonlyArray<LedgerEntry>) => {
  const after = new Map<string, { readonly names: [string, string, string]; readonly row: HoldRow | undefined }>()
  for (const { event } of entries) {
    if (!("holdId" in event)) continue
    const names: [string, string, string] = [storable(event.sku), storable(event.scope ?? ""), storable(event.holdId)]
    const row: HoldRow | undefined =
      event.type === "reserve"
        ? [...names, event.quantity, optional(event.channel), isoTime(event.expiresAt)]
        : undefined
    after.set(JSON.stringify(names), { names, row })
  }
  const holds = [...after.values()]
  const touched = columnsOf(
    holds.map(({ names }) => names),
    3
  ) as [Array<string>, Array<string>, Array<string>]
  const open = columnsOf(
    holds.flatMap(({ row }) => (row === undefined ? [] : [row])),
    6
  ) as [Array<string>, ...Columns]
  return { touched, open }
}
