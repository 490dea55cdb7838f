/**
 * One turn of the carts: every waiting command is decided against the book as the ones before it left it. The rules are
 * those of the stock's turn (`src/host/turn.ts`).
 */
import type { CartBook } from "../../actors/cart/book.ts"
import { ownerOf } from "../../actors/cart/commands.ts"
import { decideCarts, decideDueCart } from "../../actors/cart/decide.ts"
import type { CartDecision, Circumstances } from "../../actors/cart/decision.ts"
import type { CartRecord } from "../../actors/cart/events.ts"
import { TURN_IDLE_CARTS_MAX } from "../../config/carts.ts"
import { cartFactSubject } from "../../streams/subjects.ts"
import { conflict } from "../host/answers.ts"
import type { Given } from "../host/kind.ts"
import { type Fingerprint, fingerprintOf, type Position, type Remembered } from "../host/remembered.ts"
import type { DeadFact, ToRemember, Turn } from "../host/turn.ts"
import { cartView, recordAnswer } from "./answers.ts"
import type { CartCommandMail, CartMail, CartViewMail } from "./mail.ts"
import type { CartAnswer } from "./protocol.ts"

export type AvailableOf = Circumstances["availableOf"]

export const knownPositions = (mail: CartMail, _book: CartBook, remembered: Remembered): ReadonlyArray<Position> =>
  mail.kind !== "command" || mail.hash === ""
    ? NOTHING
    : remembered.find(fingerprintOf("m", ownerOf(mail.command), mail.command.mutationId))

const NOTHING: ReadonlyArray<Position> = []

interface Fresh {
  readonly hash: string
  readonly answer: CartAnswer
}

class CartTurn {
  readonly records: Array<CartRecord> = []
  readonly remember: Array<ToRemember> = []
  readonly answers: Array<{ readonly mail: CartMail; readonly answer: CartAnswer }> = []
  readonly seen: Array<CartViewMail> = []
  readonly deadFacts: Array<DeadFact> = []
  facts = 0
  moreDue = false
  private readonly fresh = new Map<string, Fresh>()
  private readonly given: Given<CartBook, CartMail, CartRecord>
  private readonly availableOf: AvailableOf

  constructor(given: Given<CartBook, CartMail, CartRecord>, availableOf: AvailableOf) {
    this.given = given
    this.availableOf = availableOf
  }

  take(mail: CartMail): void {
    switch (mail.kind) {
      case "command":
        return this.takeCommand(mail)
      case "view":
        mail.view(this.given.book)
        this.seen.push(mail)
        return
      case "due":
        return this.passDeadlines()
      case "skipped":
        this.facts = mail.factSequence
    }
  }

  private takeCommand(mail: CartCommandMail): void {
    const { command, hash } = mail
    const owner = ownerOf(command)
    const key = `${owner.length}:${owner}${command.mutationId}`
    const before = hash === "" ? undefined : (this.fresh.get(key) ?? this.recall(mail, owner))
    const answer =
      before === undefined
        ? this.decide(mail, owner, key)
        : before.hash === hash
          ? ({ ...before.answer, replayed: true } as CartAnswer)
          : conflict(command.mutationId, undefined)
    if (mail.factSequence > 0) this.noteFact(mail, owner, answer)
    this.answers.push({ mail, answer })
  }

  private noteFact(mail: CartCommandMail, owner: string, answer: CartAnswer): void {
    const { factSequence, command } = mail
    this.facts = factSequence
    if (answer.ok) return
    const { mutationId } = command
    this.deadFacts.push({
      sequence: factSequence,
      source: CART_FACT,
      subject: cartFactSubject(owner),
      mutationId,
      answer
    })
  }

  private recall(mail: CartCommandMail, owner: string): Fresh | undefined {
    for (const { sequence, index } of this.given.known.get(mail) ?? NOTHING) {
      const records = this.given.recordsAt(sequence)
      const record = records?.[index]
      if (records === undefined || record === undefined) continue
      if (record.mutationId !== mail.command.mutationId || recordOwner(record) !== owner) continue
      if (record.hash === undefined) continue
      const answer = record.type === "answered" ? record.answer : recordAnswer(record, records)
      return { hash: record.hash, answer: answer as CartAnswer }
    }
    return undefined
  }

  private decide(mail: CartCommandMail, owner: string, key: string): CartAnswer {
    const { command, hash } = mail
    const { mutationId } = command
    const first = this.records.length
    const decision = decideCarts(this.given.book, command, this.circumstances(hash))
    this.keep(decision.records)
    const answer = this.answerTo(decision)
    if (hash === "") return answer
    let carrier = decision.records.findIndex((record) => record.hash !== undefined)
    if (carrier === -1) {
      this.records.push({ type: "answered", owner, mutationId, hash, answer: answer as never })
      carrier = decision.records.length
    }
    this.remember.push({ id: fingerprintOf("m", owner, mutationId), index: first + carrier })
    this.fresh.set(key, { hash, answer })
    return answer
  }

  private answerTo({ refusal, unchanged, records }: CartDecision): CartAnswer {
    if (refusal !== undefined) return refusal
    const state = unchanged === undefined ? undefined : this.given.book.find(unchanged)
    if (state !== undefined) return { ok: true, ...cartView(state) }
    const carrier = records.find((record) => record.hash !== undefined)
    return carrier === undefined ? { ok: true } : recordAnswer(carrier, records)
  }

  private circumstances(hash: string): Circumstances {
    return { at: this.given.at, hash, availableOf: this.availableOf }
  }

  private keep(records: ReadonlyArray<CartRecord>): void {
    for (const record of records) {
      this.records.push(record)
      this.given.book.apply(record, this.given.at)
    }
  }

  private passDeadlines(): void {
    const { book, at } = this.given
    const due = book.deadlines.dueBy(at, TURN_IDLE_CARTS_MAX)
    let decided = 0
    for (const { key } of due) {
      const records = decideDueCart(book, key, this.circumstances(""))?.records ?? []
      decided += records.length
      this.keep(records)
    }
    // A cart may have two deadlines behind it, when the hub was down.
    this.moreDue = decided > 0 && book.deadlines.dueBy(at, 1).length > 0
  }
}

/** What a dead letter of the carts is a letter of. */
export const CART_FACT = "cart-fact"

const recordOwner = (record: CartRecord): string => {
  if (record.type === "answered") return record.owner
  if (record.type === "promotion") return `promotion:${record.promotion.code}`
  return record.type === "policy" ? "policy" : record.cart
}

export const decideCartTurn =
  (availableOf: AvailableOf) =>
  (batch: ReadonlyArray<CartMail>, given: Given<CartBook, CartMail, CartRecord>): Turn<CartMail, CartRecord> => {
    const turn = new CartTurn(given, availableOf)
    for (const mail of batch) turn.take(mail)
    const { records, remember, answers, seen, deadFacts, facts, moreDue } = turn
    return { at: given.at, records, remember, answers, seen, deadFacts, facts, moreDue }
  }

export const rememberedBy = (record: CartRecord): ReadonlyArray<Fingerprint> =>
  record.hash === undefined ? [] : [fingerprintOf("m", recordOwner(record), record.mutationId)]

export const keyOf = recordOwner
