/**
 * From a decoded message to mail for the carts' host, whichever way it came: HTTP, socket, NATS.
 *
 * A checkout is answered when the stock has answered: with the hold, or with what there is too little of. Its event is
 * in the journal before that, so whoever asks again under the same id is answered by the cart as it is then.
 */
import type { CartCommand } from "../../actors/cart/commands.ts"
import type { CartRecord } from "../../actors/cart/events.ts"
import { isCartEvent } from "../../actors/cart/events.ts"
import type { CartState } from "../../actors/cart/state.ts"
import { hash64 } from "../../actors/sku/fingerprint.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import { unavailable } from "../host/answers.ts"
import { traced } from "../tracing/tracing.ts"
import type { Received } from "../gateway/requests.ts"
import { cartView } from "./answers.ts"
import { decodeCartFact, decodeCartName, decodeCartRequest } from "./decode.ts"
import type { CartPartitions } from "./layer.ts"
import type { CartCommandMail } from "./mail.ts"
import type { CartAnswer } from "./protocol.ts"

export type CartReply = (answer: CartAnswer) => void

/** The command's content without its id; fields stand in the order in which they are read, so one content is one text. */
export const cartHash = ({ mutationId: _mutationId, ...content }: CartCommand): string =>
  hash64(JSON.stringify(content))

export const cartMail = (command: CartCommand, receivedAtMs: number, reply: CartReply): CartCommandMail => ({
  kind: "command",
  command,
  hash: cartHash(command),
  factSequence: 0,
  receivedAtMs,
  reply
})

/** How long a checkout waits for the stock before it is answered as it stands. */
const CHECKOUT_MS_MAX = 2_000
/** Checkouts that wait; beyond it they are answered at once. */
const CHECKOUTS_WAITING_MAX = 16_384

export class CartRequests {
  private readonly host: CartPartitions
  private readonly waiting = new Map<string, Set<() => void>>()

  constructor(host: CartPartitions) {
    this.host = host
    host.onCommits((commits) => this.onCommits(commits))
  }

  request(name: string | undefined, received: Received, reply: CartReply): void {
    const named = decodeCartName(name)
    if (!named.ok) return reply(named.refusal)
    const cart = named.value
    const decoded = decodeCartRequest(cart, received.body)
    if (!decoded.ok) return reply(decoded.refusal)
    const command = decoded.value
    if (command.type === "read") return this.read(cart, reply)
    const answered: CartReply = command.type === "checkout" ? (answer) => this.onCheckout(cart, answer, reply) : reply
    this.submit(command, received.receivedAtMs, traced("cart.request", command, received, answered))
  }

  fact(cart: string, received: Received, reply: CartReply): void {
    const decoded = decodeCartFact(cart, received.body)
    if (!decoded.ok) return reply(decoded.refusal)
    this.submit(decoded.value, received.receivedAtMs, traced("cart.fact", decoded.value, received, reply))
  }

  submit(command: CartCommand, receivedAtMs: number, reply: CartReply): void {
    this.host.submit(cartMail(command, receivedAtMs, reply))
  }

  read(cart: string, reply: CartReply): void {
    this.look(cart, (state) => reply(state === undefined ? unknownCart(cart) : { ok: true, ...cartView(state) }), reply)
  }

  private look(cart: string, see: (state: CartState | undefined) => void, reply: CartReply): void {
    this.host.view(
      (book) => book.find(cart),
      (outcome) => (outcome === undefined ? reply(unavailable("The hub takes no turns now.")) : see(outcome.value))
    )
  }

  private onCheckout(cart: string, answer: CartAnswer, reply: CartReply): void {
    if (!answer.ok) return reply(answer)
    const again = "replayed" in answer && answer.replayed === true ? ({ replayed: true } as const) : {}
    this.look(
      cart,
      (state) => {
        if (state === undefined || !isAsking(state) || this.waiting.size >= CHECKOUTS_WAITING_MAX) {
          return reply(state === undefined ? unknownCart(cart) : { ...heldAnswer(state), ...again })
        }
        const patience = setTimeout(() => settled(), CHECKOUT_MS_MAX)
        const waiting = this.waiting.get(cart) ?? new Set()
        const settled = (): void => {
          clearTimeout(patience)
          waiting.delete(settled)
          if (waiting.size === 0) this.waiting.delete(cart)
          this.look(
            cart,
            (now) => reply(now === undefined ? unknownCart(cart) : { ...heldAnswer(now), ...again }),
            reply
          )
        }
        waiting.add(settled)
        this.waiting.set(cart, waiting)
      },
      reply
    )
  }

  private onCommits(commits: ReadonlyArray<StoredCommit<CartRecord>>): void {
    if (this.waiting.size === 0) return
    for (const { records } of commits) {
      for (const record of records) {
        if (!isCartEvent(record) || record.type === "checkout" || record.set?.checkout === undefined) continue
        for (const settled of this.waiting.get(record.cart) ?? []) settled()
      }
    }
  }
}

const isAsking = ({ status, checkout }: CartState): boolean => status === "checkout" && checkout?.isHeld === false

/** What a checkout has come to: the cart with its hold, or what there is too little of. */
const heldAnswer = (state: CartState): CartAnswer => {
  const faults = (state.notes ?? []).flatMap((note) => {
    if (note.type !== "sold-out" && note.type !== "short") return []
    const requested = state.lines.find((line) => line.sku === note.sku)?.quantity ?? 0
    return [{ sku: note.sku, requested, available: note.available }]
  })
  if (state.status !== "open" || faults.length === 0) return { ok: true, ...cartView(state) }
  return {
    ok: false,
    code: "insufficient_stock",
    message: "There is not enough of what the lines name; take fewer of them and check out again.",
    lines: faults
  }
}

export const unknownCart = (cart: string): CartAnswer => ({
  ok: false,
  code: "unknown_cart",
  message: `No cart ${cart} is known; adding something to it makes it known.`,
  cart
})
