/**
 * Stripe's own example events, told as if they were all of one payment: ids that Stripe has blotted out with noughts are
 * given, and nothing else is changed.
 */
import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import type { PaymentEvent } from "../../actors/payment/observations.ts"
import { readStripeEvent } from "../../src/payments/stripe-events.ts"

type Json = Record<string, unknown>

const FOLDER = "../shared/fixtures/stripe-events"

export const PAYMENT_INTENT = "pi_of_the_test"

export const exampleEvent = (name: string): Json => {
  const path = `${FOLDER}/${name}.json`
  assert.ok(existsSync(path), "Stripe's example events are beside the project")
  return JSON.parse(readFileSync(path, "utf8")) as Json
}

export const metadata = { holdfast_cart: "cart-1", holdfast_cart_version: "7", holdfast_hold: "cart:cart-1:7" }

/** The example with these fields of its object; `undefined` when the hub takes nothing from it. */
export const observed = (
  name: string,
  eventId: string,
  change: Json = {},
  createdSeconds?: number
): PaymentEvent | undefined => {
  const example = exampleEvent(name)
  const { object } = example["data"] as { readonly object: Json }
  const isIntent = object["object"] === "payment_intent"
  const named = isIntent ? { id: PAYMENT_INTENT } : { payment_intent: PAYMENT_INTENT }
  const event = {
    ...example,
    id: eventId,
    ...(createdSeconds === undefined ? {} : { created: createdSeconds }),
    data: { object: { ...object, ...named, ...change } }
  }
  const read = readStripeEvent(event)
  if (read.type === "ignored") return undefined
  assert.equal(read.key, PAYMENT_INTENT, "an event is keyed to its PaymentIntent")
  return read.event
}

/** As `observed`, where it must be taken. */
export const taken = (...given: Parameters<typeof observed>): PaymentEvent => {
  const event = observed(...given)
  assert.ok(event, `${given[0]} is taken`)
  return event
}
