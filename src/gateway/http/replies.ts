/**
 * HTTP responses from wire answers: one table says which code means which status.
 */
import { Effect } from "effect"
import type { Answer, Refusal, RefusalCode } from "../protocol.ts"
import type { Response } from "../serving.ts"

export const statusOf: Readonly<Record<RefusalCode, number>> = {
  insufficient_stock: 409,
  mutation_conflict: 409,
  version_conflict: 409,
  hold_closed: 409,
  hold_limit: 409,
  unknown_sku: 404,
  unknown_hold: 404,
  hold_expired: 410,
  invalid_request: 400,
  unauthorized: 401,
  overloaded: 429,
  unavailable: 503
}

export const json = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): Response => ({
  status,
  contentType: "application/json; charset=utf-8",
  body: JSON.stringify(body),
  ...(headers === undefined ? {} : { headers })
})

/** To whoever is known: what it may not do is forbidden, and no question of who it is. */
export const answered = (answer: Answer): Response => {
  if (answer.ok) return json(200, answer)
  return answer.code === "unauthorized" ? refused(answer, 403) : refused(answer)
}

/** With what is read, or why not; a sentence alone means that what is needed does not answer now. */
export const answering = (
  respond: (response: Response) => void,
  read: Effect.Effect<object, Refusal | string>
): Effect.Effect<void> =>
  Effect.match(read, {
    onSuccess: (body) => respond(json(200, body)),
    onFailure: (why) =>
      respond(refused(typeof why === "string" ? { ok: false, code: "unavailable", message: why } : why))
  })

export const refused = (refusal: Refusal, status = statusOf[refusal.code]): Response =>
  json(
    status,
    refusal,
    refusal.retryAfterMs === undefined
      ? undefined
      : { "retry-after": String(Math.max(1, Math.ceil(refusal.retryAfterMs / 1_000))) }
  )
