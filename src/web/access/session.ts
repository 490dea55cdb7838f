/**
 * Who is at this page, as the hub knows them. While everybody may do everything there is nobody to know; else the pages wait for
 * somebody to sign in, and again when the hub no longer knows who asks.
 */
import type { Role } from "../../../actors/access/actions.ts"
import { get, onUnknown } from "../hub/http.ts"

/** `GET /v1/access/session`. */
export interface OwnSession {
  readonly mode: "open" | "required"
  readonly principal: { readonly kind: string; readonly name: string; readonly roles: ReadonlyArray<Role> }
  readonly mustChangePassword: boolean
}

export type SessionState =
  | { readonly phase: "reading" }
  | { readonly phase: "known"; readonly own: OwnSession }
  | { readonly phase: "unknown" }

const RETRY_MS = 3_000

export class Session {
  readonly #listeners = new Set<() => void>()
  #state: SessionState = { phase: "reading" }

  constructor() {
    onUnknown(() => this.#become({ phase: "unknown" }))
  }

  readonly state = (): SessionState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A hub that does not answer, or cannot tell who asks, is asked again; the pages say meanwhile that it is away. */
  async read(): Promise<void> {
    try {
      const own = await get("/v1/access/session", {})
      this.#become({ phase: "known", own })
    } catch {
      if (this.#state.phase !== "unknown") setTimeout(() => void this.read(), RETRY_MS)
    }
  }

  #become(state: SessionState): void {
    if (this.#state.phase === "unknown" && state.phase === "unknown") return
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}
