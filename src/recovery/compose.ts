/**
 * A message as it goes: whom the address belongs to is opened, the cart's goods and its link are put into the words.
 */
import { Effect } from "effect"
import type { CustomerBook } from "../../actors/customer/book.ts"
import { type Filling, filled } from "../../actors/recovery/template.ts"
import type { CartState } from "../../actors/cart/state.ts"
import { offerOf } from "../../actors/customer/offers.ts"
import { isOpen } from "../../actors/recovery/offer.ts"
import { type OutboundMessage, SendFailed } from "../outreach/outreach.ts"
import type { Addresses } from "./addresses.ts"
import type { OpenAttempt } from "./carried.ts"
import type { OfferErrands } from "./errands.ts"
import { offerWords } from "./offer-words.ts"

export interface Composing {
  /** `code`: of the offer that it goes with. */
  readonly linkOf: (cartId: string, attemptId: string, code?: string) => string
  readonly addresses: Addresses
  readonly customers: { readonly book: Pick<CustomerBook, "peek" | "settings"> }
  readonly carts: { readonly book: { peek(cart: string): CartState | undefined } }
  readonly errands: Pick<OfferErrands, "make">
  readonly nowMs: () => number
}

const NAME_LENGTH_MAX = 60

export const compose = (
  { addresses, carts, customers, errands, linkOf, nowMs }: Composing,
  { attempt, customerId }: OpenAttempt
): Effect.Effect<OutboundMessage, SendFailed> =>
  Effect.gen(function* () {
    const customer = customers.book.peek(customerId)
    const sealed = customer?.sealed[attempt.address]
    const recovery = customer?.recovery
    if (customer === undefined || sealed === undefined || recovery === undefined) return yield* not("no_address")
    const { cartId } = recovery.abandonment
    const template = customers.book.settings.of(recovery).settings.templates[attempt.template]
    if (template === undefined) return yield* not("no_template")
    const to = yield* Effect.mapError(addresses.open(customerId, sealed, `message ${attempt.attemptId}`), (failed) =>
      failed.reason === "unavailable"
        ? new SendFailed({ class: "temporary", code: "keys_unavailable", message: failed.message })
        : new SendFailed({ class: "refused", code: failed.reason, message: failed.message })
    )
    const offer = offerOf(customer, attempt.attemptId)
    // One that is over is named all the same where a message is only looked for, so that it is known again.
    if (offer !== undefined && isOpen(offer, nowMs())) yield* errands.make(customerId, offer)
    const link = linkOf(cartId, attempt.attemptId, offer?.offerId)
    const items = itemsOf(carts.book.peek(cartId)?.lines ?? [])
    const said = offer === undefined ? "" : offerWords(offer, customers.book.settings.rulesOf(offer))
    const filling = { items, link, offer: said }
    const lastInboundAtMs = customer.contact.lastInboundAt[attempt.channel]
    return {
      attemptId: attempt.attemptId,
      customerId,
      channel: attempt.channel,
      to,
      text: filled(template.text, filling),
      link,
      subject: filled(template.subject, filling),
      template: { name: template.approved, variables: variablesOf(filling) },
      ...(lastInboundAtMs === undefined ? {} : { lastInboundAtMs }),
      intendedAtMs: attempt.intendedAt
    }
  })

const not = (code: string) =>
  new SendFailed({ class: "refused", code, message: "There is nothing that could be sent for this attempt." })

/** Of a carrier's own template. */
export const variablesOf = ({ items, link }: Filling): Readonly<Record<string, string>> => ({ "1": items, "2": link })

/** The shop's page of a cart; without an offer there is nothing in its place. */
export const cartUrlOf = (
  cartUrl: string,
  parts: { readonly cart: string; readonly attempt: string; readonly offer?: string | undefined }
): string =>
  cartUrl
    .replaceAll("{cart}", () => encodeURIComponent(parts.cart))
    .replaceAll("{attempt}", () => encodeURIComponent(parts.attempt))
    .replaceAll("{offer}", () => encodeURIComponent(parts.offer ?? ""))

/** The first, and how many more: a text is no catalogue. */
export const itemsOf = (lines: ReadonlyArray<{ readonly sku: string; readonly name?: string }>): string => {
  const [first, ...others] = lines
  if (first === undefined) return "something"
  // What a shop calls its goods is a text, and not a line of ours.
  const name = (first.name ?? first.sku).replace(/\s+/g, " ").slice(0, NAME_LENGTH_MAX)
  return others.length === 0 ? name : `${name} and ${others.length} more`
}
