/**
 * Carries the messages that recoveries have intended: reads the intents from commits that are in the journal, calls the
 * outreach, and tells the recovery what came of it.
 *
 *     intended (in the journal) -> may it still go? -> call -> told (in the journal)
 *                                        ^ killed anywhere here: the intent is found again, and its fate found out first
 *
 * Nothing is kept here that a crash could lose. What to do with an attempt is decided by `attempt-fate.ts`, whether it may
 * still go by the recovery's own clearance; here they are only asked, in the right moments.
 *
 * K1 Only an intent that is in the journal is carried. K2 Clearance is asked in the moment before every call, also before
 * those that waited for a carrier's limit. K3 An attempt has one step under way at a time. K4 One channel that is slow or
 * throttled holds up no other. K5 Every attempt is told of, and told again until the recovery has taken it.
 */
import { Effect } from "effect"
import type { AttemptOutcome } from "../../actors/customer/commands.ts"
import type { Channel } from "../../actors/recovery/channel.ts"
import { type Fate, type FatePolicy, fateOf } from "../../actors/recovery/attempt-fate.ts"
import { LANE_STEPS_MAX } from "../../config/recovery.ts"
import type { OutboundMessage, Outreach, SendFailed, SendReceipt } from "../outreach/outreach.ts"
import { WITHDRAWN } from "../outreach/persist.ts"
import { type TracedCall, within } from "../tracing/traced-call.ts"
import { current } from "../tracing/tracing.ts"
import { type Carried, carrying, Lane, type OpenAttempt } from "./carried.ts"

/** As the carrier has taken it. */
const taken = ({ cost, isAssumed, messageId, segments }: SendReceipt): AttemptOutcome => ({
  type: "sent",
  receipt: messageId,
  ...(isAssumed === undefined ? {} : { isAssumed }),
  ...(segments === undefined ? {} : { segments }),
  ...(cost === undefined ? {} : { cost })
})

/** The recovery's side. */
export interface RecoveryDesk {
  /** From memory, at this moment. */
  readonly mayGo: (open: OpenAttempt) => boolean
  /** The message as it goes: whom the address belongs to is looked up, links are made, words filled in. */
  readonly compose: (open: OpenAttempt) => Effect.Effect<OutboundMessage, SendFailed>
  /** Settles when it is in the journal; `false`: it changed nothing. */
  readonly tell: (open: OpenAttempt, outcome: AttemptOutcome) => Effect.Effect<boolean, unknown>
}

export interface ReactorOptions {
  readonly desk: RecoveryDesk
  readonly outreach: Outreach
  readonly policy: FatePolicy
  readonly nowMs: () => number
  /** Runs until the hub stops. */
  readonly run: (effect: Effect.Effect<void>) => void
}

/** In the trace of the cart that it is about, if it is in one. */
const tracedMessage = ({ attempt, cartId }: OpenAttempt): TracedCall | undefined => {
  const { attemptId, calls, channel } = attempt
  const attributes = { "holdfast.attempt_id": attemptId, "holdfast.channel": channel, "holdfast.call": calls }
  return current()?.ofCart(cartId, { name: `message.send ${channel}`, parent: undefined, attributes })
}

/** The same outcome again when the journal could not take it. */
const TELL_AGAIN = "200 millis"
/** A failure that does not say how long to wait. */
const RETRY_MS = 30_000

export class Reactor {
  private readonly options: ReactorOptions
  private readonly carried = new Map<string, Carried>()
  private readonly lanes = new Map<Channel, Lane>()

  constructor(options: ReactorOptions) {
    this.options = options
  }

  /** Attempts that have no outcome yet. */
  get depth(): number {
    return this.carried.size
  }

  /** Takes up what a hub before this one had left: whether it called nobody knows. */
  resume(open: OpenAttempt): void {
    if (open.attempt.retryAt === undefined) this.take(open, "nobody-knows")
  }

  /** An intent, or a retry of one, is in the journal. */
  intended(open: OpenAttempt): void {
    this.take(open, "not-made")
  }

  /** It has its outcome, or waits: whatever is heard of it from now on is the recovery's. */
  settled(attemptId: string): void {
    this.carried.delete(attemptId)
  }

  /** A carrier told of it by itself. */
  heard(attemptId: string, messageId: string): void {
    const carried = this.carried.get(attemptId)
    if (carried === undefined) return
    carried.heardOf ??= messageId
    this.ready(carried)
  }

  private take(open: OpenAttempt, call: Carried["call"]): void {
    const { attemptId } = open.attempt
    const heardOf = this.carried.get(attemptId)?.heardOf
    const carried = carrying(open, { call, calledBy: this.options.nowMs(), heardOf })
    this.carried.set(attemptId, carried)
    this.ready(carried)
  }

  private ready(carried: Carried): void {
    if (carried.isBusy || carried.isTold || !this.isCurrent(carried)) return
    carried.isBusy = true
    const { channel } = carried.attempt
    let lane = this.lanes.get(channel)
    if (lane === undefined) this.lanes.set(channel, (lane = new Lane()))
    lane.push(carried)
    this.pull(lane)
  }

