/**
 * Journal records as JSON bytes: the events that a busy hub writes all day field by field, the others as they come.
 *
 * What is read back is what was written, whichever way it went. A field that is missing here does not compile.
 */
import type { CloseEvent, FactEvent, JournalRecord, LinesRecord, ReserveEvent } from "../actors/sku/events.ts"
import { fragment, type JsonWriter } from "./json-writer.ts"

/** What `writeChange` writes. */
type Common =
  | "type"
  | "sku"
  | "version"
  | "mutationId"
  | "scope"
  | "hash"
  | "quantity"
  | "channel"
  | "physical"
  | "allocated"
  | "safetyThreshold"

/** `E`, if it has no fields but the common ones and its `Own`; else nothing can be passed for it. */
type Complete<E, Own extends keyof E> = Exclude<keyof E, Common | Own> extends never ? E : never

const F = {
  version: fragment(',"version":'),
  mutationId: fragment(',"mutationId":'),
  scope: fragment(',"scope":'),
  hash: fragment(',"hash":'),
  physical: fragment(',"physical":'),
  allocated: fragment(',"allocated":'),
  safetyThreshold: fragment(',"safetyThreshold":'),
  holdId: fragment(',"holdId":'),
  quantity: fragment(',"quantity":'),
  locationId: fragment(',"locationId":'),
  toLocationId: fragment(',"toLocationId":'),
  split: fragment(',"split":'),
  channel: fragment(',"channel":'),
  holder: fragment(',"holder":'),
  expiresAt: fragment(',"expiresAt":'),
  occurredAt: fragment(',"occurredAt":'),
  reference: fragment(',"reference":'),
  reason: fragment(',"reason":'),
  bundle: fragment(',"bundle":true'),
  lines: fragment('{"type":"lines","act":"reserve","holdId":'),
  legs: fragment(',"legs":['),
  asked: fragment('],"asked":['),
  endOfList: fragment("]}"),
  comma: fragment(","),
  end: fragment("}")
} as const

/** How an event of each type begins, up to its SKU. */
const BEGINNINGS = Object.fromEntries(
  ["sale", "receipt", "return", "count", "adjustment", "transfer", "reserve", "commit", "release", "expiry"].map(
    (type) => [type, fragment(`{"type":"${type}","sku":`)]
  )
) as Readonly<Record<(FactEvent | ReserveEvent | CloseEvent)["type"], Uint8Array>>

export const writeRecord = (writer: JsonWriter, record: JournalRecord): void => {
  switch (record.type) {
    case "reserve":
      return writeReserve(writer, record)
    case "commit":
    case "release":
    case "expiry":
      return writeClose(writer, record)
    case "sale":
    case "receipt":
    case "return":
    case "count":
    case "adjustment":
    case "transfer":
      return writeFact(writer, record)
    case "lines":
      return record.act === "reserve" && record.elsewhere === undefined && record.sku === undefined
        ? writeLines(writer, record)
        : writer.json(record)
    default:
      writer.json(record)
  }
}

const writeText = (writer: JsonWriter, name: Uint8Array, value: string | undefined): void => {
  if (value === undefined) return
  writer.fragment(name)
  writer.text(value)
}

const writeNumber = (writer: JsonWriter, name: Uint8Array, value: number | undefined): void => {
  if (value === undefined) return
  writer.fragment(name)
  writer.integer(value)
}

/** What every change of a SKU has; the closing brace is left to the caller. */
const writeChange = (writer: JsonWriter, event: FactEvent | ReserveEvent | CloseEvent): void => {
  writer.fragment(BEGINNINGS[event.type])
  writer.text(event.sku)
  writeNumber(writer, F.version, event.version)
  writeText(writer, F.mutationId, event.mutationId)
  writeText(writer, F.scope, event.scope)
  writeText(writer, F.hash, event.hash)
  writeNumber(writer, F.quantity, event.quantity)
  writeText(writer, F.channel, event.channel)
  writeNumber(writer, F.physical, event.physical)
  writeNumber(writer, F.allocated, event.allocated)
  writeNumber(writer, F.safetyThreshold, event.safetyThreshold)
}

const writeReserve = (
  writer: JsonWriter,
  event: Complete<ReserveEvent, "holdId" | "expiresAt" | "locationId" | "split" | "holder" | "bundle">
): void => {
  writeChange(writer, event)
  writeText(writer, F.holdId, event.holdId)
  writeNumber(writer, F.expiresAt, event.expiresAt)
  writeText(writer, F.locationId, event.locationId)
  writeText(writer, F.holder, event.holder)
  if (event.split !== undefined) {
    writer.fragment(F.split)
    writer.json(event.split)
  }
  if (event.bundle === true) writer.fragment(F.bundle)
  writer.fragment(F.end)
}

const writeClose = (writer: JsonWriter, event: Complete<CloseEvent, "holdId">): void => {
  writeChange(writer, event)
  writeText(writer, F.holdId, event.holdId)
  writer.fragment(F.end)
}

const writeFact = (
  writer: JsonWriter,
  event: Complete<FactEvent, "locationId" | "toLocationId" | "occurredAt" | "reference" | "reason">
): void => {
  writeChange(writer, event)
  writeText(writer, F.locationId, event.locationId)
  writeText(writer, F.toLocationId, event.toLocationId)
  writeText(writer, F.occurredAt, event.occurredAt)
  writeText(writer, F.reference, event.reference)
  writeText(writer, F.reason, event.reason)
  writer.fragment(F.end)
}

/** A cart's own record: every field but those that only bundles and several partitions have. */
const writeLines = (
  writer: JsonWriter,
  record: Complete<LinesRecord, "act" | "holdId" | "expiresAt" | "holder" | "legs" | "asked" | "elsewhere">
): void => {
  writer.fragment(F.lines)
  writer.text(record.holdId)
  writeText(writer, F.mutationId, record.mutationId)
  writeText(writer, F.hash, record.hash)
  writeNumber(writer, F.expiresAt, record.expiresAt)
  writeText(writer, F.holder, record.holder)
  writer.fragment(F.legs)
  writeTexts(writer, record.legs)
  writer.fragment(F.asked)
  writeTexts(writer, record.asked)
  writer.fragment(F.endOfList)
}

const writeTexts = (writer: JsonWriter, texts: ReadonlyArray<string>): void => {
  for (let index = 0; index < texts.length; index++) {
    if (index > 0) writer.fragment(F.comma)
    writer.text(texts[index] as string)
  }
}
