/**
 * The customer wrote: what that means for being written to, at once and in one commit.
 *
 * What they wrote is read before it comes here (`wordOf`), so that their words need not be journaled. Whatever it was, it
 * ends the sequence: from here on somebody talks to them.
 */
import type { Channel } from "./channel.ts"
import type { Contact, ContactEvent } from "./contact.ts"
import { end, replied } from "./decide.ts"
import type { RecoveryEvent } from "./events.ts"
import { optIn, optOut } from "./opt-out.ts"
import type { Recovery } from "./recovery.ts"
import type { SuppressionEvent, Suppressions } from "./suppression.ts"
import type { Word } from "./words.ts"

export interface Heard {
  readonly at: number
  readonly channel: Channel
  /** Where it came from. */
  readonly address: string
  readonly word: Word | undefined
}

export interface Hearing {
  readonly contact: Contact
  readonly suppressions: Suppressions
  readonly recovery: Recovery | undefined
}

export const hear = (
  { contact, suppressions, recovery }: Hearing,
  heard: Heard
): ReadonlyArray<ContactEvent | SuppressionEvent | RecoveryEvent> => {
  const { at, channel, word } = heard
  const wrote: ContactEvent = { type: "customer-wrote", at, channel }
  if (word?.kind === "stop") {
    const ended = recovery === undefined ? [] : end(recovery, "opted-out", at)
    return [wrote, ...optOut(contact, suppressions, heard), ...ended]
  }
  return [
    wrote,
    ...(word?.kind === "start" ? optIn(contact, suppressions, heard) : []),
    ...(recovery === undefined ? [] : replied(recovery, heard))
  ]
}
