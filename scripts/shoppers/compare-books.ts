/**
 * The hub's books beside Twilio's, Stripe's and the shoppers' own: every number that is reported is a number of two sides.
 */
import type { RecoverySettings } from "../../actors/recovery/settings.ts"
import type { LocalTwilio } from "../carriers/twilio/server.ts"
import type { StripeServer } from "../stripe/server.ts"
import { compareSequences, type Played, playedOf } from "./compare-sequences.ts"
import { type HubBooks } from "./hub-books.ts"
import { isLeftAlone, linkIn } from "./hub-files.ts"
import type { Shopper } from "./shopper.ts"

export interface Figures {
  readonly sessions: number
  readonly carts: number
  readonly timesLeft: number
  /** Carts that count as left in the end, and were not bought. */
  readonly leftCarts: number
  /** What was decided on left carts: begun, or why not. */
  readonly decided: Readonly<Record<string, number>>
  readonly messages: number
  readonly sequences: Played
  /** Messages called for once more, because the first call had certainly come to nothing. */
  readonly calledAgain: number
  readonly withdrawn: number
  readonly orders: number
  /** Of carts that had been left before. */
  readonly ordersOfLeft: number
  readonly paidMinor: number
  readonly paymentsDeclined: number
  /** From the moment a message was decided until Twilio had it. */
  readonly messageMsMax: number
}

/** So long after an order was written down a message that had left before may still arrive. */
const CROSSING_MS = 1_000

export interface Sides {
  readonly books: HubBooks
  readonly twilio: LocalTwilio
  readonly stripe: StripeServer
  readonly shoppers: ReadonlyArray<Shopper>
  /** By which the hub was to write to customers. */
  readonly settings: RecoverySettings
  /** Every sequence had the time to come to its end. */
  readonly isPlayedOut: boolean
  /** Gaps in which something was killed prove nothing. */
  readonly isKilled: boolean
}

export const compareBooks = (sides: Sides): { readonly figures: Figures; readonly wrong: ReadonlyArray<string> } => {
  const { books, shoppers, stripe, twilio } = sides
  const wrong = [
    ...books.wrong,
    ...compareCarts(sides),
    ...compareMessages(sides),
    ...compareSequences(sides),
    ...compareOrders(sides),
    ...twilio.violations.map((one) => `not as Twilio describes it: ${one}`),
    ...stripe.violations.map((one) => `not as Stripe describes it: ${one}`)
  ]
  const carts = [...books.carts.values()]
  const attempts = [...books.attempts.values()]
  const decided: Record<string, number> = {}
  for (const how of books.decided.values()) decided[how] = (decided[how] ?? 0) + 1
  const orders = carts.flatMap(({ order }) => order ?? [])
  return {
    wrong,
    figures: {
      sessions: shoppers.length,
      carts: carts.length,
      timesLeft: carts.reduce((sum, { left }) => sum + left, 0),
      leftCarts: carts.filter(({ abandonment, order }) => abandonment !== undefined && order === undefined).length,
      decided,
      messages: twilio.sent().length,
      sequences: playedOf(sides),
      calledAgain: attempts.reduce((sum, { retried }) => sum + retried, 0),
      withdrawn: attempts.filter(({ outcomes }) => outcomes.includes("message-skipped")).length,
      orders: orders.length,
      ordersOfLeft: carts.filter(({ left, order }) => left > 0 && order !== undefined).length,
      paidMinor: orders.reduce((sum, { paidMinor }) => sum + paidMinor, 0),
      paymentsDeclined: [...stripe.account.charges.values()].filter(({ paid }) => paid !== true).length,
      messageMsMax: Math.max(0, ...twilio.sent().map(({ body, createdMs }) => createdMs - intendedAt(books, body)))
    }
  }
}

const intendedAt = ({ attempts }: HubBooks, body: string): number =>
  attempts.get(linkIn(body)?.attempt ?? "")?.intendedAt ?? Number.NaN

