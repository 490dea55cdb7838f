/**
 * A SKU's state as one short string, and back: what an idle actor sleeps as, and what a snapshot holds.
 *
 * JSON arrays by position, because a million sleeping actors pay for every byte: a SKU with one location and no holds
 * is about 40 characters.
 */
import { type Component, DEFAULT_LOCATION, type Settings } from "./commands.ts"
import type { LocationUnits } from "./events.ts"
import { defaultSettings, type Hold, holdKey, type SkuState, splitOf } from "./state.ts"

type PackedHold = readonly [
  holdId: string,
  scope: string | null,
  split: ReadonlyArray<LocationUnits>,
  channel: string | null,
  holder: string | null,
  expiresAt: number
]

type PackedSettings = readonly [
  safetyThreshold: number,
  backorderLimit: number,
  backorderKind: Settings["backorderKind"],
  channels: Settings["channels"],
  components: ReadonlyArray<Component>
]

type Packed = readonly [
  version: number,
  changedAt: number,
  physical: number,
  allocated: number,
  low: 0 | 1,
  /** `0` stands for the default location alone, with the SKU's own totals. */
  locations: 0 | ReadonlyArray<readonly [string, number, number]>,
  settings?: PackedSettings | 0,
  taken?: ReadonlyArray<readonly [string, number]> | 0,
  holds?: ReadonlyArray<PackedHold>
]

export const pack = (state: SkuState): string =>
  JSON.stringify(packedWith(state, [...(state.holds?.values() ?? [])].map(packHold)))

/** Half a millisecond of work. */
const HOLDS_A_PIECE = 500
const END = "]]"

/** Packing it at once would hold others up. */
export const isLarge = (state: SkuState): boolean => (state.holds?.size ?? 0) > HOLDS_A_PIECE

/**
 * As `pack`, in pieces that are made when they are asked for, all of the state as it is now. Holds never change, so only
 * their references are copied at once: that takes a hundredth of the time.
 */
export const packInPieces = (state: SkuState): Iterable<string> => {
  const text = JSON.stringify(packedWith(state, []))
  const holds = [...(state.holds?.values() ?? [])]
  return holds.length === 0 ? [text] : piecesOf(text.slice(0, -END.length), holds)
}

function* piecesOf(head: string, holds: ReadonlyArray<Hold>): Iterable<string> {
  yield head
  for (let first = 0; first < holds.length; first += HOLDS_A_PIECE) {
    const piece = JSON.stringify(holds.slice(first, first + HOLDS_A_PIECE).map(packHold)).slice(1, -1)
    yield first === 0 ? piece : `,${piece}`
  }
  yield END
}

const packedWith = (state: SkuState, packedHolds: ReadonlyArray<PackedHold>): Packed => {
  const { version, changedAt, physical, allocated, settings } = state
  const only = state.locations.length === 1 ? state.locations[0] : undefined
  const locations =
    only?.locationId === DEFAULT_LOCATION && only.physical === physical && only.allocated === allocated
      ? 0
      : state.locations.map((place) => [place.locationId, place.physical, place.allocated] as const)
  const head = [version, changedAt, physical, allocated, state.low ? 1 : 0, locations] as const
  const taken = state.taken?.size ?? 0
  const holds = state.holds?.size ?? 0
  return settings === defaultSettings && taken === 0 && holds === 0
    ? head
    : [
        ...head,
        settings === defaultSettings ? 0 : packSettings(settings),
        taken === 0 ? 0 : [...(state.taken ?? [])],
        packedHolds
      ]
}

const packSettings = (settings: Settings): PackedSettings => [
  settings.safetyThreshold,
  settings.backorderLimit,
  settings.backorderKind,
  settings.channels,
  settings.components
]

const packHold = (hold: Hold): PackedHold => [
  hold.holdId,
  hold.scope ?? null,
  splitOf(hold),
  hold.channel ?? null,
  hold.holder ?? null,
  hold.expiresAt
]

export const unpack = (sku: string, text: string): SkuState => {
  const [version, changedAt, physical, allocated, low, locations, settings, taken, holds] = JSON.parse(text) as Packed
  const state: SkuState = {
    sku,
    version,
    changedAt,
    physical,
    allocated,
    locations:
      locations === 0
        ? [{ locationId: DEFAULT_LOCATION, physical, allocated }]
        : locations.map((place) => ({ locationId: place[0], physical: place[1], allocated: place[2] })),
    holds: undefined,
    settings: settings === undefined || settings === 0 ? defaultSettings : unpackSettings(settings),
    taken: taken === undefined || taken === 0 ? undefined : new Map(taken),
    low: low === 1
  }
  if (holds !== undefined && holds.length > 0) {
    state.holds = new Map()
    for (const packed of holds) {
      const hold = unpackHold(sku, packed)
      state.holds.set(hold.key, hold)
    }
  }
  return state
}

const unpackSettings = (packed: PackedSettings): Settings => ({
  safetyThreshold: packed[0],
  backorderLimit: packed[1],
  backorderKind: packed[2],
  channels: packed[3],
  components: packed[4]
})

const unpackHold = (sku: string, [holdId, scope, split, channel, holder, expiresAt]: PackedHold): Hold => {
  let quantity = 0
  for (const [, units] of split) quantity += units
  const only = split.length === 1 ? split[0] : undefined
  return {
    key: holdKey(scope ?? undefined, holdId),
    sku,
    holdId,
    scope: scope ?? undefined,
    quantity,
    locationId: only?.[0] ?? DEFAULT_LOCATION,
    split: only === undefined ? split : undefined,
    channel: channel ?? undefined,
    holder: holder ?? undefined,
    expiresAt
  }
}