  private pull(lane: Lane): void {
    while (lane.under < LANE_STEPS_MAX) {
      const carried = lane.next()
      if (carried === undefined) return
      lane.under++
      this.options.run(
        Effect.ensuring(
          Effect.flatMap(this.step(carried), (wait) => this.rest(carried, wait)),
          Effect.sync(() => {
            lane.under--
            this.pull(lane)
          })
        )
      )
    }
  }

  /** Whether it is still this one that is carried, and not a retry of it. */
  private isCurrent(carried: Carried): boolean {
    return this.carried.get(carried.attempt.attemptId) === carried
  }

  /** After its step: another one at once, or after a wait that holds no place in the lane. */
  private rest(carried: Carried, waitUntil: number | undefined): Effect.Effect<void> {
    return Effect.sync(() => {
      carried.isBusy = false
      const waitMs = (waitUntil ?? 0) - this.options.nowMs()
      if (waitMs <= 0) return this.ready(carried)
      this.options.run(
        Effect.andThen(
          Effect.sleep(waitMs),
          Effect.sync(() => this.ready(carried))
        )
      )
    })
  }

  /** One step; when it has to wait, until when. */
  private step(carried: Carried): Effect.Effect<number | undefined> {
    const fate = this.fate(carried)
    switch (fate.do) {
      case "call":
        return this.call(carried)
      case "look-up":
        return this.look(carried)
      case "wait":
        return Effect.succeed(fate.until)
      case "call-again":
        return this.tell(carried, { type: "unsent" })
      case "record-sent":
        return this.tell(carried, { type: "sent", receipt: fate.receipt })
      case "give-up":
        return this.tell(carried, { type: "lost", code: fate.code })
    }
  }

  private fate(carried: Carried): Fate {
    const { outreach, policy, nowMs } = this.options
    const { attempt, call, calledBy, heardOf, lookFailedAt, looked } = carried
    const canLookUp = outreach.canLookUp(attempt.channel)
    const called = { intendedAt: calledBy }
    return fateOf({ at: nowMs(), attempt: called, call, heardOf, looked, lookFailedAt, canLookUp, policy })
  }

  private call(carried: Carried): Effect.Effect<number | undefined> {
    const { desk, outreach } = this.options
    const mayGo = () => desk.mayGo(carried)
    if (!mayGo()) return this.tell(carried, { type: "withdrawn" })
    const traced = tracedMessage(carried)
    const sending = Effect.gen(function* () {
      const message = yield* desk.compose(carried)
      carried.call = "under-way"
      const receipt = yield* outreach.send(message, mayGo)
      traced?.attribute("holdfast.message_id", receipt.messageId)
      return receipt
    })
    return Effect.gen({ self: this }, function* () {
      const sent = yield* Effect.result(within(traced, sending))
      if (sent._tag === "Success") return yield* this.tell(carried, taken(sent.success))
      if (sent.failure.class !== "unknown") return yield* this.tell(carried, this.failure(sent.failure))
      carried.call = "nobody-knows"
      carried.calledBy = this.options.nowMs()
      return undefined
    })
  }

  private failure({ class: failure, code, retryAfterMs }: SendFailed): AttemptOutcome {
    if (code === WITHDRAWN) return { type: "withdrawn" }
    return { type: "failed", class: failure, code, retryAt: this.options.nowMs() + (retryAfterMs ?? RETRY_MS) }
  }

  private look(carried: Carried): Effect.Effect<undefined> {
    const { desk, outreach, nowMs } = this.options
    return Effect.suspend(() => {
      const at = nowMs()
      return Effect.flatMap(desk.compose(carried), (message) => outreach.look(message)).pipe(
        Effect.match({
          onSuccess: (found) => {
            carried.looked = { at, receipt: found?.messageId }
            carried.lookFailedAt = undefined
            return undefined
          },
          onFailure: () => {
            carried.lookFailedAt = at
            return undefined
          }
        })
      )
    })
  }

  /** Until it is taken. What is then written down comes back as a commit. */
  private tell(carried: Carried, outcome: AttemptOutcome): Effect.Effect<undefined> {
    carried.isTold = true
    const once = Effect.suspend(() => {
      if (!this.isCurrent(carried)) return Effect.succeed(true)
      return this.options.desk.tell(carried, outcome)
    })
    const again = Effect.andThen(
      Effect.sleep(TELL_AGAIN),
      Effect.suspend(() => this.tell(carried, outcome))
    )
    return Effect.matchEffect(once, {
      onFailure: () => again,
      onSuccess: (hasChanged) => {
        // It may go after all; anything else that changes nothing is of an attempt that has its outcome.
        if (!hasChanged && outcome.type === "withdrawn") carried.isTold = false
        else if (!hasChanged && this.isCurrent(carried)) this.settled(carried.attempt.attemptId)
        return Effect.undefined
      }
    })
  }
}
