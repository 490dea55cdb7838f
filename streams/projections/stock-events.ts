/**
 * `stock.event.<sku>`: every change of a SKU as a message of its own, in stream STOCK_EVENTS. What of it somebody should know of
 * goes to the ALERTS stream as well.
 */
import { alertOf } from "../../actors/alert/alert.ts"
import { DEFAULT_LOCATION } from "../../actors/sku/commands.ts"
import { isStockEvent, type JournalRecord, type StockEvent } from "../../actors/sku/events.ts"
import { isoTime } from "../../actors/iso-time.ts"
import { fragment, JsonWriter } from "../json-writer.ts"
import type { NatsShape } from "../nats/connection.ts"
import { EVENT_SUBJECTS, eventSubject, STOCK_EVENTS } from "../subjects.ts"
import { eventStreamProjection } from "./event-stream.ts"
import type { Projection } from "./runner.ts"

export const STOCK_EVENTS_PROJECTION = "stock-events"

const F = {
  sku: fragment('{"sku":'),
  version: fragment(',"version":'),
  type: fragment(',"type":'),
  at: fragment(',"at":'),
  mutationId: fragment(',"mutationId":'),
  locationId: fragment(',"locationId":'),
  available: fragment(',"available":'),
  physical: fragment(',"physical":'),
  allocated: fragment(',"allocated":'),
  end: fragment("}")
} as const
/** What stands at a place of its own, and what is nobody else's business. */
const NOT_AS_IT_COMES = new Set([...Object.keys(F), "hash"])
/** Of the other fields, each with its name as it is written. */
const fields = new Map<string, Uint8Array>()
const writer = new JsonWriter(1_024)

/**
 * The contract's message; a field that has its default is written out, because readers know no defaults.
 *
 * Written field by field: an object put together for `JSON.stringify` was an eighth of what the projector's thread left to its
 * garbage collector, and the text of it was copied once more.
 */
export const stockEventMessage = (event: StockEvent, at: string): Uint8Array => {
  writer.begin()
  writer.fragment(F.sku)
  writer.text(event.sku)
  writer.fragment(F.version)
  writer.integer(event.version)
  writer.fragment(F.type)
  writer.text(event.type)
  writer.fragment(F.at)
  writer.text(at)
  writer.fragment(F.mutationId)
  writer.text(event.mutationId)
  if ("quantity" in event) {
    writer.fragment(F.locationId)
    writer.text(("locationId" in event ? event.locationId : undefined) ?? DEFAULT_LOCATION)
  }
  for (const name in event) if (!NOT_AS_IT_COMES.has(name)) writeField(name, event[name as keyof StockEvent])
  writer.fragment(F.available)
  writer.integer(event.physical - event.allocated)
  writer.fragment(F.physical)
  writer.integer(event.physical)
  writer.fragment(F.allocated)
  writer.integer(event.allocated)
  writer.fragment(F.end)
  return writer.bytes()
}

const writeField = (name: string, value: unknown): void => {
  if (value === undefined) return
  let field = fields.get(name)
  if (field === undefined) fields.set(name, (field = fragment(`,${JSON.stringify(name)}:`)))
  writer.fragment(field)
  if (name === "expiresAt") writer.text(isoTime(value as number))
  else if (typeof value === "string") writer.text(value)
  else if (typeof value === "number") writer.integer(value)
  else writer.json(value)
}

export const stockEventsProjection = (nats: NatsShape, nowMs: () => number): Projection =>
  eventStreamProjection<JournalRecord>(
    nats,
    {
      name: STOCK_EVENTS_PROJECTION,
      stream: STOCK_EVENTS,
      subjects: EVENT_SUBJECTS,
      messageOf: (record, at) =>
        isStockEvent(record)
          ? {
              subject: eventSubject(record.sku),
              id: `${encodeURIComponent(record.sku)}:${record.version}`,
              body: stockEventMessage(record, at)
            }
          : undefined,
      alertOf
    },
    nowMs
  )
