/**
 * Stripe's events as observations of a payment: which payment, which cart, what was seen.
 *
 * Read with suspicion although they are signed: an account's API version decides the shapes, and other systems may use
 * the same account. What is no payment (customers, invoices, set-ups) is ignored with a reason.
 */
import type { Stripe } from "stripe"
import type {
  CartReference,
  IntentStatus,
  Observation,
  PaymentEvent,
  RefundStatus
} from "../../actors/payment/observations.ts"

type Json = Readonly<Record<string, unknown>>

export type ReadEvent =
  | { readonly type: "payment"; readonly key: string; readonly event: PaymentEvent }
  | { readonly type: "ignored"; readonly why: string }

const ignored = (why: string): ReadEvent => ({ type: "ignored", why })

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= 512 ? value : undefined

const countOf = (value: unknown): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0

const currencyOf = (object: Json): string => (textOf(object["currency"]) ?? "").toUpperCase()

/** An id, or the object itself where it was expanded. */
const idOf = (value: unknown): string | undefined => textOf(isObject(value) ? value["id"] : value)

/** The cart that was written on it, or `undefined` when it is not one of the hub's. */
const cartOf = (object: Json): CartReference | undefined => {
  const metadata = isObject(object["metadata"]) ? object["metadata"] : {}
  const cartId = textOf(metadata["holdfast_cart"])
  const holdId = textOf(metadata["holdfast_hold"])
  const version = textOf(metadata["holdfast_cart_version"]) ?? ""
  if (cartId === undefined || holdId === undefined || !/^\d{1,15}$/.test(version)) return undefined
  return { cartId, cartVersion: Number(version), holdId }
}

const intentStatuses: ReadonlySet<string> = new Set<IntentStatus>([
  "requires_payment_method",
  "requires_confirmation",
  "requires_action",
  "processing",
  "requires_capture",
  "canceled",
  "succeeded"
])
const refundStatuses: ReadonlySet<string> = new Set<RefundStatus>([
  "pending",
  "requires_action",
  "succeeded",
  "canceled",
  "failed"
])

const intentSeen = (intent: Json, isFailure: boolean): Observation | undefined => {
  const status = textOf(intent["status"]) ?? ""
  if (!intentStatuses.has(status)) return undefined
  const error = isObject(intent["last_payment_error"]) ? intent["last_payment_error"] : {}
  const failure = textOf(error["decline_code"]) ?? textOf(error["code"]) ?? "payment_failed"
  return {
    type: "intent",
    status: status as IntentStatus,
    amountMinor: countOf(intent["amount"]),
    currency: currencyOf(intent),
    receivedMinor: countOf(intent["amount_received"]),
    capturableMinor: countOf(intent["amount_capturable"]),
    ...(isFailure ? { failure } : {})
  }
}

/** Also what `sessions.retrieve` answers. Old versions have no `status`: the event that brought it tells. */
const sessionSeen = (session: Json, type: string): Observation | undefined => {
  const sessionId = textOf(session["id"])
  if (sessionId === undefined) return undefined
  const given = session["status"]
  const isExpired = given === "expired" || type === "checkout.session.expired"
  const isComplete = given === "complete" || type === "checkout.session.completed"
  return {
    type: "session",
    sessionId,
    status: isExpired ? "expired" : isComplete ? "complete" : "open",
    isPaid: session["payment_status"] === "paid",
    amountMinor: countOf(session["amount_total"]),
    currency: currencyOf(session)
  }
}

const chargeSeen = (charge: Json): ReadonlyArray<Observation> => {
  const chargeId = textOf(charge["id"])
  if (chargeId === undefined) return []
  const isTaken = charge["status"] === "succeeded" && charge["captured"] === true
  const amountMinor = countOf(charge["amount"])
  const currency = currencyOf(charge)
  const method = isObject(charge["payment_method_details"]) ? charge["payment_method_details"]["type"] : undefined
  const seen: Observation = {
    type: "charge",
    chargeId,
    amountMinor,
    currency,
    // Versions before `amount_captured` capture all or nothing.
    capturedMinor: isTaken ? ("amount_captured" in charge ? countOf(charge["amount_captured"]) : amountMinor) : 0,
    refundedMinor: countOf(charge["amount_refunded"]),
    refundsAtOnce: method === "card"
  }
  return [seen, ...listed(charge["refunds"]).flatMap(refundSeen)]
}

