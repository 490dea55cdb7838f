/**
 * What has become of a message, as carriers tell it: late, twice and in any order.
 *
 * Pure. A state only ever goes forward: `delivered` that comes before `sent` stays, and the `sent` that comes after it
 * changes nothing. Of two ends the first stands, but what was read was delivered, whatever was said before.
 */

export const DELIVERY_STATES = ["accepted", "sent", "delivered", "read", "failed"] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** How far along: of `failed` and `delivered` neither follows the other. */
const rank: Readonly<Record<DeliveryState, number>> = { accepted: 0, sent: 1, delivered: 2, failed: 2, read: 3 }

/** Whether `told` is news to who knows `known`; `undefined` is to know nothing. */
export const isFurther = (known: DeliveryState | undefined, told: DeliveryState): boolean =>
  known === undefined || rank[told] > rank[known]

/** The state after something was told. */
export const furthest = (known: DeliveryState | undefined, told: DeliveryState): DeliveryState =>
  known === undefined || isFurther(known, told) ? told : known

/** Nothing more follows, but for `read` after `delivered`. */
export const isEnd = (state: DeliveryState): boolean => rank[state] >= 2
