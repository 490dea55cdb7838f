/**
 * What Twilio's error numbers mean for a message: Twilio's error dictionary, read for whether the number is at fault, the
 * message, the pace, or the day.
 *
 * Only what says that a number will never take a text makes it `permanent`, because that suppresses it. A phone that is
 * off (30003) is none of those. Codes that are not here are `refused` when a call was answered 4xx with them: what Twilio
 * will not take today it will not take when asked again.
 */
import type { FailureClass } from "../../outreach.ts"

const codes: Readonly<Record<FailureClass, ReadonlyArray<number>>> = {
  permanent: [
    21211, // no phone number
    21217, // nor does this appear to be one
    21265, // a short code
    21268, // a premium number
    21269, // an information service's number
    21610, // has sent STOP
    21614, // cannot receive texts
    21635, // a landline
    30004, // blocked at the handset or by the carrier
    30005, // unknown, or not in service any more
    30006, // a landline, or a carrier that cannot be reached
    63003, // not to be found on this channel
    63014, // the customer has blocked the sender
    63024 // not on WhatsApp
  ],
  refused: [
    20404, // no such resource: a service or template that is gone
    21266, // to itself
    21408, // this country is not switched on
    21606, // this sender cannot send texts to that number
    21608, // a trial account and an unverified number
    21612, // this sender does not reach that number
    21617, // too long
    21655, // the template's id is none
    21656, // the template's variables are none
    21703, // the messaging service has no sender
    30003, // switched off, or out of reach: another message may get there
    30007, // filtered as spam
    30010, // dearer than the limit
    30034, // the sender is not registered in the US
    63013, // against the channel's policy
    63016, // outside the 24 hours, and no template
    63021, // the channel does not take this content
    63032, // WhatsApp keeps it from this customer
    63049 // Meta has chosen not to deliver it
  ],
  throttled: [
    20429, // too many requests
    21611, // the sender's queue is full
    30001, // the queue overflowed
    30022, // too many for this sender just now
    30023, // too many for today
    63017, // WhatsApp: too many
    63018 // the channel's rate limit
  ],
  temporary: [
    20003, // the credentials do not do: an operator's matter, not the message's
    20005, // the account is not active
    30002, // the account is suspended
    30008, // the carrier gave no reason
    30017, // the carrier's network is congested
    30410, // the provider did not answer
    63001, // the channel's credentials do not do
    63012 // the channel answered with an error of its own
  ],
  unknown: []
}

const classes = new Map<number, FailureClass>(
  Object.entries(codes).flatMap(([name, numbers]) => numbers.map((code) => [code, name as FailureClass] as const))
)

/** Of a call that was refused. */
export const classOfRefusal = (status: number, code: number | undefined): FailureClass => {
  const known = code === undefined ? undefined : classes.get(code)
  if (status === 429) return "throttled"
  // 503 is said before anything is done. After 500, 502 and 504 something may have been.
  if (status >= 500) return status === 503 ? "temporary" : "unknown"
  if (known !== undefined) return known
  return status === 401 || status === 403 ? "temporary" : "refused"
}

/** Of a message that was taken, and did not arrive: there is nothing left to be unknown. */
export const classOfDelivery = (code: number | undefined): FailureClass =>
  (code === undefined ? undefined : classes.get(code)) ?? "refused"
