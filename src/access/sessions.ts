/**
 * Sessions that are open: who signed in, and until when. Only hashes of their tokens are known here.
 */
import { SESSION_IDLE_MS, SESSIONS_MAX } from "../../config/access.ts"

export interface Session {
  /** Of the token in the cookie. */
  readonly hash: string
  readonly user: string
  /** Milliseconds since the epoch, all of them. */
  readonly openedAt: number
  readonly seenAt: number
  readonly expiresAt: number
  /** Where it was opened from. */
  readonly address: string
}

export class Sessions {
  private readonly open = new Map<string, Session>()

  set(session: Session): void {
    this.open.delete(session.hash)
    this.open.set(session.hash, session)
    if (this.open.size <= SESSIONS_MAX) return
    for (const oldest of this.open.keys()) {
      this.open.delete(oldest)
      break
    }
  }

  delete(hash: string): void {
    this.open.delete(hash)
  }

  /** `undefined` once it has ended, or nobody has used it for too long. */
  find(hash: string, nowMs: number): Session | undefined {
    const session = this.open.get(hash)
    if (session === undefined) return undefined
    if (session.expiresAt > nowMs && session.seenAt + SESSION_IDLE_MS > nowMs) return session
    this.open.delete(hash)
    return undefined
  }

  /** Of one user, newest first. */
  of(user: string, nowMs: number): ReadonlyArray<Session> {
    return [...this.open.values()]
      .filter((session) => session.user === user && this.find(session.hash, nowMs) !== undefined)
      .toSorted((one, other) => other.openedAt - one.openedAt)
  }
}
