/**
 * What one channel may see and sell of a SKU: buffers hold back, caps limit what is shown, ring fences keep units for
 * one channel. Rules count over all locations; where the units lie is checked apart.
 */
import { available, type SkuState } from "./state.ts"

/** Units that come back in the same step, because a hold is replaced, and the channel that had taken them. */
export interface Freed {
  readonly total: number
  readonly channel: string | undefined
}

export const nothingFreed: Freed = { total: 0, channel: undefined }

/** Units fenced off for other channels that those have not taken yet, or give back in this step. */
const fencedForOthers = (state: SkuState, channel: string | undefined, freed: Freed): number => {
  let units = 0
  for (const name in state.settings.channels) {
    if (name === channel) continue
    const fenced = state.settings.channels[name]?.ringFenced ?? 0
    if (fenced === 0) continue
    const taken = state.taken?.get(name) ?? 0
    units += Math.max(0, fenced - Math.max(0, name === freed.channel ? taken - freed.total : taken))
  }
  return units
}

/**
 * Units that `channel` may still take; `undefined` is a request that names no channel: no buffer and no cap hold it,
 * other channels' fences do. May be negative, as `available` may.
 */
export const sellable = (state: SkuState, channel: string | undefined, freed = nothingFreed): number => {
  const rule = channel === undefined ? undefined : state.settings.channels[channel]
  const units = available(state) + freed.total - fencedForOthers(state, channel, freed) - (rule?.buffer ?? 0)
  return rule?.cap === undefined ? units : Math.min(units, rule.cap)
}

/** What the channel is shown: never below nothing. */
export const shown = (state: SkuState, channel: string): number => Math.max(0, sellable(state, channel))

export const hasChannelRules = (state: SkuState): boolean => {
  for (const _ in state.settings.channels) return true
  return false
}
