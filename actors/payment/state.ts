/**
 * One payment, keyed by its PaymentIntent, folded from what Stripe told of it.
 *
 * P1 The state is the same for every order and repetition of the same events. Each part is merged by something that does
 *    not care about order: a maximum, a union, the later of two by (end state, time, stage, event id).
 * P2 Money received is never forgotten: no event that comes late makes a paid payment unpaid.
 * P3 A refund counts when Stripe has confirmed it, and until then as pending.
 */
import type {
  CartReference,
  ChargeSeen,
  IntentSeen,
  IntentStatus,
  Observation,
  PaymentEvent,
  RefundSeen,
  RefundStatus,
  SessionSeen
} from "./observations.ts"

interface Dated {
  readonly atMs: number
  readonly eventId: string
}

export interface PaymentState {
  /** Ids of the events folded so far. */
  readonly seen: ReadonlySet<string>
  readonly cart: CartReference | undefined
  readonly currency: string | undefined
  /** To be paid. */
  readonly amountMinor: number
  readonly intent: (Dated & Pick<IntentSeen, "status" | "receivedMinor" | "capturableMinor">) | undefined
  /** The newest attempt that came to nothing. */
  readonly failure: (Dated & { readonly code: string }) | undefined
  readonly sessions: ReadonlyMap<string, Pick<SessionSeen, "status" | "isPaid" | "amountMinor">>
  readonly charges: ReadonlyMap<string, Pick<ChargeSeen, "capturedMinor" | "refundedMinor" | "refundsAtOnce">>
  readonly refunds: ReadonlyMap<string, Pick<RefundSeen, "amountMinor" | "status">>
}

export const initialPayment: PaymentState = {
  seen: new Set(),
  cart: undefined,
  currency: undefined,
  amountMinor: 0,
  intent: undefined,
  failure: undefined,
  sessions: new Map(),
  charges: new Map(),
  refunds: new Map()
}

export const evolvePayment = (state: PaymentState, event: PaymentEvent): PaymentState => {
  const told: PaymentState = {
    ...state,
    seen: new Set(state.seen).add(event.eventId),
    cart: laterCart(state.cart, event.cart)
  }
  return event.observations.reduce((so, observation) => observe(so, observation, event), told)
}

const observe = (state: PaymentState, observation: Observation, dated: Dated): PaymentState => {
  const { currency } = observation
  const known = {
    ...state,
    currency: state.currency === undefined || currency < state.currency ? currency : state.currency
  }
  switch (observation.type) {
    case "intent":
      return observeIntent(known, observation, dated)
    case "session":
      return {
        ...known,
        amountMinor: Math.max(known.amountMinor, observation.amountMinor),
        sessions: withEntry(known.sessions, observation.sessionId, (before) => laterSession(before, observation))
      }
    case "charge":
      return {
        ...known,
        amountMinor: Math.max(known.amountMinor, observation.amountMinor),
        charges: withEntry(known.charges, observation.chargeId, (before) => laterCharge(before, observation))
      }
    case "refund":
      return {
        ...known,
        refunds: withEntry(known.refunds, observation.refundId, (before) => laterRefund(before, observation))
      }
  }
}

const observeIntent = (state: PaymentState, seen: IntentSeen, { atMs, eventId }: Dated): PaymentState => {
  const { status, receivedMinor, capturableMinor } = seen
  const next = { status, receivedMinor, capturableMinor, atMs, eventId }
  const failure = seen.failure === undefined ? undefined : { code: seen.failure, atMs, eventId }
  return {
    ...state,
    amountMinor: Math.max(state.amountMinor, seen.amountMinor),
    intent: state.intent === undefined || isLaterIntent(next, state.intent) ? next : state.intent,
    failure:
      failure !== undefined && (state.failure === undefined || isLater(failure, state.failure))
        ? failure
        : state.failure
  }
}

/** A payment goes back from an action or processing to another try, so a stage alone does not tell what is newer. */
const stages: Readonly<Record<IntentStatus, number>> = {
  requires_payment_method: 0,
  requires_confirmation: 1,
  requires_action: 2,
  processing: 3,
  requires_capture: 4,
  canceled: 5,
  succeeded: 6
}

/** Nothing follows these: whatever else is told was told late. */
const isEnd = (status: IntentStatus): boolean => status === "succeeded" || status === "canceled"

type Intent = NonNullable<PaymentState["intent"]>

const isLaterIntent = (a: Intent, b: Intent): boolean => {
  if (isEnd(a.status) || isEnd(b.status)) {
    if (stages[a.status] !== stages[b.status]) return stages[a.status] > stages[b.status]
  } else {
    if (a.atMs !== b.atMs) return a.atMs > b.atMs
    if (stages[a.status] !== stages[b.status]) return stages[a.status] > stages[b.status]
  }
  return isLater(a, b)
}

const isLater = (a: Dated, b: Dated): boolean => (a.atMs === b.atMs ? a.eventId > b.eventId : a.atMs > b.atMs)

/** All events of a payment name the same cart; should they not, the choice must not depend on which came first. */
const laterCart = (a: CartReference | undefined, b: CartReference | undefined): CartReference | undefined => {
  if (a === undefined || b === undefined) return a ?? b
  if (a.cartVersion !== b.cartVersion) return a.cartVersion > b.cartVersion ? a : b
  return `${a.cartId} ${a.holdId}` >= `${b.cartId} ${b.holdId}` ? a : b
}

const sessionStages = { open: 0, expired: 1, complete: 2 } as const

type Kept<Name extends "sessions" | "charges" | "refunds"> =
  PaymentState[Name] extends ReadonlyMap<string, infer Value> ? Value : never

const laterSession = (before: Kept<"sessions"> | undefined, seen: SessionSeen): Kept<"sessions"> => ({
  status:
    before === undefined || sessionStages[seen.status] > sessionStages[before.status] ? seen.status : before.status,
  isPaid: seen.isPaid || before?.isPaid === true,
  amountMinor: Math.max(seen.amountMinor, before?.amountMinor ?? 0)
})

const laterCharge = (before: Kept<"charges"> | undefined, seen: ChargeSeen): Kept<"charges"> => ({
  capturedMinor: Math.max(seen.capturedMinor, before?.capturedMinor ?? 0),
  refundedMinor: Math.max(seen.refundedMinor, before?.refundedMinor ?? 0),
  refundsAtOnce: seen.refundsAtOnce || before?.refundsAtOnce === true
})

/** A refund that went through can still be sent back by the bank, and no refund comes back from having failed. */
const refundStages: Readonly<Record<RefundStatus, number>> = {
  pending: 0,
  requires_action: 1,
  succeeded: 2,
  canceled: 3,
  failed: 4
}

const laterRefund = (before: Kept<"refunds"> | undefined, seen: RefundSeen): Kept<"refunds"> => ({
  amountMinor: Math.max(seen.amountMinor, before?.amountMinor ?? 0),
  status: before === undefined || refundStages[seen.status] > refundStages[before.status] ? seen.status : before.status
})

const withEntry = <Value>(
  map: ReadonlyMap<string, Value>,
  key: string,
  merge: (before: Value | undefined) => Value
): ReadonlyMap<string, Value> => new Map(map).set(key, merge(map.get(key)))
