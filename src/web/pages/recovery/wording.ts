/**
 * What was recorded about a customer, in sentences. What has no sentence here is shown as it was recorded, so nothing is
 * left out.
 */
import type { TimelineItem } from "../../../recovery/figures-protocol.ts"
import { money, timeOf } from "../../app/formats.ts"

const CHANNELS: Readonly<Record<string, string>> = {
  sms: "text",
  whatsapp: "WhatsApp",
  messenger: "Messenger",
  email: "e-mail",
  "web-chat": "web chat"
}

const REASONS: Readonly<Record<string, string>> = {
  bought: "they have bought",
  "cart-changed": "the cart was changed",
  "cart-empty": "the cart is empty",
  "sold-out": "what is in it is sold out",
  "too-late": "too much time has passed",
  "opted-out": "they want no more",
  "no-address": "no address",
  suppressed: "nothing is sent to this address",
  "no-consent": "they have not agreed",
  "no-conversation": "they have not written there lately",
  "not-present": "they do not have the shop open",
  "text-already-sent": "there was a text for this cart",
  "place-unknown": "nobody knows what time it is there",
  "quiet-hours": "it is night there",
  cap: "often enough lately",
  failed: "it failed there",
  replied: "they have answered",
  completed: "all steps are done",
  "stopped-by-operator": "stopped by an operator",
  joined: "another recovery of theirs goes on",
  "customer-erased": "the customer was erased",
  holdout: "left alone by lot, to measure what recovery earns",
  "already-running": "another recovery of theirs runs",
  "nothing-to-reach": "there is no way to reach them",
  "no-sequence": "no sequence fits this cart",
  undeliverable: "the carrier says that it is dead",
  complained: "they complained",
  "by-operator": "an operator said so",
  expired: "its time was over",
  revoked: "somebody else had tried it",
  withdrawn: "the message that had it was not sent",
  unneeded: "the cart was bought without it"
}

export const channelWord = (channel: unknown): string => CHANNELS[String(channel)] ?? String(channel)
export const reasonWord = (reason: unknown): string => REASONS[String(reason)] ?? String(reason)

interface Refused {
  readonly channel: string
  readonly reason: string
  readonly until?: string
}

interface Left {
  readonly cartId: string
}

/** What spoke against each channel that was not taken. */
export const refusedWords = ({ refused }: TimelineItem): ReadonlyArray<string> =>
  (Array.isArray(refused) ? (refused as ReadonlyArray<Refused>) : []).map(({ channel, reason, until }) => {
    const wait = until === undefined ? "" : `, until ${timeOf(until)}`
    return `Not by ${channelWord(channel)}: ${reasonWord(reason)}${wait}`
  })

const cartOf = ({ abandonment }: TimelineItem): string => (abandonment as Left | undefined)?.cartId ?? ""
const stepOf = ({ step }: TimelineItem): string => `Step ${Number(step) + 1}`

const settingsWords = ({ country, preferred, zone }: TimelineItem): string => {
  const said = [
    Array.isArray(preferred) ? `prefers ${preferred.map(channelWord).join(", then ")}` : "",
    zone === undefined ? "" : `lives by the clocks of ${String(zone)}`,
    country === undefined ? "" : `has things sent to ${String(country)}`
  ].filter((text) => text !== "")
  return said.length === 0 ? "Settings left as they were" : `Settings: ${said.join("; ")}`
}

const pointWords = ({ point }: TimelineItem): string => {
  const { address, channel, consentedAt } = (point ?? {}) as Readonly<Record<string, unknown>>
  const place = `${channelWord(channel)} ${String(address)}`
  return consentedAt === undefined ? `Known by ${place}, without having agreed to be written to` : `Agreed to ${place}`
}

const offerWords = ({ arm, because, currency, offer }: TimelineItem): string => {
  const { expiresAt, offerId, reservedMinor } = (offer ?? {}) as Readonly<Record<string, unknown>>
  if (offerId !== undefined) {
    const atMost = money(Number(reservedMinor), String(currency))
    return `Offered ${String(arm)}: ${String(offerId)}, at most ${atMost}, until ${timeOf(expiresAt)}`
  }
  const { draws, findings } = (because ?? {}) as Readonly<Record<string, unknown>>
  const against = (Array.isArray(findings) ? (findings as ReadonlyArray<Finding>) : []).filter((one) => one.isAgainst)
  if (against.length > 0) return `No offer: ${against.map(({ rule }) => rule).join(", ")}`
  const wasDrawn = Array.isArray(draws) && draws.length > 0
  return wasDrawn ? "No offer: none was thought to bring more" : "No offer: none keeps the margin within the budget"
}

