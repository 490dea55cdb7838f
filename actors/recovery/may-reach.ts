/**
 * Whether a customer may be written to on a channel at a moment, and if not, why.
 *
 * The same question is asked when a step is decided and again when the message is about to leave, because in between
 * the customer may have bought, opted out, changed the cart, or have been written to by another sequence.
 *
 * R1 A refusal without `until` is for good: waiting does not help. R2 At `until` the refusal's own reason, and every
 * other one that time cures, is over if nothing else happens meanwhile. R3 What is not known is refused.
 */
import { cappedBy } from "./caps.ts"
import { type Channel, formOf, TIMED_CHANNELS } from "./channel.ts"
import type { Contact, ContactPoint } from "./contact.ts"
import { opening, type Place } from "./hours.ts"
import type { ContactPolicy } from "./policy.ts"
import type { Suppressions } from "./suppression.ts"
import { clocksOfCountry, isZone } from "./zone.ts"

/** There is nothing to say any more, on whichever channel. */
export type OverReason = "bought" | "cart-changed" | "cart-empty" | "sold-out" | "too-late" | "opted-out"

export type ReachRefusal =
  | OverReason
  | "no-address"
  | "suppressed"
  | "no-consent"
  | "no-conversation"
  | "not-present"
  | "text-already-sent"
  | "place-unknown"
  | "quiet-hours"
  | "cap"

export type Verdict =
  | { readonly may: true; readonly point: ContactPoint }
  | { readonly may: false; readonly reason: ReachRefusal; readonly until?: number }

/** A customer left a cart behind: what a recovery is about. */
export interface Abandonment {
  readonly abandonmentId: string
  readonly cartId: string
  /** The version of the cart's content when it was left. */
  readonly cartVersion: number
  readonly at: number
  /** What kind of cart it was; absent where nobody wrote it down. Which sequence it gets goes by this. */
  readonly left?: {
    readonly reason: "left-checkout" | "idle-cart"
    readonly totalMinor: number
    readonly currency?: string
    readonly segment?: string
  }
}

/** The cart as it is at the moment of asking. */
export interface CartNow {
  /** Rises when the customer changes what is in it; not when a price or the stock moves. */
  readonly cartVersion: number
  /** The version from which on only codes of offers came in or ended; absent: its own. */
  readonly sameSince?: number
  readonly isEmpty: boolean
  /** By whichever way: this cart, another device, a marketplace, an operator. */
  readonly isBought: boolean
  /** Nothing of what is in it can be had. */
  readonly isSoldOut: boolean
}

export interface Reach {
  readonly at: number
  readonly abandonment: Abandonment
  readonly cart: CartNow
  readonly contact: Contact
  readonly suppressions: Suppressions
  readonly policy: ContactPolicy
  /** The sequence says nothing after this. */
  readonly expiresAt: number
  /** The customer has the shop open. */
  readonly isPresent: boolean
}

const never = (reason: ReachRefusal): Verdict => ({ may: false, reason })

export const mayReach = (reach: Reach, channel: Channel): Verdict => {
  const { contact } = reach
  const over = overFor(reach)
  if (over !== undefined) return never(over)
  const points = contact.points.filter((point) => point.channel === channel)
  if (points.length === 0) return never("no-address")
  const open = points.filter(({ address }) => !reach.suppressions.has(address))
  if (open.length === 0) return never("suppressed")
  // The one agreed to last: people give a new number when the old one is gone.
  const point = open
    .filter(({ consentedAt }) => consentedAt !== undefined && consentedAt <= reach.at)
    .toSorted((left, right) => (right.consentedAt ?? 0) - (left.consentedAt ?? 0))[0]
  if (point === undefined) return never("no-consent")
  return inTime(reach, point)
}

