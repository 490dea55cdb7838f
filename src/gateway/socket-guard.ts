/**
 * Who speaks on one socket, and what they may.
 *
 *   opened with a cookie or an Authorization header --> known
 *   opened without either --> asked for {"op":"authenticate","token"} --- in time, and good ---> known
 *                                        '--- not in time, or not good ---> closed (4401)
 *   known --- key revoked, session ended, roles changed ---> closed (4401)
 */
import type { Action } from "../../actors/access/actions.ts"
import { isBound, isGranted, may, type Target } from "../../actors/access/may.ts"
import { SOCKET_AUTHENTICATE_MS } from "../../config/access.ts"
import type { Found } from "../access/authenticate.ts"
import type { Known } from "../access/principal.ts"
import type { Entrance } from "./entrance.ts"
import type { Opening } from "./serving.ts"

/** Close codes of access control; a client that gets one of them needs other credentials, or fewer sockets. */
export const UNAUTHORIZED = 4_401
export const TOO_MANY_SOCKETS = 4_429

export interface GuardedSocket {
  readonly opening: Opening
  readonly close: (code: number, reason: string) => void
}

export class SocketGuard {
  private readonly entrance: Entrance
  private readonly socket: GuardedSocket
  private readonly callers: Array<string> = []
  /** While it is being found out who this is. */
  finding: Promise<void> | undefined
  private known: Known | undefined
  private patience: NodeJS.Timeout | undefined
  private closed = false

  constructor(entrance: Entrance, socket: GuardedSocket) {
    this.entrance = entrance
    this.socket = socket
    const { headers, address } = socket.opening
    if (!entrance.isOpen) this.callers.push(`address ${address}`)
    if (!entrance.enter(this, address)) this.closeSoon(TOO_MANY_SOCKETS, "too many sockets from this address")
    else if (entrance.isFromNear(headers)) this.open(headers)
    else this.refuse("a page of another origin may not open a socket")
  }

  private open(headers: Opening["headers"]): void {
    const { entrance } = this
    const found = entrance.authenticate({ method: "get", headers })
    // A cookie may be of something else on this host: the first message may still say who it is.
    const isFinal = headers["authorization"] !== undefined
    if (found instanceof Promise) this.wait(found, (known) => this.onFound(known, isFinal))
    else this.onFound(found, isFinal)
  }

  get principal(): Known | undefined {
    return this.known
  }

  /** Bound to nothing, and may do this: what it says need not be looked into. */
  mayAny(action: Action): boolean {
    return this.known !== undefined && !isBound(this.known) && isGranted(this.known, action)
  }

  may(action: Action, target: Target): boolean {
    return this.known !== undefined && may(this.known, action, target)
  }

  /** `answer`: with nothing when it is known from now on; otherwise the socket is closed. */
  authenticate(token: unknown, answer: () => void): void {
    if (this.known !== undefined) return answer()
    if (typeof token !== "string") return this.refuse("send token as a string")
    const take = (found: Found): void => {
      this.onFound(found, true)
      if (this.known !== undefined) answer()
    }
    const found = this.entrance.authenticateToken(token)
    if (found instanceof Promise) this.wait(found, take)
    else take(found)
  }

  look(again: (known: Known) => Known | undefined): void {
    if (this.known === undefined || this.closed) return
    if (JSON.stringify(again(this.known)) !== JSON.stringify(this.known))
      this.refuse("what you may has changed; connect again")
  }

  onClosed(): void {
    this.closed = true
    clearTimeout(this.patience)
    this.entrance.leave(this, this.callers)
  }

  private wait(finding: Promise<Found>, take: (found: Found) => void): void {
    this.finding = finding.then(take, () => this.refuse("who you are cannot be found out now"))
  }

  private onFound(found: Found, isFinal: boolean): void {
    if (this.closed || this.known !== undefined) return
    if ("refused" in found) {
      if (isFinal) return this.refuse(found.refused)
      this.patience = setTimeout(() => this.refuse("nobody has said who this is"), SOCKET_AUTHENTICATE_MS)
      this.patience.unref()
      return
    }
    clearTimeout(this.patience)
    if (!this.entrance.isOpen) this.callers.push(`${found.kind} ${found.name}`)
    if (!this.entrance.enterAs(found)) return this.closeSoon(TOO_MANY_SOCKETS, "too many sockets of this key or user")
    this.known = found
  }

  private refuse(reason: string): void {
    this.closeSoon(UNAUTHORIZED, reason)
  }

  /** Not at once: while a socket is being opened there is nobody yet who could be told that it is closed. */
  private closeSoon(code: number, reason: string): void {
    this.known = undefined
    queueMicrotask(() => this.socket.close(code, reason))
  }
}
