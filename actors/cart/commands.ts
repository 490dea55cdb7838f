/**
 * What can be asked of a cart, already read and checked. Requests have somebody waiting and may be refused; facts
 * happened elsewhere (a payment, a closed page); outcomes are what the stock answered to a step of a checkout.
 */
import type { Destination, Policy } from "./policy.ts"
import type { Promotion } from "./promotions.ts"
import type { CartKeep } from "./rest.ts"

interface OnCart {
  readonly cart: string
  readonly mutationId: string
}

export interface Add extends OnCart {
  readonly type: "add"
  readonly sku: string
  readonly quantity: number
  readonly unitPriceMinor: number
  readonly currency: string
  readonly name?: string
  readonly locationId?: string
  readonly unitCostMinor?: number
}

/** 0 takes the line out. */
export interface SetQuantity extends OnCart {
  readonly type: "set"
  readonly sku: string
  readonly quantity: number
}

export interface Remove extends OnCart {
  readonly type: "remove"
  readonly sku: string
}

/** What goods cost now; SKUs that are not in the cart are passed over. */
export interface Reprice extends OnCart {
  readonly type: "reprice"
  readonly prices: ReadonlyArray<{ readonly sku: string; readonly unitPriceMinor: number }>
}

export interface ApplyCode extends OnCart {
  readonly type: "apply-code" | "remove-code"
  readonly code: string
}

export interface ShipTo extends OnCart {
  readonly type: "ship-to"
  readonly destination: Destination
  readonly method?: string
}

/** `touch`: the shopper is still there. */
export interface Plain extends OnCart {
  readonly type: "touch" | "dismiss-notes"
}

export interface CancelCheckout extends OnCart {
  readonly type: "cancel-checkout"
}

/** The shopper of this cart is known: it becomes the customer's cart, or goes into the one they have. */
export interface SignIn extends OnCart {
  readonly type: "sign-in"
  readonly customerId: string
  readonly segment?: string
}

export interface StartCheckout extends OnCart {
  readonly type: "checkout"
  /** The contents that the shopper has seen; others are refused. */
  readonly contents?: number
  readonly ttlMs?: number
}

export type CartRequest =
  | Add
  | SetQuantity
  | Remove
  | Reprice
  | ApplyCode
  | ShipTo
  | Plain
  | CancelCheckout
  | SignIn
  | StartCheckout

export interface Paid extends OnCart {
  readonly type: "paid"
  /** The contents that the payment was made for. */
  readonly contents: number
  readonly paymentId: string
  readonly amountMinor: number
  readonly currency: string
}

export interface PaymentEnded extends OnCart {
  readonly type: "payment-expired" | "payment-failed"
  readonly contents: number
}

export interface Refunded extends OnCart {
  readonly type: "refunded"
  readonly paymentId: string
  /** Of that payment, in all. */
  readonly refundedMinor: number
}

/** A refund was asked for, or came to nothing. */
export interface RefundSeen extends OnCart {
  readonly type: "refund-pending" | "refund-failed"
  readonly paymentId: string
}

/** `left`: the shopper has closed the page. `contacted`: somebody else has written to them. `cancelled`: the order. */
export interface PlainFact extends OnCart {
  readonly type: "left" | "contacted" | "cancelled"
}

export type CartFact = Paid | PaymentEnded | Refunded | RefundSeen | PlainFact

/** What the stock answered to the step; `faults` when there was not enough. */
export interface StepOutcome extends OnCart {
  readonly type: "outcome"
  readonly stepId: string
  readonly outcome:
    | { readonly ok: true; readonly expiresAt?: number }
    | {
        readonly ok: false
        readonly code: string
        readonly faults: ReadonlyArray<{ readonly sku: string; readonly available: number }>
      }
}

/** The safety net has found the cart idle. */
export interface IdleFound extends OnCart {
  readonly type: "idle-found"
}

/** It has rested for long; decided by what it is then. */
export interface Forget extends OnCart {
  readonly type: "forget"
  readonly keep: CartKeep
}

/** Somebody looks at the cart, and the stock of what is in it has changed. */
export interface LookAgain extends OnCart {
  readonly type: "look-again"
}

export interface SetPromotion {
  readonly type: "promotion"
  readonly mutationId: string
  readonly promotion: Promotion
}

/** The recovery offers something to one customer: from now on there is this code. */
export interface MakeOffer {
  readonly type: "make-offer"
  readonly mutationId: string
  readonly promotion: Promotion
}

/** The offer is over: nobody begins a checkout with it any more. Asked until it is not claimed by one under way. */
export interface EndOffer {
  readonly type: "end-offer"
  readonly mutationId: string
  readonly code: string
}

export interface SetPolicy {
  readonly type: "policy"
  readonly mutationId: string
  readonly policy: Policy
}

export type OnOneCart = CartRequest | CartFact | StepOutcome | IdleFound | Forget | LookAgain
export type CartCommand = OnOneCart | SetPromotion | MakeOffer | EndOffer | SetPolicy

const facts = new Set([
  "paid",
  "payment-expired",
  "payment-failed",
  "refunded",
  "refund-pending",
  "refund-failed",
  "left",
  "contacted",
  "cancelled"
])

export const isCartFact = (command: CartCommand): command is CartFact => facts.has(command.type)

/** Who the mutation id is unique for. */
export const ownerOf = (command: CartCommand): string => {
  switch (command.type) {
    case "promotion":
    case "make-offer":
      return `promotion:${command.promotion.code}`
    case "end-offer":
      return `promotion:${command.code}`
    case "policy":
      return "policy"
    default:
      return command.cart
  }
}
