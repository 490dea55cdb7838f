/**
 * From a command to what it does to customers: the recovery's deciders, asked with what is known at the moment.
 *
 * M1 A command never fails: what cannot be said of a customer says nothing. M2 What one address says holds for everybody
 * whose it is.
 */
import { type Ask, end, look, reachOf, start, withheld } from "../recovery/decide.ts"
import { hear } from "../recovery/hear.ts"
import { overFor, type Abandonment, type CartNow } from "../recovery/may-reach.ts"
import { ending, settled } from "../recovery/offer.ts"
import { optIn, optOut } from "../recovery/opt-out.ts"
import { clearance, type Clearance, failed, lost, retry, sent, withdraw } from "../recovery/outcome.ts"
import { isNews } from "../recovery/purchases.ts"
import { isRunning, type Recovery } from "../recovery/recovery.ts"
import { sequenceFor } from "../recovery/settings.ts"
import type { SettingsHistory } from "../recovery/settings-history.ts"
import { wordOf } from "../recovery/words.ts"
import type { Suppressions } from "../recovery/suppression.ts"
import { hash64 } from "../sku/fingerprint.ts"
import type { OfCustomers, OfOneCustomer, Outcome } from "./commands.ts"
import { type Customer, type CustomerEvent, NAME, newCustomer } from "./customer.ts"
import { isOfferGone, type Offered, type Offering, offersDue, withOffers } from "./offers.ts"

export interface Customers extends Offered {
  readonly settings: SettingsHistory
  readonly suppressions: Suppressions
  find(customerId: string): Customer | undefined
  whose(address: string): ReadonlyArray<string>
}

export interface Circumstances {
  readonly at: number
  /** The cart at this moment; `undefined`: nobody knows it. */
  readonly cartNow: (cartId: string) => CartNow | undefined
  readonly isPresent: (customerId: string) => boolean
  /** What offers are made of, where the settings have rules for them; `undefined`: none are made. */
  readonly offering: Offering | undefined
}

/** What happens to each customer concerned; nothing happens to those who are not named. */
export type Happened = ReadonlyArray<{
  readonly customerId: string
  readonly events: ReadonlyArray<CustomerEvent>
  readonly sealed?: readonly [address: string, text: string]
}>

const GONE: CartNow = { cartVersion: -1, isEmpty: true, isBought: false, isSoldOut: false }

const askOf = (customers: Customers, customer: Customer, { cartId }: Abandonment, given: Circumstances): Ask => ({
  at: given.at,
  cart: given.cartNow(cartId) ?? GONE,
  contact: customer.contact,
  suppressions: customers.suppressions,
  // Who must not be written to any more is not, whatever their recovery began with.
  policy: customers.settings.current.settings.contact,
  isPresent: given.isPresent(customer.customerId)
})

export const decideCustomers = (customers: Customers, command: OfCustomers, given: Circumstances): Happened =>
  decide(customers, command, given).map((one) => {
    const customer = customers.find(one.customerId) ?? newCustomer(one.customerId)
    return { ...one, events: withOffers(customers, customer, one.events, given) }
  })

const decide = (customers: Customers, command: OfCustomers, given: Circumstances): Happened => {
  if (command.type === "wrote") {
    return customers.whose(command.address).flatMap((customerId) => {
      const customer = customers.find(customerId)
      return customer === undefined
        ? []
        : [{ customerId, events: wrote(customers, customer, { ...command, at: given.at }) }]
    })
  }
  if (command.type === "bounced") return bounced(customers, command, given.at)
  const customer = customers.find(command.customerId) ?? newCustomer(command.customerId)
  const events = decideOne(customers, customer, command, given)
  if (events.length === 0) return []
  const { customerId } = customer
  if (command.type === "point") return [{ customerId, events, sealed: [command.point.address, command.sealed] }]
  if (command.type === "name") return [{ customerId, events, sealed: [NAME, command.sealed] }]
  return [{ customerId, events }]
}

const decideOne = (
  customers: Customers,
  customer: Customer,
  command: OfOneCustomer,
  given: Circumstances
): ReadonlyArray<CustomerEvent> => {
  const { at } = given
  switch (command.type) {
    case "point": {
      const consentedAt = command.hasConsented ? at : undefined
      return [{ type: "contact-point-set", at, point: { ...command.point, consentedAt } }]
    }
    case "name":
      return [{ type: "name-set", at }]
    case "forget-point": {
      const { address, channel } = command
      const isKnown = customer.contact.points.some((point) => point.channel === channel && point.address === address)
      return isKnown ? [{ type: "contact-point-removed", at, channel, address }] : []
    }
    case "settings": {
      const { customerId: _customer, mutationId: _mutation, type: _type, ...settings } = command
      return [{ type: "contact-settings-set", at, ...settings }]
    }
    case "opt-out":
      return [...optOut(customer.contact, customers.suppressions, { ...command, at }), ...overIfOut(customer, at)]
    case "opt-in":
      return optIn(customer.contact, customers.suppressions, { ...command, at })
    case "unsubscribed": {
      const { channel } = command
      const address = customer.contact.points.find((point) => point.channel === channel)?.address ?? ""
      return [...optOut(customer.contact, customers.suppressions, { at, channel, address }), ...overIfOut(customer, at)]
    }
    case "link-followed": {
      const { attemptId } = command
      const message = customer.contact.sent.find((one) => one.attemptId === attemptId)
      return message === undefined || message.followedAt !== undefined ? [] : [{ type: "link-followed", at, attemptId }]
    }
    case "abandoned":
      return abandoned(customers, customer, command.abandonment, given)
    case "cart-moved":
      return cartMoved(customers, customer, given)
    case "outcome":
      return outcome(customers, customer, command, given)
    case "ordered": {
      const { customerId, order } = command
      return isNews(customer.purchases, order) ? [{ type: "order-noted", at, customerId, order }] : []
    }
    case "offer-misused":
    case "offer-settled": {
      const offer = customer.offers.find(({ offerId }) => offerId === command.offerId)
      const of = { at, customerId: customer.customerId }
      if (offer === undefined) return []
      return command.type === "offer-misused"
        ? ending(offer, { ...of, reason: "revoked" })
        : settled(offer, { ...of, outcome: command.outcome })
    }
  }
}

