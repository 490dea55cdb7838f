/**
 * Sees that money which bought nothing goes back: payments that a cart has noted as strays, orders whose stock was gone, and
 * payments of carts that nobody knows any more.
 *
 * What is owed is read from the carts' commits, and stands in the cart until it is back. A hub that died, and one that
 * missed something, look through all of it, at the start and every ten minutes. Paying back twice is once
 * (`src/payments/repayments.ts`).
 */
import { Effect } from "effect"
import { type Debt, debtsOf, parkedPayment } from "../../actors/cart/debts.ts"
import { type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import type { Policy } from "../../actors/cart/policy.ts"
import type { CartState } from "../../actors/cart/state.ts"
import { phaseOf } from "../../actors/payment/payment.ts"
import {
  evolveRepayment,
  initialRepayment,
  type RepaymentEvent,
  type RepaymentState
} from "../../actors/payment/repayment.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import type { NatsShape } from "../../streams/nats/connection.ts"
import { readSince } from "../../streams/nats/subject-reader.ts"
import { PAYMENTS, REPAYMENT_SUBJECTS, skuOfSubject } from "../../streams/subjects.ts"
import type { Payments } from "../payments/payments.ts"
import type { RepaymentAnswer, Repayments } from "../payments/repayments.ts"
import type { CartPartitions } from "./layer.ts"

export interface RepayingOptions {
  readonly nats: NatsShape
  readonly host: Pick<CartPartitions, "view" | "onCommits">
  readonly payments: Pick<Payments, "read">
  readonly repayments: Repayments
  readonly nowMs: () => number
}

/** Of more, those that are left out are found by the next look. */
const WAITING_MAX = 100_000
/** Payments paid back at once; Stripe takes a hundred calls a second, and checkouts come first. */
const REPAYING_MAX = 4
const PAUSE = "100 millis"
/** After Stripe did not take it. */
const AGAIN_AFTER_MS = 10_000
const LOOK_EVERY = "10 minutes"
/** What was intended longer ago and never came to an end is Stripe's keys' time over many times. */
const OPEN_MS_MAX = 30 * 24 * 60 * 60_000

export class Repaying {
  private readonly options: RepayingOptions
  private readonly carts = new Set<string>()
  /** By payment, when it may be tried. */
  private readonly waiting = new Map<string, { readonly debt: Debt; readonly fromMs: number }>()

  constructor(options: RepayingOptions) {
    this.options = options
    options.host.onCommits((commits) => this.onCommits(commits))
  }

  /** Pays back what is owed. Runs until interrupted. */
  readonly run: Effect.Effect<never> = Effect.suspend(() =>
    Effect.raceFirst(
      Effect.forever(Effect.andThen(Effect.ignore(this.repayWaiting()), Effect.sleep(PAUSE))),
      Effect.forever(Effect.andThen(Effect.ignore(this.lookThrough()), Effect.sleep(LOOK_EVERY)))
    )
  )

  /** A payment of a cart that nobody knows; answered when it is written down that it goes back, or done. */
  forgotten(cartId: string, paymentId: string): Effect.Effect<RepaymentAnswer, unknown> {
    return this.options.repayments.repay(paymentId, { cartId, reason: "unknown_cart" })
  }

  /** A person wants it back: also what waits for goods, and what failed. `undefined`: nothing of it is parked. */
  askedFor(paymentId: string): Effect.Effect<RepaymentAnswer | undefined, unknown> {
    return Effect.gen({ self: this }, function* () {
      const { cart } = yield* this.options.payments.read(paymentId)
      if (cart === undefined) return undefined
      const { cartId } = cart
      const seen = yield* this.look(cartId)
      const isForgotten = seen === undefined && (yield* this.options.repayments.state(paymentId)).newest !== undefined
      const debt = isForgotten
        ? { cartId, paymentId, reason: "unknown_cart" }
        : seen === undefined
          ? undefined
          : parkedPayment(seen.state, paymentId)
      return debt === undefined ? undefined : yield* this.options.repayments.repay(paymentId, debt, true)
    })
  }

  /** How a payment is, for whoever asks. `undefined`: Stripe has told of none. */
  read(paymentId: string) {
    return Effect.gen({ self: this }, function* () {
      const state = yield* this.options.payments.read(paymentId)
      if (state.seen.size === 0) return undefined
      const { newest: repayment } = yield* this.options.repayments.state(paymentId)
      return { state, phase: phaseOf(state), repayment }
    })
  }

  private lookThrough(): Effect.Effect<void, unknown> {
    const { nats, host, nowMs } = this.options
    return Effect.gen({ self: this }, function* () {
      const parked = yield* Effect.callback<ReadonlyArray<string>>((resume) =>
        host.view(
          (book) => [...book.parked],
          (seen) => resume(Effect.succeed(seen?.value ?? []))
        )
      )
      for (const cart of parked) this.waitFor(cart)
      const states = new Map<string, RepaymentState>()
      const since = new Date(nowMs() - OPEN_MS_MAX)
      yield* Effect.tryPromise(() =>
        readSince(nats, { stream: PAYMENTS, subject: REPAYMENT_SUBJECTS, since }, (message) => {
          const paymentId = skuOfSubject(message.subject)
          if (paymentId === undefined) return
          const before = states.get(paymentId) ?? initialRepayment
          states.set(paymentId, evolveRepayment(before, message.json<RepaymentEvent>()))
        })
      )
      for (const [paymentId, { newest }] of states) {
        if (newest === undefined || newest.outcome !== undefined) continue
        const { cartId, reason } = newest
        this.wait({ cartId, paymentId, reason: reason as Debt["reason"] }, 0)
      }
    })
  }

  private onCommits(commits: ReadonlyArray<StoredCommit<CartRecord>>): void {
    for (const { records } of commits) {
      for (const record of records) {
        if (!isCartEvent(record)) continue
        const { order, strays } = record.set ?? {}
        if (order?.state === "short" || (strays !== undefined && strays !== null)) this.waitFor(record.cart)
      }
    }
  }

  private waitFor(cart: string): void {
    if (this.carts.size < WAITING_MAX) this.carts.add(cart)
  }

  private wait(debt: Debt, fromMs: number): void {
    if (this.waiting.size < WAITING_MAX) this.waiting.set(debt.paymentId, { debt, fromMs })
  }

  private repayWaiting(): Effect.Effect<void> {
    const { repayments, nowMs } = this.options
    return Effect.gen({ self: this }, function* () {
      for (const cart of this.carts) {
        const seen = yield* this.look(cart)
        this.carts.delete(cart)
        for (const debt of seen === undefined ? [] : debtsOf(seen.state, seen.policy)) this.wait(debt, 0)
      }
      const due = [...this.waiting.values()].filter(({ fromMs }) => fromMs <= nowMs())
      yield* Effect.forEach(
        due,
        ({ debt }) => {
          this.waiting.delete(debt.paymentId)
          return Effect.catch(repayments.repay(debt.paymentId, debt), () =>
            Effect.sync(() => this.wait(debt, nowMs() + AGAIN_AFTER_MS))
          )
        },
        { concurrency: REPAYING_MAX, discard: true }
      )
    }).pipe(Effect.ignore)
  }

  private look(cart: string) {
    return Effect.callback<{ readonly state: CartState; readonly policy: Policy } | undefined, string>((resume) => {
      this.options.host.view(
        (book) => ({ state: book.peek(cart), policy: book.policy }),
        (seen) => {
          if (seen === undefined) return resume(Effect.fail("the hub takes no turns now"))
          const { state, policy } = seen.value
          resume(Effect.succeed(state === undefined ? undefined : { state, policy }))
        }
      )
    })
  }
}
