/**
 * What happens in a recovery, as it is written down.
 */
import type { Channel, Form } from "./channel.ts"
import type { Abandonment, OverReason, ReachRefusal } from "./may-reach.ts"

/** Why a channel was not taken. */
export interface Refused {
  readonly channel: Channel
  readonly reason: ReachRefusal | "failed"
  readonly until?: number
}

export type EndReason =
  | OverReason
  | "replied"
  /** All steps are done. */
  | "completed"
  | "stopped-by-operator"
  /** The customer signed in, and another one of theirs runs. */
  | "joined"
  | "customer-erased"

export type WithheldReason = OverReason | "holdout" | "already-running" | "nothing-to-reach" | "no-sequence"

/** What a provider said about a message that did not go. */
export type FailureClass = "permanent" | "refused" | "throttled" | "temporary" | "unknown"

/** Millionths of a minor unit: 0.79 cents are 790,000. */
export interface MessageCost {
  readonly microMinor: number
  readonly currency: string
}

interface Of {
  readonly at: number
  readonly customerId: string
  readonly recoveryId: string
}

export type RecoveryStarted = Of & {
  readonly type: "recovery-started"
  readonly sequenceId: string
  readonly sequenceVersion: number
  readonly abandonment: Abandonment
  /** The one that was open for it before the lot was drawn; absent in older records. */
  readonly channel?: Channel
  /** When the first step is due. */
  readonly lookAt: number
}

/** No recovery was started; with `holdout` one would have been. */
export interface RecoveryWithheld {
  readonly type: "recovery-withheld"
  readonly at: number
  readonly customerId: string
  readonly abandonment: Abandonment
  readonly reason: WithheldReason
  readonly refused: ReadonlyArray<Refused>
  /** With `holdout`, what would have been started; absent in older records. */
  readonly sequenceId?: string
  readonly sequenceVersion?: number
  readonly channel?: Channel
}

/** A channel was chosen, and when it is lawful; what stood before it in rank and why it was not taken. */
export type StepDecided = Of & {
  readonly type: "step-decided"
  readonly step: number
  readonly channel: Channel
  readonly sendAt: number
  readonly refused: ReadonlyArray<Refused>
}

/** No channel will do. `lookAt`: when the next step is due. */
export type StepSkipped = Of & {
  readonly type: "step-skipped"
  readonly step: number
  readonly refused: ReadonlyArray<Refused>
  readonly lookAt: number | undefined
}

/** Written down before the provider is called. */
export type MessageIntended = Of & {
  readonly type: "message-intended"
  readonly attemptId: string
  readonly abandonmentId: string
  readonly step: number
  readonly channel: Channel
  readonly address: string
  readonly template: string
  readonly form: Form
  readonly mayOffer: boolean
}

export type MessageSent = Of & {
  readonly type: "message-sent"
  readonly attemptId: string
  /** The provider's own name for the message. */
  readonly receipt: string
  /** Nobody will say whether it arrived; it is taken to have. */
  readonly isAssumed?: true
  /** Texts that it was billed as, and its price, where the provider says so at once. */
  readonly segments?: number
  readonly cost?: MessageCost
  readonly lookAt: number | undefined
}

/** An attempt that certainly did not go before is made once more. */
export type MessageRetried = Of & { readonly type: "message-retried"; readonly attemptId: string }

/** Not sent this time; it may be tried again from `retryAt` on, after it was asked again whether it may. */
export type MessagePostponed = Of & {
  readonly type: "message-postponed"
  readonly attemptId: string
  readonly class: FailureClass
  readonly code: string
  readonly retryAt: number
}

/** Given up. `isUnsent`: nobody got it; otherwise nobody knows, and it counts as sent. */
export type MessageFailed = Of & {
  readonly type: "message-failed"
  readonly attemptId: string
  readonly class: FailureClass
  readonly code: string
  readonly isUnsent: boolean
  readonly lookAt: number | undefined
}

/** It was about to leave and may not any more. */
export type MessageSkipped = Of & {
  readonly type: "message-skipped"
  readonly attemptId: string
  readonly reason: ReachRefusal | EndReason
  readonly lookAt: number | undefined
}

export type CustomerReplied = Of & { readonly type: "customer-replied"; readonly channel: Channel }

export type RecoveryEnded = Of & { readonly type: "recovery-ended"; readonly reason: EndReason }

export type RecoveryEvent =
  | RecoveryStarted
  | StepDecided
  | StepSkipped
  | MessageIntended
  | MessageSent
  | MessageRetried
  | MessagePostponed
  | MessageFailed
  | MessageSkipped
  | CustomerReplied
  | RecoveryEnded