/** What the shoppers did and the hub's carts. */
const compareCarts = ({ books, isKilled, shoppers }: Sides): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  for (const { carts, customerId, refused } of shoppers) {
    if (refused > 0) wrong.push(`${customerId} was refused ${refused} times`)
    for (const { cart, paidMinor, perhapsLeft, surelyLeft } of carts) {
      const account = books.carts.get(cart)
      if (account?.customerId !== customerId) wrong.push(`${cart} is not ${customerId}'s`)
      const left = account?.left ?? 0
      const [least, most] = isKilled ? [0, Infinity] : [surelyLeft, surelyLeft + perhapsLeft]
      if (left < least || left > most) wrong.push(`${cart} was left ${left} times, by the shopper ${least} to ${most}`)
      const paid = account?.order?.paidMinor ?? 0
      if (paid !== paidMinor) wrong.push(`${cart}: paid ${paidMinor} by the shopper, ${paid} in the hub`)
      const versions = account?.versions ?? new Set<number>()
      if (versions.size !== Math.max(0, ...versions)) wrong.push(`${cart} lacks versions`)
      if (account?.abandonment !== undefined && !books.decided.has(account.abandonment)) {
        wrong.push(`${cart} was left, and nothing was decided on it`)
      }
    }
  }
  const known = shoppers.reduce((sum, { carts }) => sum + carts.length, 0)
  if (known !== books.carts.size) wrong.push(`${known} carts by the shoppers, ${books.carts.size} in the hub`)
  return wrong
}

/** What the hub says that it sent, and what Twilio has. */
const compareMessages = ({ books, shoppers, twilio }: Sides): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const arrived = new Map<string, Array<string>>()
  for (const { body, createdMs, sid } of twilio.sent()) {
    const { attempt = "", cart = "" } = linkIn(body) ?? {}
    arrived.set(attempt, [...(arrived.get(attempt) ?? []), sid])
    if (!books.attempts.has(attempt)) wrong.push(`Twilio has ${sid}, which no attempt has sent`)
    const { orderedAt } = books.carts.get(cart) ?? {}
    if (orderedAt !== undefined && createdMs > orderedAt + CROSSING_MS) {
      wrong.push(`${cart} was bought ${createdMs - orderedAt} ms before its customer was written to`)
    }
  }
  const perCustomer = new Map<string, number>()
  for (const [attemptId, { customerId, outcomes, receipt }] of books.attempts) {
    const sids = arrived.get(attemptId) ?? []
    if (sids.length > 1) wrong.push(`${attemptId} arrived ${sids.length} times`)
    if (outcomes.length !== 1) wrong.push(`${attemptId} has ${outcomes.length} outcomes: ${outcomes.join(", ")}`)
    if (receipt !== sids[0])
      wrong.push(`${attemptId}: ${receipt ?? "nothing"} in the hub, ${sids[0] ?? "nothing"} at Twilio`)
    perCustomer.set(customerId, (perCustomer.get(customerId) ?? 0) + sids.length)
  }
  for (const { customerId } of shoppers) {
    const count = perCustomer.get(customerId) ?? 0
    if (count > 0 && isLeftAlone(customerId)) wrong.push(`${customerId} was to be left alone and was written to`)
  }
  for (const [abandonmentId, how] of books.decided) {
    const customer = books.carts.get(abandonmentId.replace(/:\d+:\d+$/, ""))?.customerId ?? ""
    if (how === "started" && isLeftAlone(customer)) wrong.push(`a recovery of ${customer} was begun`)
  }
  return wrong
}

/** What was paid at Stripe, and the hub's orders. */
const compareOrders = ({ books, stripe }: Sides): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const orders = new Map<string, number>()
  for (const [cart, { order, strays }] of books.carts) {
    if (strays > 0) wrong.push(`${cart} has ${strays} payments that bought nothing`)
    if (order === undefined) continue
    if (orders.has(order.paymentId)) wrong.push(`the payment ${order.paymentId} bought two carts`)
    orders.set(order.paymentId, order.paidMinor)
  }
  for (const { amount_received: received, id, status } of stripe.account.intents.values()) {
    if (status !== "succeeded") continue
    if (orders.get(id) !== received) wrong.push(`${id}: ${String(received)} at Stripe, ${orders.get(id)} in the hub`)
    orders.delete(id)
  }
  for (const paymentId of orders.keys()) wrong.push(`the hub has an order by ${paymentId}, which Stripe has not`)
  return wrong
}
