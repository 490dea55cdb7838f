/**
 * The suppression list: addresses that nothing is sent to, whoever they belong to and from whichever number it would go.
 *
 * A phone is one address for SMS and WhatsApp, so one entry closes both. The list outlives the customer's record: another
 * customer who gives the same address finds it closed, and only the word of its owner opens it again.
 */
import type { Channel } from "./channel.ts"

export interface Suppression {
  readonly reason: "opted-out" | "undeliverable" | "complained" | "by-operator"
  readonly channel: Channel
  readonly at: number
}

export type Suppressions = ReadonlyMap<string, Suppression>

export type SuppressionEvent =
  | {
      readonly type: "address-suppressed"
      readonly at: number
      readonly channel: Channel
      readonly address: string
      readonly reason: Suppression["reason"]
    }
  | { readonly type: "address-reopened"; readonly at: number; readonly address: string }

/** Works in place: the list of a shop is long. */
export const evolveSuppressions = (list: Map<string, Suppression>, event: SuppressionEvent): void => {
  if (event.type === "address-reopened") {
    list.delete(event.address)
    return
  }
  const { address, reason, channel, at } = event
  // An opt-out is the owner's word and is not overwritten by what a carrier found.
  if (list.get(address)?.reason === "opted-out") return
  list.set(address, { reason, channel, at })
}
