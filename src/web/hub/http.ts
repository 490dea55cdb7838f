/**
 * Reading JSON from the hub, with an end to the waiting.
 *
 * Shapes are the contract's and the hub is our own, so they are trusted; anything but a success is an error whose
 * message can be shown.
 */

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

/** Sends JSON; a refusal's own message is the error's. */
export const postJson = async <Body>(path: string, body: unknown): Promise<Body> => {
  const response = await fetch(path, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ACTION_WITHIN_MS)
  })
  const answer = (await response.json()) as { readonly message?: string; readonly code?: string }
  if (!response.ok) {
    throw new Refused(answer.message ?? `The hub answered ${response.status} to ${path}`, answer.code ?? "")
  }
  return answer as Body
}

/** What is shown of whatever went wrong. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A refusal's own, where it has one. */
const saidBy = async (response: Response): Promise<string | undefined> => {
  const answer = (await response.json().catch(() => undefined)) as { readonly message?: string } | undefined
  return answer?.message
}

export const getJson = async <Body>(path: string, signal?: AbortSignal): Promise<Body> => {
  const deadline = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const response = await fetch(path, {
    headers: { accept: "application/json" },
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  })
  if (!response.ok) throw new Error((await saidBy(response)) ?? `The hub answered ${response.status} to ${path}`)
  return (await response.json()) as Body
}
