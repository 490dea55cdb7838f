/**
 * `cart.event.<cart>`: every change of a cart as a message of its own, in stream CART_EVENTS. Money taken for nothing is an
 * alert as well.
 */
import { cartAlertOf } from "../../actors/cart/alert.ts"
import { type CartEvent, type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import { shown } from "../../actors/cart/state.ts"
import type { NatsShape } from "../nats/connection.ts"
import { CART_EVENT_SUBJECTS, CART_EVENTS, cartEventSubject } from "../subjects.ts"
import { eventStreamProjection } from "./event-stream.ts"
import type { Projection } from "./runner.ts"

export const CART_EVENTS_PROJECTION = "cart-events"

/** The contract's message: what is between the carts and the stock, or the messages, is nobody else's business. */
export const cartEventMessage = (event: CartEvent, at: string): Uint8Array => {
  const { type, cart, version, mutationId, contents, status, totals, lines, gone, set } = event
  const { steps: _steps, claims: _claims, sameSince: _same, ...changed } = set ?? {}
  const told = lines === undefined ? undefined : shown(lines)
  return Buffer.from(
    JSON.stringify({ cart, version, type, at, mutationId, contents, status, totals, lines: told, gone, changed })
  )
}

export const cartEventsProjection = (nats: NatsShape, nowMs: () => number): Projection<CartRecord> =>
  eventStreamProjection<CartRecord>(
    nats,
    {
      name: CART_EVENTS_PROJECTION,
      stream: CART_EVENTS,
      subjects: CART_EVENT_SUBJECTS,
      messageOf: (record, at) =>
        isCartEvent(record)
          ? {
              subject: cartEventSubject(record.cart),
              id: `${encodeURIComponent(record.cart)}:${record.version}`,
              body: cartEventMessage(record, at)
            }
          : undefined,
      alertOf: (record, at) => (isCartEvent(record) ? cartAlertOf(record, at) : undefined)
    },
    nowMs
  )
