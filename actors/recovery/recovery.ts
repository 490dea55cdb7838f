/**
 * One recovery: where a sequence stands for one customer and one cart left behind, folded from its events.
 *
 *     waiting --step decided--> planned --message intended--> attempt --sent, failed, skipped--> waiting
 *        \-----------------------------------ended: bought, replied, cart changed ...------------------> ended
 *
 * An attempt outlives the end: what became of a message that may have left is still found out and written down.
 */
import type { Channel, Form } from "./channel.ts"
import type { EndReason, RecoveryEvent, RecoveryStarted } from "./events.ts"
import type { Abandonment } from "./may-reach.ts"

/** A message that was intended and has no outcome yet. */
export interface Attempt {
  readonly attemptId: string
  readonly step: number
  readonly channel: Channel
  readonly address: string
  readonly template: string
  readonly form: Form
  readonly mayOffer: boolean
  /** When the last call of it was written down as intended. */
  readonly intendedAt: number
  /** Calls that were intended, this one included. */
  readonly calls: number
  /** The last call certainly did nothing; not again before this. `undefined`: nobody knows yet what it did. */
  readonly retryAt: number | undefined
}

export interface Recovery {
  readonly recoveryId: string
  readonly customerId: string
  readonly sequenceId: string
  readonly sequenceVersion: number
  readonly abandonment: Abandonment
  readonly startedAt: number
  /** The step in hand; as many as there are steps when all are done. */
  readonly step: number
  /** What was decided for the step in hand. */
  readonly planned: { readonly channel: Channel; readonly sendAt: number } | undefined
  /** Channels that failed at the step in hand. */
  readonly failed: ReadonlyArray<Channel>
  readonly attempt: Attempt | undefined
  readonly attempts: number
  readonly lastMessageAt: number | undefined
  /** When something is to be decided; `undefined` while an attempt is under way and after the end. */
  readonly lookAt: number | undefined
  readonly ended: { readonly reason: EndReason; readonly at: number } | undefined
}

export const startedBy = (event: RecoveryStarted): Recovery => ({
  recoveryId: event.recoveryId,
  customerId: event.customerId,
  sequenceId: event.sequenceId,
  sequenceVersion: event.sequenceVersion,
  abandonment: event.abandonment,
  startedAt: event.at,
  step: 0,
  planned: undefined,
  failed: [],
  attempt: undefined,
  attempts: 0,
  lastMessageAt: undefined,
  lookAt: event.lookAt,
  ended: undefined
})

export const isRunning = (recovery: Recovery | undefined): recovery is Recovery =>
  recovery !== undefined && recovery.ended === undefined

/** Over, and nothing of it is on its way: it may be forgotten. */
export const isSettled = ({ ended, attempt }: Recovery): boolean => ended !== undefined && attempt === undefined

/** When the recovery wants to be looked at or its attempt to be made again; `undefined`: something else must happen first. */
export const deadlineOf = ({ lookAt, attempt }: Recovery): number | undefined => attempt?.retryAt ?? lookAt

export const evolve = (recovery: Recovery, event: RecoveryEvent): Recovery => {
  switch (event.type) {
    case "recovery-started":
      return startedBy(event)
    case "step-decided": {
      const { channel, sendAt } = event
      return { ...recovery, planned: { channel, sendAt }, lookAt: sendAt }
    }
    case "step-skipped":
      return nextStep(recovery, event.lookAt)
    case "message-intended":
      return {
        ...recovery,
        planned: undefined,
        attempts: recovery.attempts + 1,
        lookAt: undefined,
        attempt: { ...attemptFields(event), intendedAt: event.at, calls: 1, retryAt: undefined }
      }
    case "message-retried":
      return withAttempt(recovery, (attempt) => ({
        ...attempt,
        intendedAt: event.at,
        calls: attempt.calls + 1,
        retryAt: undefined
      }))
    case "message-postponed":
      // To wait for a limit is nobody's failure and uses up no call.
      return withAttempt(recovery, (attempt) => ({
        ...attempt,
        calls: event.class === "throttled" ? attempt.calls - 1 : attempt.calls,
        retryAt: event.retryAt
      }))
    case "message-sent":
      return nextStep({ ...recovery, attempt: undefined, lastMessageAt: event.at }, event.lookAt)
    case "message-failed": {
      const settled = { ...recovery, attempt: undefined }
      if (!event.isUnsent) return nextStep({ ...settled, lastMessageAt: event.at }, event.lookAt)
      const { attempt } = recovery
      const failed = attempt === undefined ? recovery.failed : [...recovery.failed, attempt.channel]
      return looking({ ...settled, failed }, event.lookAt)
    }
    case "message-skipped":
      return looking({ ...recovery, attempt: undefined }, event.lookAt)
    case "customer-replied":
      return recovery
    case "recovery-ended":
      return { ...recovery, planned: undefined, lookAt: undefined, ended: { reason: event.reason, at: event.at } }
  }
}

const looking = (recovery: Recovery, lookAt: number | undefined): Recovery => ({
  ...recovery,
  lookAt: recovery.ended === undefined ? lookAt : undefined
})

const nextStep = (recovery: Recovery, lookAt: number | undefined): Recovery =>
  looking({ ...recovery, step: recovery.step + 1, planned: undefined, failed: [] }, lookAt)

const withAttempt = (recovery: Recovery, change: (attempt: Attempt) => Attempt): Recovery =>
  recovery.attempt === undefined ? recovery : { ...recovery, attempt: change(recovery.attempt) }

const attemptFields = ({
  attemptId,
  step,
  channel,
  address,
  template,
  form,
  mayOffer
}: Omit<Attempt, "intendedAt" | "calls" | "retryAt">) => ({
  attemptId,
  step,
  channel,
  address,
  template,
  form,
  mayOffer
})
