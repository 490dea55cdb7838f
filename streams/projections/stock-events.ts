/**
 * `stock.event.<sku>`: every change of a SKU as a message of its own, in stream STOCK_EVENTS. What of it somebody should know of
 * goes to the ALERTS stream as well.
 */
import { alertOf } from "../../actors/alert/alert.ts"
import { DEFAULT_LOCATION } from "../../actors/sku/commands.ts"
import { isStockEvent, type JournalRecord, type StockEvent } from "../../actors/sku/events.ts"
import type { NatsShape } from "../nats/connection.ts"
import { EVENT_SUBJECTS, eventSubject, STOCK_EVENTS } from "../subjects.ts"
import { eventStreamProjection } from "./event-stream.ts"
import type { Projection } from "./runner.ts"

export const STOCK_EVENTS_PROJECTION = "stock-events"

/** The contract's message; a field that has its default is written out, because readers know no defaults. */
export const stockEventMessage = (event: StockEvent, at: string): string => {
  const { sku, version, type, mutationId, physical, allocated, hash: _hash, ...rest } = event
  const located = "quantity" in event ? { locationId: DEFAULT_LOCATION } : {}
  return JSON.stringify({
    sku,
    version,
    type,
    at,
    mutationId,
    ...located,
    ...rest,
    ...("expiresAt" in event ? { expiresAt: new Date(event.expiresAt).toISOString() } : {}),
    available: physical - allocated,
    physical,
    allocated
  })
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
