/**
 * A command's content as 64 bits: the same mutation id with another fingerprint is another mutation.
 *
 * Strings go in with their length before them, so no two contents share a text. The hash is cyrb53's two lanes kept
 * whole (public domain, by bryc); it guards against mistakes, not against somebody who wants to collide with himself.
 */
import { isFact, type LinesCommand, type SettingsChange, type SkuCommand } from "./commands.ts"

const text = (value: string | undefined): string => (value === undefined ? "-" : `${value.length}:${value}`)

export const fingerprint = (command: SkuCommand): string => {
  if (isFact(command)) {
    return hash64(
      `${command.type}${command.quantity}|${text(command.locationId)}${text(command.toLocationId)}${text(command.channel)}` +
        `${text(command.occurredAt)}${text(command.reference)}${text(command.reason)}`
    )
  }
  switch (command.type) {
    case "reserve":
      return hash64(
        `reserve${command.quantity}|${command.ttlMs}|${text(command.holdId)}${text(command.locationId)}` +
          `${text(command.channel)}${text(command.holder)}`
      )
    case "commit":
    case "release":
      return hash64(command.type + text(command.holdId))
    case "configure":
      return hash64(`configure${settingsText(command.settings)}`)
  }
}

/** The order in which a client writes the channels down says nothing. */
const settingsText = ({ channels, ...others }: SettingsChange): string => {
  const rules = channels === undefined ? [] : Object.entries(channels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([others, channels === undefined ? 0 : rules])
}

export const linesFingerprint = (command: LinesCommand): string => {
  if (command.type !== "reserve") return hash64(command.type + text(command.holdId))
  let content = `lines${command.ttlMs}|${text(command.holdId)}${text(command.channel)}${text(command.holder)}`
  for (const line of command.lines) content += `${line.quantity}|${text(line.sku)}${text(line.locationId)}`
  return hash64(content)
}

/** 64 bits in base 36, at most 14 characters. */
export const hash64 = (content: string): string => {
  let low = 0xdeadbeef
  let high = 0x41c6ce57
  for (let index = 0; index < content.length; index++) {
    const unit = content.charCodeAt(index)
    low = Math.imul(low ^ unit, 2654435761)
    high = Math.imul(high ^ unit, 1597334677)
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  return (high >>> 0).toString(36) + (low >>> 0).toString(36).padStart(7, "0")
}
