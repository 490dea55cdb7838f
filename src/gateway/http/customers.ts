/**
 * What is said of customers, over HTTP: how they may be reached, and that they want no more. Addresses are sealed before
 * anything is decided, and never shown.
 */
import { Effect } from "effect"
import { type Customer, NAME } from "../../../actors/customer/customer.ts"
import { sumsOf } from "../../../actors/recovery/purchases.ts"
import { hash64 } from "../../../actors/sku/fingerprint.ts"
import { MESSAGE_BYTES_MAX } from "../../../config/limits.ts"
import { unavailable } from "../../host/answers.ts"
import type { AddressFailed } from "../../recovery/addresses.ts"
import { type CustomerAsk, decodeCustomerAsk, decodeCustomerId } from "../../recovery/decode.ts"
import type { RecoveryShape } from "../../recovery/layer.ts"
import type { CustomerAnswer } from "../../recovery/mail.ts"
import type { CustomerCommand } from "../../../actors/customer/commands.ts"
import { invalid } from "../decode.ts"
import type { Request, Response } from "../serving.ts"
import { bodyOf } from "./read-body.ts"
import { json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface CustomerServices extends RecoveryShape {
  readonly run: (effect: Effect.Effect<void>) => void
}

const answered = (answer: CustomerAnswer): Response => (answer.ok ? json(200, answer) : refused(answer))

export class CustomerRoutes {
  private readonly services: CustomerServices

  constructor(services: CustomerServices) {
    this.services = services
  }

  request(request: Request, respond: Respond, name: string | undefined): void {
    const customer = decodeCustomerId(name)
    if (!customer.ok) return respond(refused(customer.refusal))
    const body = bodyOf(request, MESSAGE_BYTES_MAX, respond)
    if (body === undefined) return
    const decoded = decodeCustomerAsk(customer.value, body.value)
    if (!decoded.ok) return respond(refused(decoded.refusal))
    this.services.run(
      Effect.match(this.command(decoded.value), {
        onSuccess: (command) => this.submit(command, request.receivedAtMs, respond),
        onFailure: (failed) => respond(refusedFor(failed))
      })
    )
  }

  get(respond: Respond, name: string | undefined): void {
    const customer = decodeCustomerId(name)
    if (!customer.ok) return respond(refused(customer.refusal))
    this.services.host.view(
      (book) => {
        const found = book.find(customer.value)
        return found === undefined ? undefined : viewOf(found, (address) => book.suppressions.get(address)?.reason)
      },
      (outcome) => {
        if (outcome === undefined) return respond(refused(unavailable("The hub takes no turns now.")))
        if (outcome.value !== undefined) return this.show(outcome.value, respond)
        respond(json(404, { ok: false, code: "unknown_customer", message: `No customer ${customer.value} is known.` }))
      }
    )
  }

  /** Masked, which is no access; whole is for who says why. */
  private show(view: ReturnType<typeof viewOf>, respond: Respond): void {
    const { personal, run } = this.services
    run(
      Effect.map(
        Effect.match(personal.masked(view), {
          onSuccess: (masked) => json(200, { ok: true, ...masked }),
          onFailure: ({ message }) => refused(unavailable(message))
        }),
        respond
      )
    )
  }

  private command(ask: CustomerAsk): Effect.Effect<CustomerCommand, AddressFailed> {
    if (ask.type === "settings") return Effect.succeed(ask)
    const { addresses } = this.services
    if (ask.type === "name") {
      const { plain, ...rest } = ask
      return Effect.map(addresses.keepName(ask.customerId, plain), (kept) => ({ ...rest, ...kept }))
    }
    const { channel, countries, customerId, mutationId, plain } = ask
    const address = addresses.blind(channel, plain)
    if (ask.type !== "point") return Effect.succeed({ type: ask.type, customerId, mutationId, channel, address })
    const { hasConsented, type } = ask
    return Effect.map(addresses.keep(customerId, channel, plain), (sealed) => ({
      type,
      customerId,
      mutationId,
      point: { channel, address, countries },
      hasConsented,
      sealed
    }))
  }

  private submit(command: CustomerCommand, receivedAtMs: number, respond: Respond): void {
    this.services.host.submit({
      kind: "command",
      command,
      hash: hashOf(command),
      factSequence: 0,
      receivedAtMs,
      reply: (answer) => respond(answered(answer))
    })
  }
}

/** Sealed twice, an address is two texts: what it stands for is compared. */
const hashOf = (command: CustomerCommand): string => {
  const { mutationId: _mutation, ...content } = command
  return hash64(JSON.stringify("sealed" in content ? { ...content, sealed: "" } : content))
}

const refusedFor = ({ message, reason }: AddressFailed): Response => {
  if (reason === "unavailable") return refused(unavailable(message))
  if (reason === "invalid") return refused(invalid(message, "address"))
  return json(410, { ok: false, code: "customer_erased", message })
}

const isoOf = (atMs: number | undefined): string | undefined =>
  atMs === undefined ? undefined : new Date(atMs).toISOString()

/** A carrier's own name for somebody is not sealed, and not shown either. */
const maskable = (text: string | undefined): string | undefined =>
  text === undefined || text.startsWith("pd1.") ? text : "•••"

const offersView = ({ offers, reasons, purchases }: Customer) => ({
  orders: sumsOf(purchases),
  offers: offers.map(({ expiresAt, madeAt, offerId, ...offer }) => ({
    code: offerId,
    ...offer,
    madeAt: isoOf(madeAt),
    expiresAt: isoOf(expiresAt)
  })),
  offerReasons: reasons.map(({ at, ...reason }) => ({ at: isoOf(at), ...reason }))
})

const viewOf = (customer: Customer, suppressed: (address: string) => string | undefined) => ({
  ...contactView(customer, suppressed),
  ...offersView(customer)
})

const contactView = (
  { contact, customerId, recovery, sealed, withheld }: Customer,
  suppressed: (address: string) => string | undefined
) => ({
  customerId,
  name: sealed[NAME],
  optedOutAt: isoOf(contact.optedOutAt),
  preferred: contact.preferred,
  zone: contact.zone,
  country: contact.country,
  points: contact.points.map(({ address, channel, consentedAt }) => ({
    channel,
    address: maskable(sealed[address]),
    consentedAt: isoOf(consentedAt),
    suppressed: suppressed(address)
  })),
  messages: contact.sent.map(({ at, attemptId, channel, followedAt, isAssumed }) => ({
    attemptId,
    channel,
    at: isoOf(at),
    followedAt: isoOf(followedAt),
    isAssumed
  })),
  withheld: withheld && {
    reason: withheld.reason,
    refused: withheld.refused.map(({ channel, reason, until }) => ({ channel, reason, until: isoOf(until) }))
  },
  recovery:
    recovery === undefined
      ? undefined
      : {
          recoveryId: recovery.recoveryId,
          sequence: `${recovery.sequenceId}@${recovery.sequenceVersion}`,
          cart: recovery.abandonment.cartId,
          step: recovery.step,
          planned: recovery.planned && { ...recovery.planned, sendAt: isoOf(recovery.planned.sendAt) },
          lookAt: isoOf(recovery.lookAt),
          attempt: recovery.attempt?.attemptId,
          ended: recovery.ended && { ...recovery.ended, at: isoOf(recovery.ended.at) }
        }
})
