/**
 * Signing in with name and password, and what follows from it: a session, its end, a new password.
 *
 * What was wrong, the name or the password, is not told, and takes the same time to find. Failures slow down further tries of
 * that name and from that address (`actors/access/throttle.ts`).
 */
import { Effect } from "effect"
import { type Failures, failedAgain, FREE_TRIES_OF_ADDRESS, oneLess, waitMs } from "../../actors/access/throttle.ts"
import { FAILURES_MAX, PASSWORD_LENGTH_MAX, SESSION_MS_MAX, SESSIONS_PER_USER_MAX } from "../../config/access.ts"
import { type Passwords, PASSWORDS_BUSY_MS } from "./passwords.ts"
import { hashSecret, newSecret } from "./secrets.ts"
import type { AccessRefused, AccessStore, AccessUnavailable } from "./store.ts"

export type SignIn =
  | { readonly outcome: "in"; readonly token: string; readonly user: string; readonly mustChangePassword: boolean }
  | { readonly outcome: "wrong" }
  | { readonly outcome: "wait"; readonly retryAfterMs: number }

export interface Attempt {
  readonly name: string
  readonly password: string
  readonly address: string
}

const busy = { outcome: "wait", retryAfterMs: PASSWORDS_BUSY_MS } as const

export class SignInDesk {
  private readonly store: AccessStore
  private readonly passwords: Passwords
  private readonly nowMs: () => number
  private readonly failures = new Map<string, Failures>()

  constructor(store: AccessStore, passwords: Passwords, nowMs: () => number) {
    this.store = store
    this.passwords = passwords
    this.nowMs = nowMs
  }

  signIn({ name, password, address }: Attempt): Effect.Effect<SignIn, AccessUnavailable> {
    return Effect.gen({ self: this }, function* () {
      const ofName = `name ${name.slice(0, PASSWORD_LENGTH_MAX)}`
      const ofAddress = `address ${address}`
      const retryAfterMs = Math.max(
        waitMs(this.failures.get(ofName), this.nowMs()),
        waitMs(this.failures.get(ofAddress), this.nowMs(), FREE_TRIES_OF_ADDRESS)
      )
      if (retryAfterMs > 0) return { outcome: "wait", retryAfterMs } as const
      // Counted before it is known: tries that are made at once are tries, too.
      for (const of of [ofName, ofAddress]) this.fail(of)
      const user = this.store.state.users.get(name)
      const isRight = yield* this.isRight(password, user?.passwordHash)
      if (isRight === undefined) {
        // Nothing was tried: a whole office that comes at nine must not wait for what it did not get wrong.
        for (const of of [ofName, ofAddress]) this.forgive(of)
        return busy
      }
      if (!isRight || user === undefined) return { outcome: "wrong" } as const
      // Who is in by a name of their own may still be guessing another's from the same address.
      this.failures.delete(ofName)
      this.forgive(ofAddress)
      const token = yield* this.open(name, address)
      return { outcome: "in", token, user: name, mustChangePassword: user.isOneTime } as const
    })
  }

  /** By its owner, who knows the present one. Every session ends; the answer has the token of a new one. */
  changePassword(attempt: Attempt, next: string): Effect.Effect<SignIn, AccessRefused | AccessUnavailable> {
    return Effect.gen({ self: this }, function* () {
      const before = yield* this.signIn(attempt)
      if (before.outcome !== "in") return before
      const passwordHash = yield* Effect.promise(() => this.passwords.hash(next))
      if (passwordHash === undefined) return busy
      const { name: user, address } = attempt
      const at = this.nowMs()
      yield* this.store.change({ type: "set-password", user, passwordHash, isOneTime: false, at, by: user })
      const token = yield* this.open(user, address)
      return { outcome: "in", token, user, mustChangePassword: false } as const
    })
  }

  private open(user: string, address: string): Effect.Effect<string, AccessUnavailable> {
    return Effect.gen({ self: this }, function* () {
      const now = this.nowMs()
      for (const session of this.store.sessions.of(user, now).slice(SESSIONS_PER_USER_MAX - 1)) {
        yield* this.store.endSession(session.hash)
      }
      const token = newSecret()
      // Sessions end with a change that comes in the same millisecond; this one comes after it.
      const openedAt = Math.max(now, (this.store.state.users.get(user)?.sessionsFrom ?? 0) + 1)
      const expiresAt = openedAt + SESSION_MS_MAX
      yield* this.store.keepSession({ hash: hashSecret(token), user, openedAt, seenAt: now, expiresAt, address }, now)
      return token
    })
  }

  private isRight(password: string, hash: string | undefined): Effect.Effect<boolean | undefined> {
    if (password.length > PASSWORD_LENGTH_MAX) return Effect.succeed(false)
    return Effect.promise(() => this.passwords.isRight(password, hash))
  }

  private forgive(of: string): void {
    const counted = this.failures.get(of)
    if (counted !== undefined) this.failures.set(of, oneLess(counted))
  }

  private fail(of: string): void {
    const counted = failedAgain(this.failures.get(of), this.nowMs())
    this.failures.delete(of)
    this.failures.set(of, counted)
    if (this.failures.size <= FAILURES_MAX) return
    for (const oldest of this.failures.keys()) {
      this.failures.delete(oldest)
      break
    }
  }
}
