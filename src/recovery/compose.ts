/**
 * A message as it goes: whom the address belongs to is opened, the cart's goods and its link are put into the words.
 */
import { Effect } from "effect"
import type { CustomerBook } from "../../actors/customer/book.ts"
import type { CartState } from "../../actors/cart/state.ts"
import type { RecoveryConfig } from "../../config/recovery.ts"
import { type OutboundMessage, SendFailed } from "../outreach/outreach.ts"
import type { Addresses } from "./addresses.ts"
import type { OpenAttempt } from "./carried.ts"

export interface Composing {
  readonly config: RecoveryConfig
  readonly addresses: Addresses
  readonly customers: { readonly book: Pick<CustomerBook, "peek"> }
  readonly carts: { readonly book: { peek(cart: string): CartState | undefined } }
}

const NAME_LENGTH_MAX = 60

export const compose = (
  { addresses, carts, config, customers }: Composing,
  { attempt, customerId }: OpenAttempt
): Effect.Effect<OutboundMessage, SendFailed> =>
  Effect.gen(function* () {
    const customer = customers.book.peek(customerId)
    const sealed = customer?.sealed[attempt.address]
    const cartId = customer?.recovery?.abandonment.cartId
    const template = config.templates[attempt.template]
    if (customer === undefined || sealed === undefined || cartId === undefined) return yield* not("no_address")
    if (template === undefined) return yield* not("no_template")
    const to = yield* Effect.mapError(addresses.open(customerId, sealed, `message ${attempt.attemptId}`), (failed) =>
      failed.reason === "unavailable"
        ? new SendFailed({ class: "temporary", code: "keys_unavailable", message: failed.message })
        : new SendFailed({ class: "refused", code: failed.reason, message: failed.message })
    )
    const link = linkOf(config.cartUrl, cartId, attempt.attemptId)
    const items = itemsOf(carts.book.peek(cartId))
    const lastInboundAtMs = customer.contact.lastInboundAt[attempt.channel]
    const fill = (text: string): string => text.replaceAll("{items}", () => items).replaceAll("{link}", () => link)
    return {
      attemptId: attempt.attemptId,
      customerId,
      channel: attempt.channel,
      to,
      text: fill(template.text),
      link,
      subject: fill(template.subject),
      template: { name: template.approved, variables: { "1": items, "2": link } },
      ...(lastInboundAtMs === undefined ? {} : { lastInboundAtMs }),
      intendedAtMs: attempt.intendedAt
    }
  })

const not = (code: string) =>
  new SendFailed({ class: "refused", code, message: "There is nothing that could be sent for this attempt." })

const linkOf = (cartUrl: string, cart: string, attempt: string): string =>
  cartUrl
    .replaceAll("{cart}", () => encodeURIComponent(cart))
    .replaceAll("{attempt}", () => encodeURIComponent(attempt))

/** The first, and how many more: a text is no catalogue. */
const itemsOf = (cart: CartState | undefined): string => {
  const [first, ...others] = cart?.lines ?? []
  if (first === undefined) return "something"
  // What a shop calls its goods is a text, and not a line of ours.
  const name = (first.name ?? first.sku).replace(/\s+/g, " ").slice(0, NAME_LENGTH_MAX)
  return others.length === 0 ? name : `${name} and ${others.length} more`
}
