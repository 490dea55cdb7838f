/**
 * Channels as tables of text.
 */
import type { ChannelHealth, DeadListing, HeldItem, UnmappedItem } from "../../src/channels/protocol.ts"

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

const ms = (value: number): string => `${value.toFixed(1)} ms`

export const healthText = (channels: ReadonlyArray<ChannelHealth>): string => {
  if (channels.length === 0) return "no channel is configured"
  const head = [
    "channel",
    "state",
    "listings",
    "behind",
    "fresh",
    "sync p50",
    "p99",
    "given up",
    "held",
    "unmapped",
    ""
  ]
  const rows = channels.map((channel) => [
    channel.name,
    channel.state,
    String(channel.listings),
    String(channel.behind),
    channel.freshness.least.toFixed(2),
    ms(channel.syncedMs.p50),
    ms(channel.syncedMs.p99),
    String(channel.deadLetters),
    String(channel.held),
    String(channel.unmapped),
    channel.message ?? channel.pollFailure?.message ?? channel.lastFailure?.message ?? ""
  ])
  return table([head, ...rows])
}

export const lettersText = (letters: ReadonlyArray<DeadListing>): string => {
  if (letters.length === 0) return "nothing was given up"
  const head = ["listing", "sku", "ought to show", "attempts", "when", "why"]
  const rows = letters.map((letter) => [
    letter.listingId,
    letter.sku,
    String(letter.wanted ?? "-"),
    String(letter.attempts),
    letter.at ?? "-",
    `${letter.code}: ${letter.message}`
  ])
  return table([head, ...rows])
}

export const heldText = (items: ReadonlyArray<HeldItem>): string => {
  if (items.length === 0) return "nothing is held"
  const head = ["id", "listing", "what", "units", "when", "why"]
  const rows = items.map((item) => [
    item.id,
    item.listingId ?? "-",
    item.type,
    String(item.quantity ?? "-"),
    item.at ?? "-",
    item.detail
  ])
  return table([head, ...rows])
}

export const unmappedText = (items: ReadonlyArray<UnmappedItem>): string => {
  if (items.length === 0) return "every listing that was seen has its SKU"
  const head = ["listing", "sku there", "shows", "seen"]
  const rows = items.map((item) => [item.listingId, item.sku ?? "-", String(item.quantity), item.seenAt ?? "-"])
  return table([head, ...rows])
}
