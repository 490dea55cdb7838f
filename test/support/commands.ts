/**
 * Commands as short as a sentence, for tests: every default filled in, mutation ids counted up.
 *
 * They are what decoding would have made of a message, so tests of deciders need no wire.
 */
import {
  type CloseHold,
  type CloseLines,
  type Configure,
  DEFAULT_LOCATION,
  type Fact,
  type FactType,
  type LinesCommand,
  type Reserve,
  type ReserveLines,
  type SettingsChange,
  type SkuCommand
} from "../../actors/sku/commands.ts"

export type AnyCommand = SkuCommand | LinesCommand

export const TTL_MS = 15 * 60_000

let mutations = 0
export const newMutationId = (): string => `m${++mutations}`

type FactMore = Partial<Omit<Fact, "type" | "sku" | "quantity">>

const fact =
  (type: FactType) =>
  (sku: string, quantity: number, more: FactMore = {}): Fact => ({
    type,
    sku,
    mutationId: newMutationId(),
    quantity,
    locationId: DEFAULT_LOCATION,
    ...more
  })

export const sale = fact("sale")
export const receipt = fact("receipt")
export const returned = fact("return")
export const count = fact("count")
export const adjustment = fact("adjustment")

/** Units move from `locationId` (the default one, unless named) to `toLocationId`. */
export const transfer = (sku: string, quantity: number, toLocationId: string, more: FactMore = {}): Fact =>
  fact("transfer")(sku, quantity, { toLocationId, ...more })

export const reserve = (
  sku: string,
  holdId: string,
  quantity: number,
  more: Partial<Omit<Reserve, "type" | "sku" | "holdId" | "quantity">> = {}
): Reserve => ({
  type: "reserve",
  sku,
  mutationId: newMutationId(),
  holdId,
  quantity,
  ttlMs: TTL_MS,
  locationId: DEFAULT_LOCATION,
  ...more
})

const close =
  (type: "commit" | "release") =>
  (sku: string, holdId: string): CloseHold => ({ type, sku, mutationId: newMutationId(), holdId })

export const commit = close("commit")
export const release = close("release")

export const configure = (sku: string, settings: SettingsChange): Configure => ({
  type: "configure",
  sku,
  mutationId: newMutationId(),
  settings
})

/** A bundle of `quantity` units each, as `{ A: 2, B: 1 }`. */
export const bundle = (sku: string, parts: Readonly<Record<string, number>>): Configure =>
  configure(sku, { components: Object.entries(parts).map(([part, quantity]) => ({ sku: part, quantity })) })

export type LineSpec = readonly [sku: string, quantity: number, locationId?: string]

export const reserveLines = (
  holdId: string,
  lines: ReadonlyArray<LineSpec>,
  more: Partial<Omit<ReserveLines, "type" | "holdId" | "lines">> = {}
): ReserveLines => ({
  type: "reserve",
  mutationId: newMutationId(),
  holdId,
  ttlMs: TTL_MS,
  lines: lines.map(([sku, quantity, locationId = DEFAULT_LOCATION]) => ({ sku, quantity, locationId })),
  ...more
})

const closeLines =
  (type: "commit" | "release") =>
  (holdId: string): CloseLines => ({ type, mutationId: newMutationId(), holdId })

export const commitLines = closeLines("commit")
export const releaseLines = closeLines("release")

export const isForOneSku = (command: AnyCommand): command is SkuCommand => "sku" in command
