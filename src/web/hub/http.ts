/**
 * Asking the hub, with an end to the waiting: by the client that programs use, typed by the hub's OpenAPI document, so that a
 * wrong address, body or field of an answer does not compile.
 *
 * Anything but a success is an error whose message can be shown.
 */
import { type Answer, type Asked, HttpClient, type Outcome, type PatternOf } from "../../client/http-client.ts"

/** Longer than any answer of a hub that works; a page that waits longer than this should say so. */
const ANSWER_WITHIN_MS = 8_000
/** An action may wait for a marketplace. */
const ACTION_WITHIN_MS = 60_000

/** The hub has answered that it does not do what was asked. */
export class Refused extends Error {
  override readonly name = "Refused"
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

let unknown: () => void = () => undefined

/** Called when the hub no longer knows who asks. */
export const onUnknown = (listener: () => void): void => {
  unknown = listener
}

/** With a session the hub takes what changes something only from a page of its own, which can set this header. */
const client = new HttpClient("", undefined, { "x-holdfast-csrf": "1" })

/** What is asked of an address: names in it, what stands behind the question mark, a body. */
export type AskedOf<P extends PatternOf<"get">> = Asked<"get", P>
export type AnswerOf<P extends PatternOf<"get">> = Answer<"get", P>

export const get = <P extends PatternOf<"get">>(pattern: P, asked: AskedOf<P>): Promise<AnswerOf<P>> =>
  valueOf(pattern, client.get(pattern, { timeoutMs: ANSWER_WITHIN_MS, ...asked }))

/** A refusal's own message is the error's. */
export const post = <P extends PatternOf<"post">>(pattern: P, asked: Asked<"post", P>): Promise<Answer<"post", P>> =>
  valueOf(pattern, client.post(pattern, { timeoutMs: ACTION_WITHIN_MS, ...asked }))

export const remove = <P extends PatternOf<"delete">>(
  pattern: P,
  asked: Asked<"delete", P>
): Promise<Answer<"delete", P>> => valueOf(pattern, client.delete(pattern, { timeoutMs: ACTION_WITHIN_MS, ...asked }))

/** What is shown of whatever went wrong. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Says 401 of a password that is wrong; whoever mistyped theirs is still known. */
const OWN_PASSWORD = "/v1/access/password"

const valueOf = async <A>(pattern: string, asked: Promise<Outcome<A>>): Promise<A> => {
  const outcome = await asked
  if (outcome.ok) return outcome.value
  const { failure } = outcome
  if (failure.kind !== "refused") throw new Error(failure.message)
  if (failure.status === 401 && pattern !== OWN_PASSWORD) unknown()
  throw new Refused(failure.message, failure.code)
}
