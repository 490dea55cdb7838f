/**
 * Where requests and sockets come in: who they are, from which page they come, and how many sockets anybody has.
 */
import { Effect } from "effect"
import { SOCKETS_LOOK_EVERY_MS, SOCKETS_PER_ADDRESS_MAX, SOCKETS_PER_PRINCIPAL_MAX } from "../../config/access.ts"
import type { Act } from "../access/acts.ts"
import type { Asking, Found } from "../access/authenticate.ts"
import { type Headers, isLoopbackHost, isOwnOrigin } from "../access/credentials.ts"
import type { AccessShape } from "../access/layer.ts"
import type { Known } from "../access/principal.ts"
import type { SocketGuard } from "./socket-guard.ts"

export interface EntranceOptions {
  readonly access: AccessShape
  /** Pages of these may call with a key or token. */
  readonly corsOrigins: () => ReadonlySet<string>
  readonly nowMs: () => number
  readonly run: (effect: Effect.Effect<void>) => void
}

const notFromThere = { refused: "A page of another origin may not do this; see CORS_ORIGINS in ACCESS.md." }

const notByThatName = {
  refused: "This hub is open to programs of its machine, and asked by its machine's names: localhost, 127.0.0.1, [::1]."
}

export class Entrance {
  private readonly options: EntranceOptions
  private readonly guards = new Set<SocketGuard>()
  private readonly counts = new Map<string, number>()

  constructor(options: EntranceOptions) {
    this.options = options
  }

  get isOpen(): boolean {
    return this.options.access.mode === "open"
  }

  /** Who opens a socket. */
  authenticate(asking: Asking): Found | Promise<Found> {
    return this.options.access.authenticate(asking)
  }

  /** Who sends a request over HTTP, if it may be sent from there. */
  admit(asking: Asking): Found | Promise<Found> {
    const isAct = asking.method !== "get" && asking.method !== "head"
    if (this.isOpen && isAct && !this.isFromNear(asking.headers)) return notFromThere
    // A browser does not say which page asks when it takes the hub for a part of that page.
    const { host } = asking.headers
    if (this.isOpen && !isAct && host !== undefined && !isLoopbackHost(host)) return notByThatName
    return this.authenticate(asking)
  }

  /**
   * From the hub's own page or one that is allowed; while it is open, also from any page that this machine serves itself. A
   * cookie comes with a request and a socket whichever page sends it, so the page must be known. An open hub is asked by
   * the machine's own names: a page elsewhere can have its own name mean this machine, and would pass for the hub's.
   */
  isFromNear(headers: Headers): boolean {
    const { host, origin } = headers
    if (this.isOpen && origin !== undefined && !isLoopbackHost(host)) return false
    if (isOwnOrigin(headers) || this.isCorsOrigin(origin)) return true
    return this.isOpen && origin !== undefined && isLoopbackHost(origin.replace(/^https?:\/\//, ""))
  }

  authenticateToken(token: string): Found | Promise<Found> {
    return this.options.access.authenticateToken(token)
  }

  isCorsOrigin(origin: string | undefined): boolean {
    return origin !== undefined && this.options.corsOrigins().has(origin)
  }

  /** Never fails: what is done is done, and the log says that the record lacks it. */
  record(act: Omit<Act, "at">): Promise<void> {
    const { access, nowMs, run } = this.options
    const at = new Date(nowMs()).toISOString()
    return new Promise((resolve) =>
      run(
        access.acts.record({ at, ...act }).pipe(
          Effect.catch(({ detail }) =>
            Effect.logError(`The audit record lacks ${act.action} by ${act.who.name} (${act.outcome}): ${detail}`)
          ),
          Effect.andThen(Effect.sync(resolve))
        )
      )
    )
  }

  /** False when there are too many of it already; else it is counted until `left`. */
  enter(guard: SocketGuard, address: string): boolean {
    if (this.isOpen) return true
    this.guards.add(guard)
    return this.count(`address ${address}`, SOCKETS_PER_ADDRESS_MAX)
  }

  enterAs({ kind, name }: Known): boolean {
    return this.isOpen || this.count(`${kind} ${name}`, SOCKETS_PER_PRINCIPAL_MAX)
  }

  leave(guard: SocketGuard, callers: ReadonlyArray<string>): void {
    this.guards.delete(guard)
    for (const caller of callers) {
      const left = (this.counts.get(caller) ?? 1) - 1
      if (left > 0) this.counts.set(caller, left)
      else this.counts.delete(caller)
    }
  }

  /** Those whose key, session or user is no more what it was; asked after each change, and now and then. */
  look(): void {
    for (const guard of this.guards) guard.look(this.options.access.again)
  }

  /** Looks for as long as the scope is open. */
  readonly looking = Effect.suspend(() => {
    this.options.access.store.onChange(() => this.look())
    const often = Effect.forever(
      Effect.andThen(
        Effect.sleep(SOCKETS_LOOK_EVERY_MS),
        Effect.sync(() => this.look())
      )
    )
    return this.isOpen ? Effect.void : Effect.asVoid(Effect.forkScoped(often))
  })

  private count(caller: string, max: number): boolean {
    const count = this.counts.get(caller) ?? 0
    this.counts.set(caller, count + 1)
    return count < max
  }
}
