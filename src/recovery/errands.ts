/**
 * Offers between two journals: the code of one is made among the carts' promotions before the first message that names it
 * goes, and ended there when the customers' journal says that it is ending.
 *
 * Nothing is kept here that a crash could lose: a message that was intended is composed again, an offer that is ending stands in
 * its customer until the carts have said what it came to. E1 Either is asked under an id made of the offer's, and asked again
 * changes nothing. E2 A code is made only while its offer is open, and ended only when that is in the journal, so no code
 * comes to life after its end.
 */
import { Effect } from "effect"
import type { CartBook } from "../../actors/cart/book.ts"
import type { OfferBounds, Promotion } from "../../actors/cart/promotions.ts"
import type { CartRecord } from "../../actors/cart/events.ts"
import { isCartEvent } from "../../actors/cart/events.ts"
import type { CustomerBook } from "../../actors/customer/book.ts"
import type { CustomerCommand } from "../../actors/customer/commands.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import type { IncentivePolicy } from "../../actors/recovery/incentive-rules.ts"
import type { Offer } from "../../actors/recovery/offer.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import type { CartMail } from "../carts/mail.ts"
import { hubsCommand } from "../host/owner-mail.ts"
import { SendFailed } from "../outreach/outreach.ts"

export interface ErrandServices {
  readonly customers: { readonly book: Pick<CustomerBook, "peek" | "holding" | "settings"> }
  readonly carts: { readonly book: Pick<CartBook, "promotion" | "peek">; readonly submit: (mail: CartMail) => void }
  /** Tells a customer, until it is taken. */
  readonly say: (command: CustomerCommand) => void
  /** Does it after so many milliseconds. */
  readonly later: (ms: number, act: () => void) => void
}

/** The same again when the carts' host could not take it. */
const AGAIN_MS = 200
/** A checkout that has the code says when it is over; this is for the one that was over in the same moment. */
const CLAIMED_AGAIN_MS = 30_000

export class OfferErrands {
  private readonly services: ErrandServices
  /** Ends that are under way. */
  private readonly asked = new Set<string>()

  constructor(services: ErrandServices) {
    this.services = services
  }

  /** Takes up what a hub before this one had left. */
  start(): void {
    const { carts, customers } = this.services
    for (const customerId of customers.book.holding) {
      for (const { offerId, state } of customers.book.peek(customerId)?.offers ?? []) {
        if (state === "ending") this.end(customerId, offerId)
        else if (state === "open") this.onPromotion(carts.book.promotion(offerId))
      }
    }
  }

  onCustomers(commits: ReadonlyArray<StoredCommit<CustomerRecord>>): void {
    for (const { records } of commits) {
      for (const { customerId, events } of records) {
        for (const event of events) if (event.type === "offer-ending") this.end(customerId, event.offerId)
      }
    }
  }

  onCarts(commits: ReadonlyArray<StoredCommit<CartRecord>>): void {
    for (const { records } of commits) {
      for (const record of records) {
        if (record.type === "promotion") this.onPromotion(record.promotion)
        else if (isCartEvent(record) && record.set?.claims !== undefined) this.onClaims(record.cart)
      }
    }
  }

  /** Settles when the code is in the carts' journal. */
  make(customerId: string, offer: Offer): Effect.Effect<void, SendFailed> {
    const { carts, customers } = this.services
    const policy = customers.book.settings.rulesOf(offer)
    if (policy === undefined) return Effect.fail(failed("refused", "offers_ended"))
    return Effect.callback((resume) => {
      const promotion = promotionOf(customerId, offer, policy)
      carts.submit(
        hubsCommand({ type: "make-offer", mutationId: `offer:${offer.offerId}:made`, promotion }, (answer) => {
          if (answer.ok) return resume(Effect.void)
          const isOver = answer.code === "offer_code" || answer.code === "too_many_promotions"
          resume(Effect.fail(failed(isOver ? "refused" : "temporary", answer.code)))
        })
      )
    })
  }

  private onPromotion(promotion: Promotion | undefined): void {
    if (promotion?.offer?.misusedAt === undefined || promotion.customerId === undefined) return
    const { code: offerId, customerId } = promotion
    this.services.say({ type: "offer-misused", customerId, mutationId: `offer:${offerId}:misused`, offerId })
  }

  private onClaims(cart: string): void {
    const { carts, customers } = this.services
    const customerId = carts.book.peek(cart)?.customerId
    if (customerId === undefined || !customers.book.holding.has(customerId)) return
    for (const { offerId, state } of customers.book.peek(customerId)?.offers ?? []) {
      if (state === "ending") this.end(customerId, offerId)
    }
  }

  private end(customerId: string, offerId: string): void {
    if (this.asked.has(offerId)) return
    this.asked.add(offerId)
    this.askEnd(customerId, offerId)
  }

  private askEnd(customerId: string, offerId: string): void {
    const { carts, later, say } = this.services
    carts.submit(
      hubsCommand({ type: "end-offer", mutationId: `offer:${offerId}:ended`, code: offerId }, (answer) => {
        if (!answer.ok) return later(AGAIN_MS, () => this.askEnd(customerId, offerId))
        this.asked.delete(offerId)
        const outcome = "offer" in answer ? answer.offer : undefined
        if (outcome === undefined) return
        if (outcome.state === "claimed") return later(CLAIMED_AGAIN_MS, () => this.end(customerId, offerId))
        say({ type: "offer-settled", customerId, mutationId: `offer:${offerId}:settled`, offerId, outcome })
      })
    )
  }
}

const failed = (failure: SendFailed["class"], code: string) =>
  new SendFailed({ class: failure, code, message: "The code of the offer that it goes with could not be made." })

const boundsOf = (offer: Offer, policy: IncentivePolicy): OfferBounds => {
  const { costBasisPoints, marginFloorBasisPoints, shippingCostMinor } = policy
  return {
    amountMinorMax: offer.reservedMinor,
    marginFloorBasisPoints,
    shippingCostMinor,
    ...(costBasisPoints === undefined ? {} : { costBasisPoints })
  }
}

const promotionOf = (customerId: string, offer: Offer, policy: IncentivePolicy): Promotion => {
  const { currency, expiresAt, offerId, terms } = offer
  return {
    code: offerId,
    ...terms,
    currency,
    customerId,
    usesMax: 1,
    endsAt: expiresAt,
    stackable: true,
    automatic: false,
    isActive: true,
    offer: boundsOf(offer, policy)
  }
}
