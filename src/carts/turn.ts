/**
 * What carts decide in a turn, and what of it is the answer.
 */
import type { CartBook } from "../../actors/cart/book.ts"
import { type CartCommand, ownerOf } from "../../actors/cart/commands.ts"
import { decideCarts, decideDueCart } from "../../actors/cart/decide.ts"
import type { CartDecision, Circumstances } from "../../actors/cart/decision.ts"
import type { CartRecord } from "../../actors/cart/events.ts"
import { TURN_IDLE_CARTS_MAX } from "../../config/carts.ts"
import { cartFactSubject } from "../../streams/subjects.ts"
import type { OwnerRules } from "../host/owner-turn.ts"
import { cartView, recordAnswer } from "./answers.ts"
import type { CartAnswer } from "./protocol.ts"

export type AvailableOf = Circumstances["availableOf"]

/** What a dead letter of the carts is a letter of. */
export const CART_FACT = "cart-fact"

export const keyOf = (record: CartRecord): string => {
  if (record.type === "answered") return record.owner
  if (record.type === "promotion") return `promotion:${record.promotion.code}`
  if (record.type === "offer-ended") return `promotion:${record.code}`
  return record.type === "policy" ? "policy" : record.cart
}

const carrierOf = (records: ReadonlyArray<CartRecord>): CartRecord | undefined =>
  records.find((record) => record.hash !== undefined)

const answerTo = (book: CartBook, { offer, records, refusal, unchanged }: CartDecision): CartAnswer => {
  if (refusal !== undefined) return refusal
  const state = unchanged === undefined ? undefined : book.find(unchanged)
  if (state !== undefined) return { ok: true, ...cartView(state) }
  const carrier = carrierOf(records)
  if (carrier !== undefined) return recordAnswer(carrier, records)
  return offer === undefined ? { ok: true } : { ok: true, offer }
}

export const cartRules = (availableOf: AvailableOf): OwnerRules<CartCommand, CartAnswer, CartBook, CartRecord> => ({
  ownerOf,
  ownerOfRecord: keyOf,
  decide: (command, hash, keeper) => {
    const decision = decideCarts(keeper.book, command, { at: keeper.at, hash, availableOf })
    for (const record of decision.records) keeper.keep(record)
    const answer = answerTo(keeper.book, decision)
    if (hash !== "" && carrierOf(decision.records) === undefined) {
      const { mutationId } = command
      keeper.note({ type: "answered", owner: ownerOf(command), mutationId, hash, answer: answer as never })
    }
    return answer
  },
  answerOf: (record, records) =>
    record.type === "answered" ? (record.answer as CartAnswer) : recordAnswer(record, records),
  repeated: (answer) => ({ ...answer, replayed: true }) as CartAnswer,
  decideDue: (key, keeper) => {
    const decision = decideDueCart(keeper.book, key, { at: keeper.at, hash: "", availableOf })
    for (const record of decision?.records ?? []) keeper.keep(record)
  },
  dueMax: TURN_IDLE_CARTS_MAX,
  letterOf: (owner) => ({ source: CART_FACT, subject: cartFactSubject(owner) })
})
