/**
 * What to do with a message that was intended and has no outcome: its call may not have been made, may have been lost,
 * or may have arrived while the answer was lost.
 *
 * Providers of texts take no idempotency key, so a call is never simply repeated. What was heard of the attempt decides
 * first (its id travels in the call); then the provider's own list; and only a list that was read after the grace time
 * and does not have the message proves that it never arrived. A provider without a list cannot prove that: there the
 * message is given up after the grace time and counts as sent.
 *
 * F1 It is called only if this process knows that no call was made, or if it certainly never arrived. F2 Every attempt
 * comes to an outcome: sent, called, or given up at `giveUpMs` at the latest.
 */
import type { Attempt } from "./recovery.ts"

export interface FatePolicy {
  /** So long after the intent a call may still be on its way to the provider's list. */
  readonly graceMs: number
  /** Between two looks at the list. */
  readonly lookUpEveryMs: number
  /** After it nobody asks any more. */
  readonly giveUpMs: number
}

/**
 * A call is given up by its client after 15 seconds, and the provider lists a message within seconds of taking it. When the
 * line is cut in the moment of a kill, the kernel sends what the dead process had written for another 51 seconds (Linux,
 * eight times from 0.2 seconds on; 102 where an answer takes 0.2 seconds). Two minutes hold each of them. A provider that cannot be asked for half an hour is down, and a message that may
 * have gone is better not sent again.
 */
export const FATE_POLICY_DEFAULT: FatePolicy = { graceMs: 120_000, lookUpEveryMs: 15_000, giveUpMs: 30 * 60_000 }

export interface FateQuestion {
  readonly at: number
  readonly attempt: Pick<Attempt, "intendedAt">
  /** What this process did about the attempt since it was intended last; after a restart: `nobody-knows`. */
  readonly call: "not-made" | "under-way" | "nobody-knows"
  /** The provider told of the attempt itself, by a status callback. */
  readonly heardOf: string | undefined
  /** The last look at the provider's list that was answered, and when it began. */
  readonly looked: { readonly at: number; readonly receipt: string | undefined } | undefined
  /** When the last look failed, if it is the newest. */
  readonly lookFailedAt: number | undefined
  /** Whether the provider has a list at all. */
  readonly canLookUp: boolean
  readonly policy: FatePolicy
}

export type Fate =
  | { readonly do: "call" }
  /** It certainly never arrived: it may be called again, if it still may be sent. */
  | { readonly do: "call-again" }
  | { readonly do: "wait"; readonly until: number }
  | { readonly do: "look-up" }
  | { readonly do: "record-sent"; readonly receipt: string }
  | { readonly do: "give-up"; readonly code: "fate-unknown" }

export const fateOf = (question: FateQuestion): Fate => {
  const { at, attempt, call, heardOf, looked, canLookUp, policy } = question
  const receipt = heardOf ?? looked?.receipt
  if (receipt !== undefined) return { do: "record-sent", receipt }
  if (call === "not-made") return { do: "call" }
  const graceUntil = attempt.intendedAt + policy.graceMs
  if (call === "under-way") return { do: "wait", until: at + policy.lookUpEveryMs }
  // The list was read when a call could not be on its way any more, and does not have it.
  if (looked !== undefined && looked.at >= graceUntil) return { do: "call-again" }
  if (!canLookUp) return at < graceUntil ? { do: "wait", until: graceUntil } : { do: "give-up", code: "fate-unknown" }
  if (at >= attempt.intendedAt + policy.giveUpMs && question.lookFailedAt !== undefined) {
    return { do: "give-up", code: "fate-unknown" }
  }
  const next = Math.max(looked?.at ?? -Infinity, question.lookFailedAt ?? -Infinity) + policy.lookUpEveryMs
  return next <= at ? { do: "look-up" } : { do: "wait", until: next }
}
