/**
 * What happens next in a recovery: whether it starts, what a step sends, when and by which channel, and when it is over.
 * What becomes of a message that was intended is decided in `outcome.ts`.
 *
 * Each decider gives the events to write down, none when nothing is to be said. Those of one decision belong into one
 * commit, because each builds on the one before it.
 *
 * D1 At most one recovery of a customer runs. D2 A message is intended only at a moment at which `mayReach` says yes, and
 * only one at a time. D3 After the end nothing is intended. D4 A step that is due is sent, planned, or skipped with every
 * reason; it is never forgotten.
 */
import { type Channel, formOf } from "./channel.ts"
import { chooseChannel } from "./choose-channel.ts"
import type { EndReason, RecoveryEvent, RecoveryStarted, RecoveryWithheld, Refused, WithheldReason } from "./events.ts"
import { isHeldOut } from "./holdout.ts"
import { type Abandonment, overFor, type Reach } from "./may-reach.ts"
import { evolve, isRunning, type Recovery, startedBy } from "./recovery.ts"
import { dueAt, type Sequence } from "./sequence.ts"

/** What is known at the moment of asking; the recovery and its sequence say the rest. */
export type Ask = Omit<Reach, "expiresAt" | "abandonment">

export const reachOf = (ask: Ask, sequence: Sequence, { abandonment }: Pick<Recovery, "abandonment">): Reach => ({
  ...ask,
  abandonment,
  expiresAt: abandonment.at + sequence.expiresMs
})

export interface StartCommand {
  /** A new one, of at most 56 letters, digits and hyphens: attempts are named after it, and stand in addresses. */
  readonly recoveryId: string
  readonly customerId: string
  /** The customer's last recovery, running or not. */
  readonly previous: Recovery | undefined
  readonly sequence: Sequence
  readonly abandonment: Abandonment
  readonly ask: Ask
}

/**
 * A cart was left. Who is in the holdout is asked last, so that both groups are of customers who would have been written
 * to. Nothing is said about an abandonment that has its recovery.
 */
export const start = (command: StartCommand): ReadonlyArray<RecoveryEvent | RecoveryWithheld> => {
  const { recoveryId, customerId, previous, sequence, abandonment, ask } = command
  const { at, policy } = ask
  if (previous?.abandonment.abandonmentId === abandonment.abandonmentId) return []
  const not = (reason: WithheldReason, refused?: ReadonlyArray<Refused>) =>
    withheld({ at, customerId, abandonment, reason }, refused)
  const reach = reachOf(ask, sequence, command)
  const over = overFor(reach)
  if (over !== undefined) return not(over)
  if (isRunning(previous)) return not("already-running")
  const anywhere = chooseChannel(reach, [...new Set(sequence.steps.flatMap((step) => step.channels))])
  if (anywhere.chosen === undefined) return not("nothing-to-reach", anywhere.refused)
  const { channel } = anywhere.chosen
  const { sequenceId, version: sequenceVersion } = sequence
  if (isHeldOut(customerId, policy)) {
    return withheld({ at, customerId, abandonment, reason: "holdout", sequenceId, sequenceVersion, channel })
  }
  const lookAt = dueAt(sequence, 0, { abandonedAt: abandonment.at, lastMessageAt: undefined }) ?? at
  const started: RecoveryStarted = {
    type: "recovery-started",
    at,
    customerId,
    recoveryId,
    sequenceId,
    sequenceVersion,
    abandonment,
    channel,
    lookAt
  }
  return [started, ...look(startedBy(started), sequence, ask)]
}

export const withheld = (
  why: Omit<RecoveryWithheld, "type" | "refused">,
  refused: ReadonlyArray<Refused> = []
): ReadonlyArray<RecoveryWithheld> => [{ type: "recovery-withheld", ...why, refused }]

