/**
 * Frequency caps: how often somebody is written to, whatever the sequence, over rolling windows.
 *
 * A message counts from the moment it was intended, unless it certainly was not sent. So two that are decided at the
 * same time count both.
 */
import type { Channel } from "./channel.ts"
import type { Sent } from "./contact.ts"

export interface Cap {
  /** Absent: over all channels. */
  readonly channel?: Channel
  readonly messagesMax: number
  readonly windowMs: number
}

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS

/** One a day and three a week, of which two by SMS. */
export const CAPS_DEFAULT: ReadonlyArray<Cap> = [
  { messagesMax: 1, windowMs: 20 * HOUR_MS },
  { messagesMax: 3, windowMs: 7 * DAY_MS },
  { channel: "sms", messagesMax: 2, windowMs: 7 * DAY_MS },
  { messagesMax: 8, windowMs: 30 * DAY_MS }
]

export interface Capped {
  readonly cap: Cap
  /** When the window has room again. */
  readonly until: number
}

/** The cap that forbids a message on the channel at that moment for longest, or `undefined`. */
export const cappedBy = (
  caps: ReadonlyArray<Cap>,
  sent: ReadonlyArray<Sent>,
  { channel, at }: { readonly channel: Channel; readonly at: number }
): Capped | undefined => {
  let longest: Capped | undefined
  for (const cap of caps) {
    if (cap.channel !== undefined && cap.channel !== channel) continue
    const times = sent
      .filter((one) => (cap.channel === undefined || one.channel === cap.channel) && one.at > at - cap.windowMs)
      .map((one) => one.at)
      .sort((left, right) => left - right)
    if (times.length < cap.messagesMax) continue
    const until = cap.messagesMax === 0 ? Infinity : (times[times.length - cap.messagesMax] as number) + cap.windowMs
    if (longest === undefined || until > longest.until) longest = { cap, until }
  }
  return longest
}
