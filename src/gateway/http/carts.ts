/**
 * The carts' HTTP part of the contract: requests, facts, reads, promotions, the policy.
 */
import type { CartCommand } from "../../../actors/cart/commands.ts"
import type { CartRefusalCode } from "../../../actors/cart/decision.ts"
import { MESSAGE_BYTES_MAX } from "../../../config/limits.ts"
import type { CartsShape } from "../../carts/layer.ts"
import { decodeCartName } from "../../carts/decode.ts"
import { decodePolicy, decodePromotion } from "../../carts/decode-settings.ts"
import type { CartAnswer } from "../../carts/protocol.ts"
import { unavailable } from "../../host/answers.ts"
import { type Decoded, invalid } from "../decode.ts"
import type { Refusal } from "../protocol.ts"
import type { AskedRequest, Request, Response } from "../serving.ts"
import { bodyOf } from "./read-body.ts"
import { json, refused } from "./replies.ts"
import { receivedOf, type Respond, takeFacts } from "./stock.ts"

const statusOf: Readonly<Record<CartRefusalCode, number>> = {
  unknown_cart: 404,
  unknown_line: 404,
  unknown_code: 404,
  code_not_applicable: 409,
  cart_closed: 410,
  cart_changed: 409,
  cart_full: 409,
  cart_too_large: 409,
  empty_cart: 409,
  foreign_cart: 403,
  currency_mismatch: 409,
  no_checkout: 409,
  too_many_promotions: 409,
  offer_code: 409
}

const isOfCarts = (code: string): code is CartRefusalCode => Object.hasOwn(statusOf, code)

const answered = (answer: CartAnswer): Response => {
  if (answer.ok) return json(200, answer)
  return isOfCarts(answer.code) ? json(statusOf[answer.code], answer) : refused(answer as Refusal)
}

export class CartRoutes {
  private readonly carts: CartsShape

  constructor(carts: CartsShape) {
    this.carts = carts
  }

  get(respond: Respond, name: string | undefined): void {
    const cart = decodeCartName(name)
    if (!cart.ok) return respond(refused(cart.refusal))
    this.carts.requests.read(cart.value, (answer) => respond(answered(answer)))
  }

  request(request: AskedRequest, respond: Respond, name: string | undefined): void {
    const body = bodyOf(request, MESSAGE_BYTES_MAX, respond)
    if (body === undefined) return
    this.carts.requests.request(name, receivedOf(request, body.value), (answer) => respond(answered(answer)))
  }

  facts(request: AskedRequest, respond: Respond, name: string | undefined): void {
    const cart = decodeCartName(name)
    if (!cart.ok) return respond(refused(cart.refusal))
    takeFacts(request, respond, (received, reply) => this.carts.requests.fact(cart.value, received, reply))
  }

  /** The promotion, and how often checkouts under way and orders have used it. */
  promotion(respond: Respond, code: string | undefined): void {
    if (code === undefined) return respond(wrongCode)
    this.carts.host.view(
      (book) => ({ promotion: book.promotion(code), uses: book.usesOf(code, "").total }),
      (outcome) => {
        if (outcome === undefined) return respond(refused(unavailable("The hub takes no turns now.")))
        const { promotion, uses } = outcome.value
        if (promotion !== undefined) return respond(json(200, { ok: true, ...promotion, uses }))
        respond(json(404, { ok: false, code: "unknown_code", message: `No promotion ${code} is known.` }))
      }
    )
  }

  setPromotion(request: Request, respond: Respond, code: string | undefined): void {
    if (code === undefined) return respond(wrongCode)
    this.set(request, respond, (body) => decodePromotion(code, body))
  }

  policy(respond: Respond): void {
    this.carts.host.view(
      (book) => book.policy,
      (outcome) =>
        respond(
          outcome === undefined
            ? refused(unavailable("The hub takes no turns now."))
            : json(200, { ok: true, ...outcome.value })
        )
    )
  }

  setPolicy(request: Request, respond: Respond): void {
    this.set(request, respond, decodePolicy)
  }

  private set(request: Request, respond: Respond, decode: (body: unknown) => Decoded<CartCommand>): void {
    const body = bodyOf(request, MESSAGE_BYTES_MAX, respond)
    if (body === undefined) return
    const decoded = decode(body.value)
    if (!decoded.ok) return respond(refused(decoded.refusal))
    this.carts.requests.submit(decoded.value, request.receivedAtMs, (answer) => respond(answered(answer)))
  }
}

const wrongCode = refused(invalid("The code in the address cannot be decoded.", "code"))
