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

let unknown: () => void = () => undefined

/** Called when the hub no longer knows who asks. */
export const onUnknown = (listener: () => void): void => {
  unknown = listener
}

interface Sent {
  readonly method: "POST" | "DELETE"
  readonly path: string
  readonly body?: unknown
}

/** With a session the hub takes what changes something only from a page of its own, which can set this header. */
const CHANGING = { accept: "application/json", "content-type": "application/json", "x-holdfast-csrf": "1" }

const send = async <Body>({ method, path, body }: Sent): Promise<Body> => {
  const response = await fetch(path, {
    method,
    headers: CHANGING,
    signal: AbortSignal.timeout(ACTION_WITHIN_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  return bodyOf(response, path)
}

/** Sends JSON; a refusal's own message is the error's. */
export const postJson = <Body>(path: string, body: unknown): Promise<Body> => send({ method: "POST", path, body })

export const deleteJson = <Body>(path: string): Promise<Body> => send({ method: "DELETE", path })

/** What is shown of whatever went wrong. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Says 401 of a password that is wrong; whoever mistyped theirs is still known. */
const OWN_PASSWORD = "/v1/access/password"

/** Its own message, where it has one. */
const refusalOf = async (response: Response, path: string): Promise<Refused> => {
  const answer = (await response.json().catch(() => undefined)) as
    | { readonly message?: string; readonly code?: string }
    | undefined
  if (response.status === 401 && path !== OWN_PASSWORD) unknown()
  return new Refused(answer?.message ?? `The hub answered ${response.status} to ${path}`, answer?.code ?? "")
}

const bodyOf = async <Body>(response: Response, path: string): Promise<Body> => {
  if (!response.ok) throw await refusalOf(response, path)
  return (await response.json()) as Body
}

export const getJson = async <Body>(path: string, signal?: AbortSignal): Promise<Body> => {
  const deadline = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const response = await fetch(path, {
    headers: { accept: "application/json" },
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  })
  return bodyOf(response, path)
}
