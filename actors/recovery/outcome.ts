/**
 * What becomes of a message that was intended: whether it may still leave, and what follows from how it went.
 *
 * O1 Just before each call it is asked again whether the message may go; the intent itself does not count against it.
 * O2 An outcome is taken once; what is told of another attempt, or twice, changes nothing. O3 A message that nobody got
 * is not the end of its step: another channel is tried. One whose fate stays unknown counts as sent.
 */
import { besides } from "./contact.ts"
import { type Ask, end, lookAfter, ofRecovery, reachOf } from "./decide.ts"
import type { EndReason, FailureClass, MessageSent, RecoveryEvent } from "./events.ts"
import { mayReach, overFor, type ReachRefusal } from "./may-reach.ts"
import { type Attempt, evolve, isRunning, type Recovery } from "./recovery.ts"
import type { Sequence } from "./sequence.ts"
import type { SuppressionEvent } from "./suppression.ts"

/** Calls of one attempt that certainly did nothing, until another channel is tried; waiting for a limit is none. */
export const CALLS_MAX = 4

export type Clearance =
  | { readonly may: true }
  | { readonly may: false; readonly reason: ReachRefusal | EndReason; readonly until?: number }

/** Whether the attempt may be called now. Asked in the moment before every call. */
export const clearance = (recovery: Recovery, sequence: Sequence, ask: Ask): Clearance => {
  const { attempt } = recovery
  if (attempt === undefined) return { may: false, reason: "completed" }
  const reach = reachOf({ ...ask, contact: besides(ask.contact, attempt.attemptId) }, sequence, recovery)
  // What has happened is a better reason than that it ended the recovery.
  const over = overFor(reach)
  if (over !== undefined) return { may: false, reason: over }
  if (recovery.ended !== undefined) return { may: false, reason: recovery.ended.reason }
  const verdict = mayReach(reach, attempt.channel)
  if (!verdict.may) return verdict
  return verdict.point.address === attempt.address ? { may: true } : { may: false, reason: "no-address" }
}

/**
 * The attempt was not called, because it may not: it waits, or gives way to another channel, or the recovery is over.
 * Nothing when it may be called after all. Only for an attempt whose last call certainly did nothing.
 */
export const withdraw = (recovery: Recovery, sequence: Sequence, ask: Ask): ReadonlyArray<RecoveryEvent> => {
  const { attempt } = recovery
  const cleared = clearance(recovery, sequence, ask)
  if (attempt === undefined || cleared.may) return []
  const of = { ...ofRecovery(recovery, ask.at), attemptId: attempt.attemptId }
  const { reason, until } = cleared
  if (until !== undefined) {
    return [{ type: "message-postponed", ...of, class: "throttled", code: reason, retryAt: until }]
  }
  const skipped = { type: "message-skipped" as const, ...of, reason, lookAt: ask.at }
  const over = overFor(reachOf(ask, sequence, recovery))
  return [skipped, ...(over === undefined ? [] : end(evolve(recovery, skipped), over, ask.at))]
}

/** Its time to be called again has come, or it was found that its last call did nothing (`isKnownUnsent`). */
export const retry = (
  recovery: Recovery,
  sequence: Sequence,
  ask: Ask & { readonly isKnownUnsent?: boolean }
): ReadonlyArray<RecoveryEvent> => {
  const { attempt } = recovery
  const isTime = attempt?.retryAt === undefined ? ask.isKnownUnsent === true : attempt.retryAt <= ask.at
  if (attempt === undefined || !isTime) return []
  const withdrawn = withdraw(recovery, sequence, ask)
  if (withdrawn.length > 0) return withdrawn
  const of = { ...ofRecovery(recovery, ask.at), attemptId: attempt.attemptId }
  if (attempt.calls < CALLS_MAX) return [{ type: "message-retried", ...of }]
  return [{ type: "message-failed", ...of, class: "temporary", code: "calls-used-up", isUnsent: true, lookAt: ask.at }]
}

interface Told {
  readonly at: number
  readonly attemptId: string
}

const attemptTold = ({ attempt }: Recovery, { attemptId }: Told): Attempt | undefined =>
  attempt?.attemptId === attemptId ? attempt : undefined

/** The provider has taken it. */
export const sent = (
  recovery: Recovery,
  sequence: Sequence,
  told: Told & Pick<MessageSent, "receipt" | "isAssumed" | "segments" | "cost">
): ReadonlyArray<RecoveryEvent> => {
  if (attemptTold(recovery, told) === undefined) return []
  const { at, attemptId, cost, isAssumed, receipt, segments } = told
  return done(recovery, sequence, {
    type: "message-sent",
    ...ofRecovery(recovery, at),
    attemptId,
    receipt,
    ...(isAssumed === undefined ? {} : { isAssumed }),
    ...(segments === undefined ? {} : { segments }),
    ...(cost === undefined ? {} : { cost }),
    lookAt: undefined
  })
}

/** Nobody will ever know whether it was sent: it is taken for sent, because twice is worse than once too few. */
export const lost = (recovery: Recovery, sequence: Sequence, told: Told & { readonly code: string }) => {
  if (attemptTold(recovery, told) === undefined) return []
  const { at, attemptId, code } = told
  const of = { ...ofRecovery(recovery, at), attemptId }
  return done(recovery, sequence, {
    type: "message-failed",
    ...of,
    class: "unknown",
    code,
    isUnsent: false,
    lookAt: undefined
  })
}

/** The step is done: the next one is due in its time, or it was the last. */
const done = (
  recovery: Recovery,
  sequence: Sequence,
  event: Extract<RecoveryEvent, { readonly type: "message-sent" | "message-failed" }>
): ReadonlyArray<RecoveryEvent> => {
  const lookAt = isRunning(recovery) ? lookAfter(recovery, sequence, event.at) : undefined
  const settled = { ...event, lookAt }
  return [settled, ...(lookAt === undefined ? end(evolve(recovery, settled), "completed", event.at) : [])]
}

/**
 * The provider has not taken it. Of a call whose fate is `unknown` nothing is written down here: what became of it is
 * found out first (`attempt-fate.ts`).
 */
export const failed = (
  recovery: Recovery,
  told: Told & { readonly class: FailureClass; readonly code: string; readonly retryAt: number }
): ReadonlyArray<RecoveryEvent | SuppressionEvent> => {
  const attempt = attemptTold(recovery, told)
  if (attempt === undefined || told.class === "unknown") return []
  const { at, class: failure, code, retryAt } = told
  const of = { ...ofRecovery(recovery, at), attemptId: attempt.attemptId }
  const isForNow = failure === "throttled" || (failure === "temporary" && attempt.calls < CALLS_MAX)
  if (isForNow && isRunning(recovery)) return [{ type: "message-postponed", ...of, class: failure, code, retryAt }]
  const over: RecoveryEvent = { type: "message-failed", ...of, class: failure, code, isUnsent: true, lookAt: at }
  if (failure !== "permanent") return [over]
  const { channel, address } = attempt
  return [over, { type: "address-suppressed", at, channel, address, reason: "undeliverable" }]
}
