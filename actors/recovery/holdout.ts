/**
 * The group of customers who are left alone, so that what recovery earns can be told from what would have been bought
 * anyway. A customer is in it or not, for as long as the salt stays the same; nothing needs to be kept.
 */
import { hash64 } from "../sku/fingerprint.ts"

/** One lane of the hash: 32 bits as seven digits. */
const LANE_DIGITS = 7

/** From 0 to below 1, the same for the same customer and salt, spread evenly over customers. */
export const drawOf = (customerId: string, salt: string): number =>
  Number.parseInt(hash64(`${salt.length}:${salt}${customerId}`).slice(-LANE_DIGITS), 36) / 2 ** 32

export const isHeldOut = (
  customerId: string,
  policy: { readonly holdoutShare: number; readonly holdoutSalt: string }
): boolean => drawOf(customerId, policy.holdoutSalt) < policy.holdoutShare
