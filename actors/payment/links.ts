/**
 * The checkout links of one cart: at most one that can be paid, reused while nothing has changed.
 *
 * Events are kept in the cart's own log: what is intended before Stripe is asked, what came of it after. A hub that died
 * between the two asks again with the same key and the same contents, and gets the same session.
 *
 * L1 No link is made while another of the same cart may be paid: it is closed first, and closing is confirmed.
 * L2 A link whose answer was lost was never handed to anybody, so it may be left to expire.
 */

/** What a link is wanted for. */
export interface LinkWish {
  readonly cartVersion: number
  readonly holdId: string
  /** Of everything that Stripe is told, the e-mail address included: another content is another link. */
  readonly fingerprint: string
  readonly holdExpiresAtMs: number
}

export type LinkEvent =
  | ({
      readonly type: "link-intended"
      /** Counts the links of the cart from 1: with the version, it makes the idempotency key. */
      readonly ordinal: number
      /** When Stripe closes it by itself. */
      readonly expiresAtMs: number
    } & LinkWish)
  | { readonly type: "link-made"; readonly ordinal: number; readonly sessionId: string; readonly url: string }
  /** The hub closes it: that its session expires is no news then. */
  | { readonly type: "link-closing"; readonly ordinal: number }
  | {
      readonly type: "link-ended"
      readonly ordinal: number
      readonly how: "expired" | "failed" | "refunded" | "refused" | "dropped"
    }
  | { readonly type: "link-paid"; readonly paymentIntent: string }
  /** All of it went back: the cart may be paid again. */
  | { readonly type: "link-refunded"; readonly paymentIntent: string }

export type Link = Extract<LinkEvent, { readonly type: "link-intended" }> & {
  readonly sessionId?: string
  readonly url?: string
  readonly isClosing: boolean
  readonly isEnded: boolean
}

export interface LinkState {
  readonly newest: Link | undefined
  /** The payment that holds the customer's money. */
  readonly paidBy: string | undefined
  /** Payments that went back whole: their sessions are complete, and in nobody's way. */
  readonly refunded: ReadonlyArray<string>
}

export const initialLinks: LinkState = { newest: undefined, paidBy: undefined, refunded: [] }

export const evolveLinks = (state: LinkState, event: LinkEvent): LinkState => {
  const { newest } = state
  switch (event.type) {
    case "link-intended":
      return { ...state, newest: { ...event, isClosing: false, isEnded: false } }
    case "link-made":
      if (newest?.ordinal !== event.ordinal) return state
      return { ...state, newest: { ...newest, sessionId: event.sessionId, url: event.url } }
    case "link-closing":
      return newest?.ordinal === event.ordinal ? { ...state, newest: { ...newest, isClosing: true } } : state
    case "link-ended":
      return newest?.ordinal === event.ordinal ? { ...state, newest: { ...newest, isEnded: true } } : state
    case "link-paid":
      return { ...state, paidBy: event.paymentIntent }
    case "link-refunded":
      return {
        ...state,
        paidBy: state.paidBy === event.paymentIntent ? undefined : state.paidBy,
        refunded: [...state.refunded, event.paymentIntent]
      }
  }
}

export type LinkDecision =
  | { readonly type: "reuse"; readonly link: Link }
  /** Asked for and never answered: ask again with the same key and contents. */
  | { readonly type: "resume"; readonly link: Link }
  /** It may still be paid: close it, then decide again. */
  | { readonly type: "close"; readonly link: Link }
  | { readonly type: "intend"; readonly event: Extract<LinkEvent, { readonly type: "link-intended" }> }
  | { readonly type: "refuse"; readonly code: "already_paid" | "outdated_cart" | "hold_ended" }

/** Stripe's own bounds for how long a session lives, and something for clocks that differ and a slow answer. */
export const SESSION_MS_MIN = 30 * 60_000
export const SESSION_MS_MAX = 24 * 60 * 60_000
export const SESSION_SLACK_MS = 2 * 60_000

/**
 * The session ends with the hold. A shorter hold than Stripe's 30 minutes gets a session that Stripe would close later,
 * and that the hub closes itself when the hold ends; a longer one than 24 hours gets 24 hours.
 */
export const sessionEnd = (holdExpiresAtMs: number, nowMs: number): number => {
  const earliest = nowMs + SESSION_MS_MIN + SESSION_SLACK_MS
  const latest = nowMs + SESSION_MS_MAX - SESSION_SLACK_MS
  return Math.floor(Math.min(latest, Math.max(earliest, holdExpiresAtMs)) / 1_000) * 1_000
}

/** When the link is of no use any more: with the hold as it is by now, or before when Stripe closes it. */
export const linkEnd = ({ expiresAtMs }: Pick<Link, "expiresAtMs">, holdExpiresAtMs: number): number =>
  Math.min(holdExpiresAtMs, expiresAtMs)

export const decideLink = ({ newest, paidBy }: LinkState, wish: LinkWish, nowMs: number): LinkDecision => {
  if (paidBy !== undefined) return { type: "refuse", code: "already_paid" }
  if (newest !== undefined && wish.cartVersion < newest.cartVersion) return { type: "refuse", code: "outdated_cart" }
  if (wish.holdExpiresAtMs <= nowMs) return { type: "refuse", code: "hold_ended" }
  if (newest !== undefined && !newest.isEnded) {
    const isSame = isSameWish(newest, wish) && !newest.isClosing && newest.expiresAtMs > nowMs
    if (newest.sessionId === undefined && isSame) return { type: "resume", link: newest }
    if (newest.sessionId !== undefined) return { type: isSame ? "reuse" : "close", link: newest }
  }
  const ordinal = (newest?.ordinal ?? 0) + 1
  const expiresAtMs = sessionEnd(wish.holdExpiresAtMs, nowMs)
  const { cartVersion, holdId, fingerprint, holdExpiresAtMs } = wish
  return {
    type: "intend",
    event: { type: "link-intended", ordinal, expiresAtMs, cartVersion, holdId, fingerprint, holdExpiresAtMs }
  }
}

/** A hold that was renewed is the same hold: whoever has the link open pays by it. */
const isSameWish = (a: LinkWish, b: LinkWish): boolean =>
  a.cartVersion === b.cartVersion && a.holdId === b.holdId && a.fingerprint === b.fingerprint
