/**
 * `Idempotency-Key` as Stripe has it: the first answer again for the same key and the same parameters, a refusal for other
 * parameters, a conflict while the first is still running. An answer is kept once carrying out has begun, also when it
 * was an error; parameters that do not validate keep nothing.
 */
import type { HttpAnswer } from "../marketplaces/marketplace.ts"

interface Kept {
  readonly request: string
  answer: HttpAnswer | undefined
}

export class IdempotencyKeys {
  private readonly kept = new Map<string, Kept>()
  /** How often an answer was given again. */
  replays = 0

  /** What to answer at once, or `undefined`: carry it out, then `keep` or `forget`. */
  begin(key: string, request: string): HttpAnswer | undefined {
    const known = this.kept.get(key)
    if (known === undefined) {
      this.kept.set(key, { request, answer: undefined })
      return undefined
    }
    if (known.request !== request) return otherParameters
    if (known.answer === undefined) return stillRunning
    this.replays++
    return { ...known.answer, headers: { ...known.answer.headers, "idempotent-replayed": "true" } }
  }

  keep(key: string, answer: HttpAnswer): void {
    const known = this.kept.get(key)
    if (known !== undefined) known.answer = answer
  }

  forget(key: string): void {
    this.kept.delete(key)
  }
}

export const errorAnswer = (
  status: number,
  error: { readonly type: string; readonly message: string; readonly code?: string; readonly param?: string }
): HttpAnswer => ({ status, body: { error } })

const otherParameters = errorAnswer(400, {
  type: "idempotency_error",
  message:
    "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than this one if you meant to execute a different request."
})
const stillRunning = errorAnswer(409, {
  type: "idempotency_error",
  code: "idempotency_key_in_use",
  message: "There is currently another in-progress request using this Idempotency Key."
})