export const overFor = ({ at, abandonment, cart, contact, expiresAt }: Reach): OverReason | undefined => {
  if (cart.isBought) return "bought"
  if (cart.isEmpty) return "cart-empty"
  const { cartVersion, sameSince = cartVersion } = cart
  if (abandonment.cartVersion < sameSince || abandonment.cartVersion > cartVersion) return "cart-changed"
  if (cart.isSoldOut) return "sold-out"
  if (contact.optedOutAt !== undefined) return "opted-out"
  return at >= expiresAt ? "too-late" : undefined
}

const inTime = (reach: Reach, point: ContactPoint): Verdict => {
  const { at, contact, policy, abandonment } = reach
  const { channel } = point
  if (formOf(channel, contact.lastInboundAt[channel], at) === undefined) return never("no-conversation")
  if (channel === "web-chat" && !reach.isPresent) return never("not-present")
  const isOneText = channel === "sms" && isOneTextNumber(point, policy)
  if (isOneText && contact.sent.some((sent) => isTextFor(sent, abandonment))) return never("text-already-sent")
  const deadline = isOneText ? Math.min(reach.expiresAt, abandonment.at + policy.textWithinMs) : reach.expiresAt
  if (at >= deadline) return never("too-late")
  const { until, reason } = firstFree(reach, point)
  if (until === at) return { may: true, point }
  if (until === undefined) return never(reason)
  if (until >= deadline) return never("too-late")
  // The customer's last word is too old by then.
  if (formOf(channel, contact.lastInboundAt[channel], until) === undefined) return never("no-conversation")
  return { may: false, reason, until }
}

/** A number that may be of such a country, or of any, is taken for one. */
const isOneTextNumber = ({ countries }: ContactPoint, { oneTextCountries }: ContactPolicy): boolean =>
  countries.length === 0 || countries.some((country) => oneTextCountries.includes(country))

const isTextFor = (sent: Contact["sent"][number], abandonment: Abandonment): boolean =>
  sent.channel === "sms" && sent.abandonmentId === abandonment.abandonmentId

interface Free {
  readonly reason: ReachRefusal
  readonly until: number | undefined
}

/** The first moment from `at` on that neither quiet hours nor caps forbid, and which of them forbade `at`. */
const firstFree = ({ at, contact, policy }: Reach, { channel, countries }: ContactPoint): Free => {
  const isTimed = TIMED_CHANNELS.includes(channel)
  const places = isTimed ? placesOf(contact, countries, { policy, at }) : []
  if (isTimed && places.length === 0) return { reason: "place-unknown", until: undefined }
  let reason: ReachRefusal = "cap"
  let until = at
  for (;;) {
    const capped = cappedBy(policy.caps, contact.sent, { channel, at: until })
    const uncapped = capped === undefined ? until : capped.until
    if (!Number.isFinite(uncapped)) return { reason: "cap", until: undefined }
    const open = opening(places, uncapped)
    if (until === at && uncapped === at) reason = "quiet-hours"
    if (open === undefined) return { reason: "quiet-hours", until: undefined }
    if (open === until) return { reason, until }
    until = open
  }
}

/** Everywhere the customer may be, with the hours that hold there. */
const placesOf = (
  contact: Contact,
  countries: ReadonlyArray<string>,
  { policy, at }: Pick<Reach, "policy" | "at">
): ReadonlyArray<Place> => {
  const named = countries.length > 0 ? countries : contact.country === undefined ? [] : [contact.country]
  const hours = named.map((country) => policy.hoursByCountry[country] ?? policy.hours)
  const zones = zonesFor(contact, named, { policy, at })
  return zones.flatMap((zone) =>
    [...new Set(hours.length === 0 ? [policy.hours] : hours)].map((one) => ({ zone, hours: one }))
  )
}

const zonesFor = (
  { zone }: Contact,
  countries: ReadonlyArray<string>,
  { policy, at }: Pick<Reach, "policy" | "at">
): ReadonlyArray<string> => {
  if (zone !== undefined && isZone(zone)) return [zone]
  const zones = [...new Set(countries.flatMap((country) => clocksOfCountry(country, at)))]
  if (zones.length > 0 || policy.zoneWhenUnknown === undefined) return zones
  return [policy.zoneWhenUnknown]
}
