/**
 * From a field's arguments to what the hub is asked, and from its answers back.
 */
import { Effect } from "effect"
import type { Reply } from "../channels/messages.ts"
import { type AnyAnswer, type AnyRefusal, refusal } from "./refusals.ts"

/** What was given: for the hub a field that is left out is not there, and one that is null is of the wrong type. */
export const given = (args: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null && value !== undefined))

/** What an effect comes to, or its refusal; a sentence alone means that what is needed does not answer now. */
export const read = <A>(
  run: (effect: Effect.Effect<void>) => void,
  effect: Effect.Effect<A, AnyRefusal | string>
): Promise<A> =>
  new Promise((resolve, reject) =>
    run(
      Effect.match(effect, {
        onSuccess: resolve,
        onFailure: (why) =>
          reject(refusal(typeof why === "string" ? { ok: false, code: "unavailable", message: why } : why))
      })
    )
  )

/** What the channels' thread answers, or its refusal. */
export const replied = (reply: Reply): unknown => {
  if (reply.status < 300) return reply.body
  throw refusal(reply.body as AnyRefusal)
}

/** Nothing, or why not. */
export const done = (ask: (reply: (failure: AnyAnswer | undefined) => void) => void): Promise<void> =>
  new Promise((resolve, reject) =>
    ask((failure) => (failure === undefined || failure.ok ? resolve() : reject(refusal(failure))))
  )

/** GraphQL has no maps: a list of what is counted. */
export const counts = (record: Readonly<Record<string, number>> | undefined) =>
  Object.entries(record ?? {}).map(([name, count]) => ({ name, count }))