/** The recovery's time has come: its step is decided, or the message that was planned goes. */
export const look = (recovery: Recovery, sequence: Sequence, ask: Ask): ReadonlyArray<RecoveryEvent> => {
  const events: Array<RecoveryEvent> = []
  let now = recovery
  // At most one round for each step: a step that is skipped makes the next one due, perhaps at once.
  while (isDue(now, ask.at)) {
    const more = decideStep(now, sequence, ask)
    events.push(...more)
    for (const event of more) now = evolve(now, event)
  }
  return events
}

const isDue = (recovery: Recovery, at: number): boolean =>
  isRunning(recovery) && recovery.attempt === undefined && recovery.lookAt !== undefined && recovery.lookAt <= at

const decideStep = (recovery: Recovery, sequence: Sequence, ask: Ask): ReadonlyArray<RecoveryEvent> => {
  const { at } = ask
  const reach = reachOf(ask, sequence, recovery)
  const over = overFor(reach)
  if (over !== undefined) return end(recovery, over, at)
  const step = sequence.steps[recovery.step]
  if (step === undefined) return end(recovery, "completed", at)
  const { chosen, refused } = chooseChannel(reach, step.channels, recovery.failed)
  const of = { ...ofRecovery(recovery, at), step: recovery.step }
  if (chosen === undefined) {
    const lookAt = lookAfter(recovery, sequence, recovery.lastMessageAt)
    const skipped = { type: "step-skipped" as const, ...of, refused, lookAt }
    return [skipped, ...(lookAt === undefined ? end(evolve(recovery, skipped), "completed", at) : [])]
  }
  const { channel, sendAt, point } = chosen
  const decided = { type: "step-decided" as const, ...of, channel, sendAt, refused }
  if (point === undefined) return [decided]
  const intended = {
    type: "message-intended" as const,
    ...of,
    attemptId: `${recovery.recoveryId}-${recovery.attempts + 1}`,
    abandonmentId: recovery.abandonment.abandonmentId,
    channel,
    address: point.address,
    template: step.template,
    form: formOf(channel, ask.contact.lastInboundAt[channel], at) ?? "template",
    mayOffer: step.mayOffer
  }
  return recovery.planned?.channel === channel ? [intended] : [decided, intended]
}

/** When the step after the one in hand is due. */
export const lookAfter = (
  { step, abandonment }: Recovery,
  sequence: Sequence,
  lastMessageAt: number | undefined
): number | undefined => dueAt(sequence, step + 1, { abandonedAt: abandonment.at, lastMessageAt })

export const ofRecovery = ({ customerId, recoveryId }: Recovery, at: number) => ({ at, customerId, recoveryId })

/**
 * It is over, at once: a message that waits to be called is not called. One that is on its way is not called back; what
 * became of it is still found out, so a recovery is kept until it is settled.
 */
export const end = (recovery: Recovery, reason: EndReason, at: number): ReadonlyArray<RecoveryEvent> => {
  if (!isRunning(recovery)) return []
  const of = ofRecovery(recovery, at)
  const { attempt } = recovery
  const ended: RecoveryEvent = { type: "recovery-ended", ...of, reason }
  if (attempt?.retryAt === undefined) return [ended]
  const { attemptId } = attempt
  return [{ type: "message-skipped", ...of, attemptId, reason, lookAt: undefined }, ended]
}

/**
 * Two customers turn out to be one: of two recoveries that run, the one that began first goes on. `undefined`: the record
 * has none.
 */
export const joinRecoveries = (
  recoveries: readonly [Recovery | undefined, Recovery | undefined],
  at: number
): ReadonlyArray<RecoveryEvent> => {
  const [left, right] = recoveries
  if (!isRunning(left) || !isRunning(right)) return []
  return end(left.startedAt <= right.startedAt ? right : left, "joined", at)
}

/** The customer answered: from here on somebody talks to them, and no sequence does. */
export const replied = (
  recovery: Recovery,
  { at, channel }: { readonly at: number; readonly channel: Channel }
): ReadonlyArray<RecoveryEvent> =>
  isRunning(recovery)
    ? [{ type: "customer-replied", ...ofRecovery(recovery, at), channel }, ...end(recovery, "replied", at)]
    : []
