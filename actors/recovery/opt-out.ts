/**
 * What an opt-out, and taking it back, mean: the same on every channel, at once, for all of the customer's addresses.
 */
import type { Channel } from "./channel.ts"
import type { Contact, ContactEvent } from "./contact.ts"
import type { SuppressionEvent, Suppressions } from "./suppression.ts"

export interface Said {
  readonly at: number
  readonly channel: Channel
  readonly address: string
}

/** Nothing when it is known already: STOP said five times is one opt-out. */
export const optOut = (
  contact: Contact,
  suppressions: Suppressions,
  { at, channel, address }: Said
): ReadonlyArray<ContactEvent | SuppressionEvent> => {
  const addresses = [...new Set([address, ...contact.points.map((point) => point.address)])]
  return [
    ...(contact.optedOutAt === undefined ? [{ type: "opted-out" as const, at, channel, address }] : []),
    ...addresses
      .filter((one) => suppressions.get(one)?.reason !== "opted-out")
      .map((one) => ({ type: "address-suppressed" as const, at, channel, address: one, reason: "opted-out" as const }))
  ]
}

/** Opens the address that it was said from, also one that was thought dead: it has just written. */
export const optIn = (
  contact: Contact,
  suppressions: Suppressions,
  { at, channel, address }: Said
): ReadonlyArray<ContactEvent | SuppressionEvent> => [
  ...(contact.optedOutAt === undefined ? [] : [{ type: "opted-in" as const, at, channel, address }]),
  ...(suppressions.has(address) ? [{ type: "address-reopened" as const, at, address }] : [])
]
