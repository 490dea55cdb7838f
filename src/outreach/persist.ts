/**
 * Patience with one carrier: again after a wait when it certainly did nothing, and everybody waits when it says that there
 * were too many. What may have been sent is looked for once and else left to `findSent`, which waits out the grace time.
 *
 * P1 A call that may have been carried out is never made again here.
 * P2 Waiting for a limit burns no attempt, and is bounded all the same.
 */
import { Effect, Semaphore } from "effect"
import { type BackoffPolicy, backoffMs } from "../../actors/channel/pace.ts"
import { type Carrier, type OutboundMessage, SendFailed, type SendReceipt } from "./outreach.ts"

export interface Patience {
  readonly backoff: BackoffPolicy
  /** Calls under way at one carrier. */
  readonly concurrencyMax: number
  /** In all, for one message, to wait for a carrier's limit. */
  readonly throttledMsMax: number
  /** A lost message is looked for so soon: what a carrier was just given it may not list yet. */
  readonly lookAfterMs: number
  /** After so long what a carrier does not list it never got. */
  readonly graceMs: number
}

export interface PatientCarrier {
  /** `mayGo` is asked before every call, because the one before may have waited: no is `withdrawn`. */
  readonly send: (message: OutboundMessage, mayGo?: () => boolean) => Effect.Effect<SendReceipt, SendFailed>
  /** `calledByMs`: no call of it was made later; when it was intended, if it was called at once. */
  readonly findSent: (
    message: OutboundMessage,
    calledByMs?: number
  ) => Effect.Effect<SendReceipt | undefined, SendFailed>
}

export interface PatienceOptions {
  readonly patience: Patience
  readonly nowMs: () => number
  readonly random: () => number
}

/** `Retry-After: 0` would be asked again without end. */
const CLOSED_MS_MIN = 20

export const patient = (carrier: Carrier, { patience, nowMs, random }: PatienceOptions): PatientCarrier => {
  const turns = Semaphore.makeUnsafe(patience.concurrencyMax)
  /** What one message was told holds for all. */
  let closedUntilMs = 0

  const waitMsOf = (failure: SendFailed, failures: number): number =>
    failure.retryAfterMs ?? backoffMs(patience.backoff, failures, random())

  const send = (message: OutboundMessage, mayGo: () => boolean = () => true) =>
    Effect.gen(function* () {
      let attempts = 0
      let throttles = 0
      let waitedMs = 0
      while (true) {
        const closedMs = closedUntilMs - nowMs()
        if (closedMs > 0) {
          if (waitedMs + closedMs > patience.throttledMsMax) return yield* tooMany(closedMs)
          // Not all at the same moment.
          const spreadMs = closedMs + Math.round(random() * Math.min(1_000, patience.backoff.baseMs))
          waitedMs += spreadMs
          yield* Effect.sleep(spreadMs)
          continue
        }
        const tried = yield* Effect.result(
          turns.withPermit(Effect.suspend(() => (mayGo() ? carrier.send(message) : Effect.fail(withdrawn))))
        )
        if (tried._tag === "Success") return tried.success
        const { failure } = tried
        if (failure.class === "throttled") {
          throttles++
          closedUntilMs = Math.max(closedUntilMs, nowMs() + Math.max(CLOSED_MS_MIN, waitMsOf(failure, throttles)))
        } else if (failure.class === "temporary") {
          attempts++
          if (attempts > patience.backoff.retriesMax) return yield* failure
          yield* Effect.sleep(waitMsOf(failure, attempts))
        } else if (failure.class === "unknown") return yield* lookOnce(message, failure)
        else return yield* failure
      }
    })

  const lookOnce = (message: OutboundMessage, failure: SendFailed) =>
    Effect.gen(function* () {
      yield* Effect.sleep(patience.lookAfterMs)
      const found = yield* Effect.orElseSucceed(carrier.look(message), () => undefined)
      if (found !== undefined) return found
      const { code, message: said } = failure
      return yield* new SendFailed({ class: "unknown", code, message: said, retryAfterMs: patience.graceMs })
    })

  const findSent = (message: OutboundMessage, calledByMs = message.intendedAtMs) =>
    Effect.gen(function* () {
      const found = yield* turns.withPermit(carrier.look(message))
      const leftMs = calledByMs + patience.graceMs - nowMs()
      if (found !== undefined || leftMs <= 0) return found
      return yield* new SendFailed({
        class: "unknown",
        code: "too_soon",
        message: "It is not there, and may still come.",
        retryAfterMs: Math.ceil(leftMs)
      })
    })

  return { send, findSent }
}

/** Not the carrier's failure, and not the address's. */
export const WITHDRAWN = "withdrawn"

const withdrawn = new SendFailed({ class: "refused", code: WITHDRAWN, message: "It may not be sent any more." })

const tooMany = (retryAfterMs: number) =>
  new SendFailed({
    class: "throttled",
    code: "limit",
    message: "The carrier takes no more messages now.",
    retryAfterMs: Math.ceil(retryAfterMs)
  })
