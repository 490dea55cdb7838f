/**
 * What is known of reaching one customer: addresses, consent, opt-out, zone, and what was sent, folded from events.
 *
 * An address is compared and never read, so a keyed hash of it will do where the address itself is kept encrypted. It is
 * normalised before it comes here (a number in international form, a mail address in small letters): a phone has the same
 * address whether it is reached by SMS or by WhatsApp.
 *
 * C1 An opt-out, said anywhere, holds on every channel and for every address of the customer until they take it back.
 * C2 Taking it back reopens the address it was said from, and nothing else. C3 Only consent that was given counts;
 * nothing is assumed.
 */
import { CHANNELS, type Channel } from "./channel.ts"
import type { MessageFailed, MessageIntended, MessageRetried, MessageSent, MessageSkipped } from "./events.ts"

export interface ContactPoint {
  readonly channel: Channel
  readonly address: string
  /** When the customer agreed to be reminded here; `undefined`: they did not. */
  readonly consentedAt: number | undefined
  /** The countries that a phone number may be of (`countriesOfPhone`); none for other addresses. */
  readonly countries: ReadonlyArray<string>
}

/** A message that left, or may have. */
export interface Sent {
  readonly attemptId: string
  readonly channel: Channel
  readonly abandonmentId: string
  readonly at: number
  /** When the customer first went on to payment by its link. */
  readonly followedAt?: number
  /** It may have arrived, and nobody will ever say. It counts all the same. */
  readonly isAssumed?: true
}

export interface Contact {
  readonly points: ReadonlyArray<ContactPoint>
  /** The dearest first; channels that are not named come after. */
  readonly preferred: ReadonlyArray<Channel>
  /** As the customer's own device says it. */
  readonly zone: string | undefined
  /** Where they have things sent to; used when neither device nor phone tells the zone. */
  readonly country: string | undefined
  readonly optedOutAt: number | undefined
  /** The oldest first, as far back as the longest cap looks. */
  readonly sent: ReadonlyArray<Sent>
  /** When the customer wrote last, by channel. */
  readonly lastInboundAt: Readonly<Partial<Record<Channel, number>>>
}

export const unknownContact: Contact = {
  points: [],
  preferred: [],
  zone: undefined,
  country: undefined,
  optedOutAt: undefined,
  sent: [],
  lastInboundAt: {}
}

/** Messages remembered a customer: caps of a few a week, over ninety days, with room. */
export const SENT_MAX = 256
/** No cap looks back further. */
export const SENT_KEPT_MS = 90 * 86_400_000

export type ContactEvent =
  /** A point given again replaces what was known of it; without consent it is withdrawn. */
  | { readonly type: "contact-point-set"; readonly at: number; readonly point: ContactPoint }
  | {
      readonly type: "contact-point-removed"
      readonly at: number
      readonly channel: Channel
      readonly address: string
    }
  | {
      readonly type: "contact-settings-set"
      readonly at: number
      readonly preferred?: ReadonlyArray<Channel>
      readonly zone?: string
      readonly country?: string
    }
  /** What they are called is sealed and stands beside it. */
  | { readonly type: "name-set"; readonly at: number }
  /** The same person signed in: what was known of them before they did. */
  | { readonly type: "contact-joined"; readonly at: number; readonly other: Contact }
  | { readonly type: "customer-wrote"; readonly at: number; readonly channel: Channel }
  | { readonly type: "link-followed"; readonly at: number; readonly attemptId: string }
  | { readonly type: "opted-out"; readonly at: number; readonly channel: Channel; readonly address: string }
  | { readonly type: "opted-in"; readonly at: number; readonly channel: Channel; readonly address: string }
  | MessageIntended
  | MessageRetried
  | MessageSent
  | MessageFailed
  | MessageSkipped