interface Finding {
  readonly rule: string
  readonly isAgainst: boolean
}

const WORDS: Readonly<Record<string, (item: TimelineItem) => string>> = {
  "contact-point-set": pointWords,
  "contact-point-removed": ({ address, channel }) => `Not known by ${channelWord(channel)} ${String(address)} any more`,
  "contact-settings-set": settingsWords,
  "contact-joined": () => "Signed in: what was known of them before counts too",
  "customer-wrote": ({ channel }) => `Wrote by ${channelWord(channel)}`,
  "customer-replied": ({ channel }) => `Answered by ${channelWord(channel)}`,
  "opted-out": ({ address, channel }) => `Wants no more, said by ${channelWord(channel)} ${String(address)}`,
  "opted-in": ({ address, channel }) => `Wants to hear again, said by ${channelWord(channel)} ${String(address)}`,
  "address-suppressed": ({ address, reason }) => `Nothing is sent to ${String(address)}: ${reasonWord(reason)}`,
  "address-reopened": ({ address }) => `${String(address)} may be written to again`,
  "recovery-withheld": (item) => `Left cart ${cartOf(item)}; nothing was begun: ${reasonWord(item["reason"])}`,
  "recovery-started": (item) =>
    `Left cart ${cartOf(item)}; recovery begun by ${String(item["sequenceId"])} v${String(item["sequenceVersion"])}`,
  "step-decided": (item) => `${stepOf(item)}: by ${channelWord(item["channel"])}, at ${timeOf(item["sendAt"])}`,
  "step-skipped": (item) => `${stepOf(item)} skipped: no channel will do`,
  "message-intended": ({ address, channel, template }) =>
    `Message decided: ${String(template)} by ${channelWord(channel)} to ${String(address)}`,
  "message-sent": ({ segments }) =>
    segments === undefined
      ? "Message sent"
      : `Message sent, billed as ${String(segments)} text${segments === 1 ? "" : "s"}`,
  "message-retried": () => "Message tried again",
  "message-postponed": ({ code, retryAt }) => `Message waits until ${timeOf(retryAt)}: ${reasonWord(code)}`,
  "message-failed": ({ code, isUnsent }) =>
    isUnsent === true
      ? `Message did not go: ${String(code)}`
      : "Nobody knows whether the message went; it counts as sent",
  "message-skipped": ({ reason }) => `Message not sent: ${reasonWord(reason)}`,
  "link-followed": () => "Pressed the button of the link in a message",
  "offer-decided": offerWords,
  "offer-repeated": ({ offerId }) => `The message names the offer ${String(offerId)} again`,
  "offer-ending": ({ offerId, reason }) => `The offer ${String(offerId)} ends: ${reasonWord(reason)}`,
  "offer-redeemed": ({ offerId }) => `The offer ${String(offerId)} was used`,
  "offer-closed": ({ offerId, reason }) => `The offer ${String(offerId)} has ended unused: ${reasonWord(reason)}`,
  "offer-learned": ({ arm, isBought }) =>
    `Learned of ${arm === "none" ? "a message without an offer" : String(arm)}: ${isBought === true ? "bought" : "not bought"}`,
  "recovery-ended": ({ reason }) => `Recovery ended: ${reasonWord(reason)}`,
  ordered: ({ cart, currency, paidMinor, refundedMinor, state }) => {
    const paid = `Bought cart ${String(cart)} for ${money(Number(paidMinor), String(currency))}`
    if (state === "cancelled") return `${paid}, then cancelled it`
    return Number(refundedMinor) > 0
      ? `${paid}, ${money(Number(refundedMinor), String(currency))} of it paid back`
      : paid
  }
}

export const sentenceOf = (item: TimelineItem): string => {
  const words = WORDS[item.type]
  if (words !== undefined) return words(item)
  const { at: _at, type, recoveryId: _recovery, ...fields } = item
  return `${type}: ${JSON.stringify(fields)}`
}
