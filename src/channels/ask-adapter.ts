/**
 * Calling an adapter so that nothing it does can hurt the hub: with a limit in time, and with a throw as one more way in
 * which a channel is unavailable.
 */
import { Effect } from "effect"
import { type CallFailure, failed, type Result } from "./adapter.ts"

export const askAdapter = <Value>(
  call: (signal: AbortSignal) => Promise<Result<Value>>,
  timeoutMs: number
): Effect.Effect<Result<Value>> =>
  Effect.tryPromise(call).pipe(
    Effect.timeout(timeoutMs),
    Effect.catch((cause) => Effect.succeed(brokenOff(cause)))
  )

/** What an adapter throws may hold anything, secrets too, so only its kind is told. */
export const brokenOff = (cause: unknown): { readonly ok: false; readonly failure: CallFailure } => {
  const name = cause instanceof Error ? cause.name : typeof cause
  const message =
    name === "TimeoutError" ? "The channel did not answer in time." : `The adapter broke off the call (${name}).`
  return failed({ kind: "unavailable", message })
}