const overIfOut = ({ recovery }: Customer, at: number): ReadonlyArray<CustomerEvent> =>
  recovery === undefined ? [] : end(recovery, "opted-out", at)

const abandoned = (
  customers: Customers,
  customer: Customer,
  abandonment: Abandonment,
  given: Circumstances
): ReadonlyArray<CustomerEvent> => {
  const { customerId, decidedOn, recovery } = customer
  if (decidedOn === abandonment.abandonmentId) return []
  const ask = askOf(customers, customer, abandonment, given)
  const sequence = sequenceFor(customers.settings.current, abandonment.left)
  if (sequence === undefined) return withheld({ at: given.at, customerId, abandonment, reason: "no-sequence" })
  // It stands in addresses: no more than letters and digits.
  const recoveryId = `r${hash64(`${customerId.length}:${customerId}${abandonment.abandonmentId}`)}`
  return start({ recoveryId, customerId, previous: recovery, sequence, abandonment, ask })
}

const cartMoved = (customers: Customers, customer: Customer, given: Circumstances): ReadonlyArray<CustomerEvent> => {
  const { recovery } = customer
  if (!isRunning(recovery)) return []
  const ask = askOf(customers, customer, recovery.abandonment, given)
  const over = overFor(reachOf(ask, customers.settings.sequenceOf(recovery), recovery))
  return over === undefined ? [] : end(recovery, over, given.at)
}

/** What the carrier has seen to itself needs no reading. */
const wrote = (
  { suppressions }: Customers,
  { contact, recovery }: Customer,
  said: Extract<OfCustomers, { readonly type: "wrote" }> & { readonly at: number }
): ReadonlyArray<CustomerEvent> => {
  const { carrier, text } = said
  const word =
    carrier === undefined ? wordOf(text, contact.optedOutAt !== undefined) : ({ kind: carrier, by: "word" } as const)
  return hear({ contact, suppressions, recovery }, { ...said, word })
}

/** The list is for everybody; who the address belongs to only carries the word. */
const bounced = (
  customers: Customers,
  { address, channel }: Extract<OfCustomers, { readonly type: "bounced" }>,
  at: number
): Happened => {
  const [customerId] = customers.whose(address)
  if (customerId === undefined || customers.suppressions.has(address)) return []
  return [{ customerId, events: [{ type: "address-suppressed", at, channel, address, reason: "undeliverable" }] }]
}

const outcome = (
  customers: Customers,
  customer: Customer,
  { attemptId, outcome: come }: Outcome,
  given: Circumstances
): ReadonlyArray<CustomerEvent> => {
  const { recovery } = customer
  if (recovery?.attempt?.attemptId !== attemptId) return []
  const told = { at: given.at, attemptId }
  const sequence = customers.settings.sequenceOf(recovery)
  const ask = askOf(customers, customer, recovery.abandonment, given)
  switch (come.type) {
    case "sent":
      return sent(recovery, sequence, { ...told, ...come })
    case "failed":
      return failed(recovery, { ...told, class: come.class, code: come.code, retryAt: come.retryAt })
    case "lost":
      return lost(recovery, sequence, { ...told, code: come.code })
    case "withdrawn":
      return isOfferGone(customer, attemptId, given.at)
        ? failed(recovery, { ...told, class: "refused", code: "offer-ended", retryAt: given.at })
        : withdraw(recovery, sequence, ask)
    case "unsent":
      return retry(recovery, sequence, { ...ask, isKnownUnsent: true })
  }
}

/** Whose deadline was noted and has come. */
export const decideDueCustomer = (
  customers: Customers,
  customerId: string,
  given: Circumstances
): ReadonlyArray<CustomerEvent> => {
  const customer = customers.find(customerId)
  if (customer === undefined) return []
  const events = [...recoveryDue(customers, customer, given), ...offersDue(customer, given.at)]
  return withOffers(customers, customer, events, given)
}

const recoveryDue = (customers: Customers, customer: Customer, given: Circumstances): ReadonlyArray<CustomerEvent> => {
  const recovery: Recovery | undefined = customer.recovery
  if (recovery === undefined) return []
  const ask = askOf(customers, customer, recovery.abandonment, given)
  const sequence = customers.settings.sequenceOf(recovery)
  return recovery.attempt === undefined ? look(recovery, sequence, ask) : retry(recovery, sequence, ask)
}

/** Whether the attempt of this customer may be called now. */
export const clearanceOf = (customers: Customers, customerId: string, given: Circumstances): Clearance => {
  const customer = customers.find(customerId)
  const recovery = customer?.recovery
  if (customer === undefined || recovery === undefined) return { may: false, reason: "completed" }
  const { attempt } = recovery
  if (attempt !== undefined && isOfferGone(customer, attempt.attemptId, given.at)) {
    return { may: false, reason: "too-late" }
  }
  const sequence = customers.settings.sequenceOf(recovery)
  return clearance(recovery, sequence, askOf(customers, customer, recovery.abandonment, given))
}