const refundSeen = (refund: Json): ReadonlyArray<Observation> => {
  const refundId = textOf(refund["id"])
  const status = textOf(refund["status"]) ?? ""
  if (refundId === undefined || !refundStatuses.has(status)) return []
  const amountMinor = countOf(refund["amount"])
  return [{ type: "refund", refundId, amountMinor, currency: currencyOf(refund), status: status as RefundStatus }]
}

/** The entries of one of Stripe's lists. */
const listed = (list: unknown): ReadonlyArray<Json> =>
  isObject(list) && Array.isArray(list["data"]) ? (list["data"] as ReadonlyArray<unknown>).filter(isObject) : []

const present = <A>(value: A | undefined): ReadonlyArray<A> => (value === undefined ? [] : [value])

/** The payment of a charge or a refund is the PaymentIntent's; a charge made without one is no cart's. */
export const readStripeEvent = (event: Json): ReadEvent => {
  const eventId = textOf(event["id"])
  const type = textOf(event["type"]) ?? ""
  const { object } = isObject(event["data"]) ? event["data"] : {}
  if (eventId === undefined || !isObject(object)) return ignored("It is no event with an object.")
  const dated = { eventId, atMs: countOf(event["created"]) * 1_000 }
  switch (object["object"]) {
    case "payment_intent": {
      const charges = listed(object["charges"]).flatMap(chargeSeen)
      const isFailure = type === "payment_intent.payment_failed"
      return paymentOf(dated, object, idOf(object["id"]), [...present(intentSeen(object, isFailure)), ...charges])
    }
    case "checkout.session":
      return readSession(dated, object, type)
    case "charge":
      return paymentOf(dated, object, idOf(object["payment_intent"]), chargeSeen(object))
    case "refund":
      return paymentOf(dated, {}, idOf(object["payment_intent"]), refundSeen(object))
    default:
      return ignored(`The type ${type.slice(0, 64)} says nothing of a payment.`)
  }
}

/** A session that nobody tried to pay has no intent; it is a payment of its own then, keyed by its own id. */
export const readSession = (dated: Pick<PaymentEvent, "eventId" | "atMs">, session: Json, type: string): ReadEvent => {
  if (session["mode"] !== "payment" && session["mode"] !== undefined) return ignored("The session is for no payment.")
  const key = idOf(session["payment_intent"]) ?? textOf(session["id"])
  return paymentOf(dated, session, key, present(sessionSeen(session, type)))
}

/** What Stripe answers when it is asked for a refund. Not an event of Stripe's: its id says what was seen. */
export const refundObserved = (refund: Stripe.Refund): PaymentEvent => ({
  eventId: `answered:${refund.id}:${refund.status ?? "unknown"}`,
  atMs: refund.created * 1_000,
  observations: refundSeen(refund as unknown as Json)
})

/** What Stripe answers when it is asked to cancel a payment. */
export const intentObserved = (intent: Stripe.PaymentIntent): PaymentEvent => ({
  eventId: `answered:${intent.id}:${intent.status}`,
  atMs: (intent.canceled_at ?? intent.created) * 1_000,
  observations: present(intentSeen(intent as unknown as Json, false))
})

const paymentOf = (
  dated: Pick<PaymentEvent, "eventId" | "atMs">,
  object: Json,
  key: string | undefined,
  observations: ReadonlyArray<Observation>
): ReadEvent => {
  if (key === undefined) return ignored("It belongs to no PaymentIntent.")
  const known = observations.filter(({ currency }) => /^[A-Z]{3}$/.test(currency))
  if (known.length === 0) return ignored("Nothing in it can be read.")
  const cart = cartOf(object)
  return { type: "payment", key, event: { ...dated, observations: known, ...(cart === undefined ? {} : { cart }) } }
}