export const evolveContact = (contact: Contact, event: ContactEvent): Contact => {
  switch (event.type) {
    case "contact-point-set":
      return { ...contact, points: [...without(contact.points, event.point), event.point] }
    case "contact-point-removed":
      return { ...contact, points: without(contact.points, event) }
    case "contact-settings-set": {
      const { preferred = contact.preferred, zone = contact.zone, country = contact.country } = event
      return { ...contact, preferred, zone, country }
    }
    case "name-set":
      return contact
    case "contact-joined":
      return joined(contact, event.other)
    case "customer-wrote":
      return { ...contact, lastInboundAt: { ...contact.lastInboundAt, [event.channel]: event.at } }
    case "link-followed":
      return { ...contact, sent: contact.sent.map((sent) => followedAt(sent, event)) }
    case "opted-out":
      return { ...contact, optedOutAt: event.at }
    case "opted-in":
      return {
        ...contact,
        optedOutAt: undefined,
        points: contact.points.map((point) => reopened(point, event))
      }
    case "message-intended":
      return { ...contact, sent: [...contact.sent, sentBy(event)].slice(-SENT_MAX).filter(isKept(event.at)) }
    // It counts from when it was called last, not from when it was thought of.
    case "message-retried":
    case "message-sent":
      return { ...contact, sent: contact.sent.map((sent) => movedTo(sent, event)) }
    case "message-failed":
      if (event.isUnsent) return besides(contact, event.attemptId)
      return { ...contact, sent: contact.sent.map((sent) => assumed(sent, event)) }
    case "message-skipped":
      return besides(contact, event.attemptId)
  }
}

/** As if the message had not been intended: for those that reached nobody, and for asking about one that is about to go. */
export const besides = (contact: Contact, attemptId: string): Contact => ({
  ...contact,
  sent: contact.sent.filter((sent) => sent.attemptId !== attemptId)
})

type Place = Pick<ContactPoint, "channel" | "address">

const isAt = (point: Place, place: Place): boolean => point.channel === place.channel && point.address === place.address

const without = (points: ReadonlyArray<ContactPoint>, place: Place): ReadonlyArray<ContactPoint> =>
  points.filter((point) => !isAt(point, place))

/**
 * Two records turn out to be of one person. What was sent to either counts, and an opt-out of either holds; at a point that
 * both have, consent counts only as the record that signed in has it.
 */
const joined = (contact: Contact, other: Contact): Contact => {
  const own = contact.points
  const sent = new Map([...other.sent, ...contact.sent].map((one) => [one.attemptId, one]))
  const outs = [contact.optedOutAt, other.optedOutAt].filter((at) => at !== undefined)
  return {
    points: [...own, ...other.points.filter((point) => !own.some((one) => isAt(one, point)))],
    preferred: contact.preferred.length > 0 ? contact.preferred : other.preferred,
    zone: contact.zone ?? other.zone,
    country: contact.country ?? other.country,
    optedOutAt: outs.length === 0 ? undefined : Math.max(...outs),
    sent: [...sent.values()].toSorted((left, right) => left.at - right.at).slice(-SENT_MAX),
    lastInboundAt: latest(contact.lastInboundAt, other.lastInboundAt)
  }
}

const latest = (left: Contact["lastInboundAt"], right: Contact["lastInboundAt"]): Contact["lastInboundAt"] => {
  const times: Partial<Record<Channel, number>> = { ...left }
  for (const channel of CHANNELS) {
    const at = Math.max(left[channel] ?? -Infinity, right[channel] ?? -Infinity)
    if (Number.isFinite(at)) times[channel] = at
  }
  return times
}

/** Who takes an opt-out back agrees where they say it; everywhere else they are asked anew. */
const reopened = (point: ContactPoint, event: Place & { readonly at: number }): ContactPoint => ({
  ...point,
  consentedAt: isAt(point, event) ? event.at : undefined
})

const sentBy = ({ attemptId, channel, abandonmentId, at }: Sent): Sent => ({ attemptId, channel, abandonmentId, at })

const movedTo = (sent: Sent, { attemptId, at, isAssumed }: Pick<Sent, "attemptId" | "at" | "isAssumed">): Sent => {
  if (sent.attemptId !== attemptId) return sent
  return isAssumed === undefined ? { ...sent, at } : { ...sent, at, isAssumed }
}

const assumed = (sent: Sent, { attemptId }: Pick<Sent, "attemptId">): Sent =>
  sent.attemptId === attemptId ? { ...sent, isAssumed: true } : sent

const followedAt = (sent: Sent, { attemptId, at }: Pick<Sent, "attemptId" | "at">): Sent =>
  sent.attemptId === attemptId && sent.followedAt === undefined ? { ...sent, followedAt: at } : sent

const isKept =
  (at: number) =>
  (sent: Sent): boolean =>
    at - sent.at < SENT_KEPT_MS

/** Every channel once: the customer's own order, then `others`, then what is left. */
export const ranked = (preferred: ReadonlyArray<Channel>, others: ReadonlyArray<Channel>): ReadonlyArray<Channel> => [
  ...new Set([...preferred, ...others, ...CHANNELS])
]
