/**
 * Access control as a service: who may come in, who comes, and the record of what they did.
 */
import { Context, Effect, FiberSet, Layer } from "effect"
import { Nats } from "../../streams/nats/connection.ts"
import type { NatsAdapters } from "../servers/nats-adapters.ts"
import { Acts } from "./acts.ts"
import { type Asking, Authenticator, type Found, LOCAL_KEY } from "./authenticate.ts"
import type { AccessMode } from "./mode.ts"
import { Passwords } from "./passwords.ts"
import { type Known, OPEN } from "./principal.ts"
import { hashSecret, keyText, newPassword, newSecret } from "./secrets.ts"
import { SignInDesk } from "./sign-in.ts"
import { AccessStore } from "./store.ts"
import { Tokens, type TokenSettings } from "./tokens.ts"

export interface AccessOptions {
  readonly mode: AccessMode
  /** `undefined`: no JWT is taken. */
  readonly tokens: TokenSettings | undefined
  /** `undefined`: the NATS server is not the hub's own, or asks nobody. */
  readonly adapters?: NatsAdapters | undefined
}

export interface AccessShape {
  readonly mode: AccessMode
  /** Who sends a request or opens a socket. */
  readonly authenticate: (asking: Asking) => Found | Promise<Found>
  /** Who brings this key or token: for a socket's or GraphQL's first message. */
  readonly authenticateToken: (token: string) => Found | Promise<Found>
  /** The same principal as it is now; `undefined` once it is known no more. */
  readonly again: (known: Known) => Known | undefined
  readonly store: AccessStore
  readonly passwords: Passwords
  readonly signIns: SignInDesk
  readonly acts: Acts
  readonly adapters: NatsAdapters | undefined
  /** For the commands of this machine; made anew at each start. */
  readonly localKey: string
  /** Of the administrator that this start made; told once. */
  readonly firstPassword: string | undefined
}

export const FIRST_ADMINISTRATOR = "admin"

export class Access extends Context.Service<Access, AccessShape>()("holdfast/src/access/Access") {
  static readonly layer = (options: AccessOptions) => Layer.effect(Access, acquire(options))
}

const acquire = Effect.fnUntraced(function* ({ adapters, mode, tokens: tokenSettings }: AccessOptions) {
  const nats = yield* Nats
  const store = yield* AccessStore.open(nats)
  const passwords = new Passwords()
  const inFiber = yield* FiberSet.makeRuntime<never>()
  const localSecret = newSecret()
  const authenticator = new Authenticator({
    store,
    tokens: tokenSettings === undefined ? undefined : new Tokens(tokenSettings),
    localKeyHash: hashSecret(localSecret),
    nowMs: Date.now,
    // What is lost is that something was used: the next use is noted.
    note: (what, at) =>
      void inFiber(Effect.ignore("key" in what ? store.keepUse(what.key, at) : store.keepSession(what.session, at)))
  })
  return Access.of({
    mode,
    authenticate: (asking) => (mode === "open" ? OPEN : authenticator.find(asking)),
    authenticateToken: (token) => (mode === "open" ? OPEN : authenticator.byToken(token)),
    again: (known) => authenticator.again(known),
    store,
    passwords,
    signIns: new SignInDesk(store, passwords, Date.now),
    acts: new Acts(nats),
    adapters,
    localKey: keyText(LOCAL_KEY, localSecret),
    firstPassword: mode === "open" ? undefined : yield* firstAdministrator(store, passwords)
  })
})

/** Made where there is nobody who could let others in; of two hubs that start at once the first makes it. */
const firstAdministrator = (store: AccessStore, passwords: Passwords) =>
  Effect.gen(function* () {
    if (store.state.users.size > 0) return undefined
    const password = newPassword()
    const passwordHash = yield* Effect.promise(() => passwords.hash(password))
    if (passwordHash === undefined) return undefined
    const made = { type: "add-user", user: FIRST_ADMINISTRATOR, roles: ["admin"], passwordHash } as const
    return yield* store.change({ ...made, at: Date.now(), by: "the first start" }).pipe(
      Effect.as<string | undefined>(password),
      Effect.catchTag("AccessRefused", () => Effect.undefined)
    )
  })
