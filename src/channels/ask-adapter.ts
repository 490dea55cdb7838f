/**
 * Calling an adapter so that nothing it does can hurt the hub: with a limit in time, and with a throw as one more way in
 * which a channel is unavailable.
 */
import { Effect } from "effect"
import { type CallFailure, failed, type Result, succeeded } from "./adapter.ts"
import { failureIn } from "./answers.ts"

/**
 * `read`: the value of a call that went well, or `undefined` when it is not what the port says.
 *
 * One timer and one promise: a channel without limits is called hundreds of times a second.
 */
export const askAdapter = <Value>(
  call: (signal: AbortSignal) => Promise<Result<Value>>,
  timeoutMs: number,
  read: (value: unknown) => Value | undefined
): Effect.Effect<Result<Value>> =>
  Effect.callback((resume) => {
    const controller = new AbortController()
    const settle = (result: Result<Value>): void => {
      clearTimeout(timer)
      resume(Effect.succeed(result))
    }
    const timer = setTimeout(() => {
      settle(late)
      controller.abort()
    }, timeoutMs)
    const answered = new Promise<unknown>((resolve) => void resolve(call(controller.signal)))
    answered.then((result) => looked(result, read)).then(settle, (cause) => settle(brokenOff(cause)))
    return Effect.sync(() => {
      clearTimeout(timer)
      controller.abort()
    })
  })

const looked = <Value>(result: unknown, read: (value: unknown) => Value | undefined): Result<Value> => {
  const { ok, value, failure } = (result ?? {}) as { ok?: unknown; value?: unknown; failure?: unknown }
  if (ok === true) {
    const known = read(value)
    return known === undefined ? strange : succeeded(known)
  }
  const known = failureIn(failure)
  return known === undefined ? strange : failed(known)
}

const late = failed({ kind: "unavailable", message: "The channel did not answer in time." })
const strange = failed({ kind: "unavailable", message: "The adapter's answer is none that the port knows." })

/** What an adapter throws may hold anything, secrets too, so only its kind is told. */
export const brokenOff = (cause: unknown): { readonly ok: false; readonly failure: CallFailure } => {
  const name = cause instanceof Error ? cause.name : typeof cause
  if (name === "TimeoutError") return late
  return failed({ kind: "unavailable", message: `The adapter broke off the call (${name}).` })
}
