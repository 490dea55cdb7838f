/**
 * Access control over HTTP: signing in and out, and what administrators do with users, keys and sessions.
 */
import { Effect } from "effect"
import { ACTIONS, ROLES } from "../../../actors/access/actions.ts"
import type { AccessCommand } from "../../../actors/access/commands.ts"
import type { Unstamped } from "../../../actors/access/events.ts"
import { isOwnOrigin, isLoopbackHost, sessionCookie } from "../../access/credentials.ts"
import type { AccessShape } from "../../access/layer.ts"
import { keyView, sessionView, userView } from "../../access/protocol.ts"
import { PASSWORDS_BUSY_MS } from "../../access/passwords.ts"
import { hashSecret, keyText, newKeyId, newPassword, newSecret } from "../../access/secrets.ts"
import type { SignIn } from "../../access/sign-in.ts"
import type { ActsUnavailable } from "../../access/acts.ts"
import type { AccessRefused, AccessUnavailable } from "../../access/store.ts"
import { KEY_OVERLAP_MS_DEFAULT, SESSION_MS_MAX } from "../../../config/access.ts"
import { PAGE_LIMIT_DEFAULT } from "../../../config/limits.ts"
import { defined, invalid } from "../decode.ts"
import {
  KeyOverlap,
  NewKey,
  NewUser,
  PasswordChange,
  SignIn as SignInBody,
  UserChange
} from "../openapi/access-bodies.ts"
import { AuditQuery } from "../openapi/access.ts"
import { readQuery } from "../read-query.ts"
import type { AskedRequest, Request, Response } from "../serving.ts"
import { readBody } from "./read-body.ts"
import { json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface AccessRouteServices {
  readonly access: AccessShape
  readonly nowMs: () => number
  readonly run: (effect: Effect.Effect<void>) => void
}

type Change = Unstamped<AccessCommand>

export class AccessRoutes {
  private readonly services: AccessRouteServices

  constructor(services: AccessRouteServices) {
    this.services = services
  }

  /** Public: who signs in is not known yet. */
  signIn(request: Request, respond: Respond): void {
    const { access } = this.services
    if (access.mode === "open") {
      return respond(refused(invalid("No access control is configured here: nobody needs to sign in.")))
    }
    if (!isOwnOrigin(request.headers)) return respond(refused(notFromHere, 403))
    const asked = readBody(request, SignInBody, respond)
    if (asked === undefined) return
    const attempt = { ...asked, address: request.address }
    this.answer(
      respond,
      Effect.map(access.signIns.signIn(attempt), (signedIn) => {
        this.noteSignIn(signedIn, attempt)
        return signInResponse(signedIn, request)
      })
    )
  }

  /** Who asks, for a page to know what it may show. */
  own({ principal }: AskedRequest, respond: Respond): void {
    const { kind, name, roles, tenant, channels, actions } = principal
    const mustChangePassword = kind === "user" && this.services.access.store.state.users.get(name)?.isOneTime === true
    respond(
      json(200, {
        ok: true,
        mode: this.services.access.mode,
        principal: { kind, name, roles, tenant, channels, actions },
        mustChangePassword
      })
    )
  }

  signOut({ principal, headers }: AskedRequest, respond: Respond): void {
    const { store } = this.services.access
    const ending = principal.kind === "user" ? store.endSession(principal.credential ?? "") : Effect.void
    const cookie = sessionCookie("", 0, !isLoopbackHost(headers["host"]))
    this.answer(respond, Effect.as(ending, json(200, { ok: true }, { "set-cookie": cookie })))
  }

  changePassword(request: AskedRequest, respond: Respond): void {
    const { principal, address } = request
    if (principal.kind !== "user") return respond(refused(invalid("Only a user has a password.")))
    const asked = readBody(request, PasswordChange, respond)
    if (asked === undefined) return
    const attempt = { name: principal.name, password: asked.password, address }
    this.answer(
      respond,
      Effect.map(this.services.access.signIns.changePassword(attempt, asked.newPassword), (signedIn) =>
        signInResponse(signedIn, request)
      )
    )
  }

  /** Of whoever asks, or of the user in the address. */
  sessions({ principal }: AskedRequest, respond: Respond, user = principal.name): void {
    const { access, nowMs } = this.services
    const items = access.store.sessions.of(user, nowMs())
    respond(json(200, { items: items.map((session) => sessionView(session, principal.credential)) }))
  }

  endSessions(request: AskedRequest, respond: Respond, user = request.principal.name): void {
    this.change(request, respond, { type: "end-sessions", user })
  }

  users(respond: Respond): void {
    const { users } = this.services.access.store.state
    respond(json(200, { items: [...users.values()].map(userView).toSorted(byName) }))
  }

  addUser(request: AskedRequest, respond: Respond): void {
    const asked = readBody(request, NewUser, respond)
    if (asked === undefined) return
    const { name: user, ...grants } = asked
    this.withPassword(respond, (passwordHash, oneTimePassword) =>
      this.change(
        request,
        respond,
        { type: "add-user", user, ...once(grants), passwordHash },
        { user, oneTimePassword }
      )
    )
  }

  changeUser(request: AskedRequest, respond: Respond, user: string | undefined): void {
    const asked = readBody(request, UserChange, respond)
    if (asked !== undefined) this.change(request, respond, { type: "change-user", user: user ?? "", ...once(asked) })
  }

  removeUser(request: AskedRequest, respond: Respond, user: string | undefined): void {
    this.change(request, respond, { type: "remove-user", user: user ?? "" })
  }

  resetPassword(request: AskedRequest, respond: Respond, user = ""): void {
    this.withPassword(respond, (passwordHash, oneTimePassword) =>
      this.change(
        request,
        respond,
        { type: "set-password", user, passwordHash, isOneTime: true },
        { user, oneTimePassword }
      )
    )
  }

  keys(respond: Respond): void {
    const { state, keysUsed } = this.services.access.store
    const items = [...state.keys.values()].map((key) => keyView(key, keysUsed.get(key.id), this.services.nowMs()))
    respond(json(200, { items: items.toSorted(byName) }))
  }

  addKey(request: AskedRequest, respond: Respond): void {
    const asked = readBody(request, NewKey, respond)
    if (asked === undefined) return
    const { expiresAt: until, name, ...grants } = asked
    const expiresAt = until === undefined ? undefined : Date.parse(until)
    if (expiresAt !== undefined && expiresAt <= this.services.nowMs()) return respond(isOver)
    const [key, secret] = [newKeyId(), newSecret()]
    const ends = expiresAt === undefined ? {} : { expiresAt }
    const command = { type: "add-key", key, name, secretHash: hashSecret(secret), ...ends, ...once(grants) } as const
    this.change(request, respond, command, { key, secret: keyText(key, secret) })
  }

  rotateKey(request: AskedRequest, respond: Respond, key = ""): void {
    const asked = readBody(request, KeyOverlap, respond, {})
    if (asked === undefined) return
    const { overlapMs = KEY_OVERLAP_MS_DEFAULT } = asked
    const secret = newSecret()
    const command = { type: "rotate-key", key, secretHash: hashSecret(secret), overlapMs } as const
    this.change(request, respond, command, { key, secret: keyText(key, secret) })
  }

  revokeKey(request: AskedRequest, respond: Respond, key = ""): void {
    this.change(request, respond, { type: "revoke-key", key })
  }

  /** What a role may, for whoever gives roles away. */
  actions(respond: Respond): void {
    respond(json(200, { roles: ROLES, actions: ACTIONS }))
  }

  /** Newest first. */
  acts({ query }: Request, respond: Respond): void {
    const asked = readQuery(AuditQuery, query)
    if (!asked.ok) return respond(refused(asked.refusal))
    const { before, limit = PAGE_LIMIT_DEFAULT } = asked.value
    this.answer(
      respond,
      Effect.map(this.services.access.acts.list(before, limit), (items) => {
        const last = items.at(-1)
        return json(
          200,
          items.length === limit && last !== undefined && last.id > 1 ? { items, next: last.id } : { items }
        )
      })
    )
  }

  private change(request: AskedRequest, respond: Respond, change: Change, told: object = {}): void {
    const { access, nowMs } = this.services
    const command = { ...change, at: nowMs(), by: request.principal.name } as AccessCommand
    this.answer(respond, Effect.as(access.store.change(command), json(200, { ok: true, ...told })))
  }

  private withPassword(respond: Respond, use: (hash: string, password: string) => void): void {
    const password = newPassword()
    const hashing = Effect.promise(() => this.services.access.passwords.hash(password))
    this.services.run(
      Effect.map(hashing, (hash) => (hash === undefined ? respond(wait(PASSWORDS_BUSY_MS)) : use(hash, password)))
    )
  }

  private answer(
    respond: Respond,
    answer: Effect.Effect<Response, AccessRefused | AccessUnavailable | ActsUnavailable>
  ): void {
    this.services.run(
      Effect.match(answer, {
        onSuccess: respond,
        onFailure: (failed) =>
          respond(failed._tag === "AccessRefused" ? json(statusOf(failed.code), refusalOf(failed)) : unavailable)
      })
    )
  }

  /** Of names that nobody has nothing is recorded: strangers could fill the record with them. */
  private noteSignIn(
    { outcome }: SignIn,
    { name, address }: { readonly name: string; readonly address: string }
  ): void {
    const { access, run } = this.services
    if (outcome === "wait" || !access.store.state.users.has(name)) return
    const who = { kind: "user", name } as const
    const status = outcome === "in" ? 200 : 401
    const at = new Date(this.services.nowMs()).toISOString()
    run(
      Effect.ignore(access.acts.record({ at, who, action: "access.sign-in", target: name, outcome: status, address }))
    )
  }
}

/** A list may name one thing twice; it is kept once. */
const once = ({ actions, channels, roles, tenant }: typeof UserChange.Type) =>
  defined({
    roles: [...new Set(roles)],
    tenant,
    channels: channels && [...new Set(channels)],
    actions: actions && [...new Set(actions)]
  })

const isOver = refused(invalid("Send expiresAt as a time to come, or leave it out.", "expiresAt"))

const notFromHere = {
  ok: false,
  code: "unauthorized",
  message: "A page of another origin may not sign anybody in."
} as const

const unavailable = refused({
  ok: false,
  code: "unavailable",
  message: "Users and keys cannot be read or changed now; try again."
})

const statusOf = (code: string): number => (code.startsWith("unknown_") ? 404 : 409)
const refusalOf = ({ code, message }: AccessRefused) => ({ ok: false, code, message })

const byName = (one: { readonly name: string }, other: { readonly name: string }): number =>
  one.name < other.name ? -1 : one.name > other.name ? 1 : 0

const signInResponse = (signedIn: SignIn, { headers }: Request): Response => {
  switch (signedIn.outcome) {
    case "in": {
      const cookie = sessionCookie(signedIn.token, SESSION_MS_MAX / 1_000, !isLoopbackHost(headers["host"]))
      const { user, mustChangePassword } = signedIn
      return json(200, { ok: true, user, mustChangePassword }, { "set-cookie": cookie })
    }
    case "wrong":
      return refused({ ok: false, code: "unauthorized", message: "The name or the password is not right." })
    case "wait":
      return wait(signedIn.retryAfterMs)
  }
}

const wait = (retryAfterMs: number): Response =>
  refused({ ok: false, code: "overloaded", message: "Too many tries; wait before the next.", retryAfterMs })
