/**
 * A command's content as 64 bits: the same mutation id with another fingerprint is another mutation.
 *
 * Strings go in with their length before them, so no two contents share a text. The hash is cyrb53's two lanes kept
 * whole (public domain, by bryc); it guards against mistakes, not against somebody who wants to collide with himself.
 */
import { unitAt } from "../text.ts"
import { isFact, type LinesCommand, type SettingsChange, type SkuCommand } from "./commands.ts"

/** The lanes of the hash that is being made: a content is mixed in piece by piece, so that no text is made of it. */
let low = 0
let high = 0

const begin = (): void => {
  low = 0xdeadbeef
  high = 0x41c6ce57
}

const mix = (content: string): void => {
  let [lowLane, highLane] = [low, high]
  const { length } = content
  for (let index = 0; index < length; index++) {
    const unit = unitAt(content, index)
    lowLane = Math.imul(lowLane ^ unit, 2654435761)
    highLane = Math.imul(highLane ^ unit, 1597334677)
  }
  low = lowLane
  high = highLane
}

const mixText = (value: string | undefined): void => {
  if (value === undefined) return mix("-")
  mix(String(value.length))
  mix(":")
  mix(value)
}

const mixNumber = (value: number): void => {
  mix(String(value))
  mix("|")
}

export const fingerprint = (command: SkuCommand): string => {
  begin()
  mix(command.type)
  if (isFact(command)) {
    mixNumber(command.quantity)
    mixText(command.locationId)
    mixText(command.toLocationId)
    mixText(command.channel)
    mixText(command.occurredAt)
    mixText(command.reference)
    mixText(command.reason)
    return end()
  }
  switch (command.type) {
    case "reserve":
      mixNumber(command.quantity)
      mixNumber(command.ttlMs)
      mixText(command.holdId)
      mixText(command.locationId)
      mixText(command.channel)
      mixText(command.holder)
      break
    case "commit":
    case "release":
      mixText(command.holdId)
      break
    case "configure":
      mix(settingsText(command.settings))
  }
  return end()
}

/** The order in which a client writes the channels down says nothing. */
const settingsText = ({ channels, ...others }: SettingsChange): string => {
  const rules = channels === undefined ? [] : Object.entries(channels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([others, channels === undefined ? 0 : rules])
}

export const linesFingerprint = (command: LinesCommand): string => {
  begin()
  if (command.type !== "reserve") {
    mix(command.type)
    mixText(command.holdId)
    return end()
  }
  mix("lines")
  mixNumber(command.ttlMs)
  mixText(command.holdId)
  mixText(command.channel)
  mixText(command.holder)
  for (const line of command.lines) {
    mixNumber(line.quantity)
    mixText(line.sku)
    mixText(line.locationId)
  }
  return end()
}

export const hash64 = (content: string): string => {
  begin()
  mix(content)
  return end()
}

/** 64 bits in base 36, at most 14 characters. */
const end = (): string => {
  const lowLane = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  const highLane = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(lowLane ^ (lowLane >>> 13), 3266489909)
  putInBase36(highLane >>> 0, LANE_DIGITS)
  putInBase36(lowLane >>> 0, 2 * LANE_DIGITS)
  // One text at once: of two joined, whoever reads it has to make one first, which took as long as half of all this.
  const text = String.fromCharCode.apply(null, codes)
  return highLane >>> 0 < 36 ** 6 ? text.replace(LEADING_ZEROS, "") : text
}

/** Of 32 bits in base 36. */
const LANE_DIGITS = 7
const LEADING_ZEROS = /^0{1,6}/
const DIGITS = Uint8Array.from("0123456789abcdefghijklmnopqrstuvwxyz", (digit) => digit.charCodeAt(0))
/** Of the text that is being made. */
const codes: Array<number> = Array.from({ length: 2 * LANE_DIGITS }, () => 0)

/** A lane's digits up to that place; `toString(36)` took ten times as long. */
const putInBase36 = (lane: number, place: number): void => {
  let rest = lane
  for (let at = place - 1; at >= place - LANE_DIGITS; at--) {
    const higher = Math.floor(rest / 36)
    codes[at] = DIGITS[rest - higher * 36] as number
    rest = higher
  }
}
