/**
 * Calling an adapter so that nothing it does can hurt the hub: with a limit in time, and with a throw as one more way in
 * which a channel is unavailable.
 */
import { Effect } from "effect"
import { type CallFailure, failed, type Result, succeeded } from "./adapter.ts"
import { failureIn } from "./answers.ts"

/** `read`: the value of a call that went well, or `undefined` when it is not what the port says. */
export const askAdapter = <Value>(
  call: (signal: AbortSignal) => Promise<Result<Value>>,
  timeoutMs: number,
  read: (value: unknown) => Value | undefined
): Effect.Effect<Result<Value>> =>
  Effect.tryPromise(call).pipe(
    Effect.timeout(timeoutMs),
    Effect.map((result) => looked(result, read)),
    Effect.catch((cause) => Effect.succeed(brokenOff(cause)))
  )

const looked = <Value>(result: unknown, read: (value: unknown) => Value | undefined): Result<Value> => {
  const { ok, value, failure } = (result ?? {}) as { ok?: unknown; value?: unknown; failure?: unknown }
  if (ok === true) {
    const known = read(value)
    return known === undefined ? strange : succeeded(known)
  }
  const known = failureIn(failure)
  return known === undefined ? strange : failed(known)
}

const strange = failed({ kind: "unavailable", message: "The adapter's answer is none that the port knows." })

/** What an adapter throws may hold anything, secrets too, so only its kind is told. */
export const brokenOff = (cause: unknown): { readonly ok: false; readonly failure: CallFailure } => {
  const name = cause instanceof Error ? cause.name : typeof cause
  const message =
    name === "TimeoutError" ? "The channel did not answer in time." : `The adapter broke off the call (${name}).`
  return failed({ kind: "unavailable", message })
}
