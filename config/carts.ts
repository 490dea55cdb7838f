/**
 * Bounds of what is said to and about carts, each with its reason. Amounts in minor units, times in milliseconds.
 */

/** A hold is called `cart:<cart>:<version>` and a step's mutation adds a word: with 64 both stay below 128. */
export const CART_ID_LENGTH_MAX = 64
export const LINE_QUANTITY_MAX = 100_000
export const UNIT_PRICE_MINOR_MAX = 10_000_000_000
export const CODE_LENGTH_MAX = 64
export const PROMOTION_SKUS_MAX = 500
/** Rows of the policy's tables: all are read on every change. */
export const POLICY_ROWS_MAX = 256
export const POLICY_RULES_MAX = 64
export const POLICY_COUNTRIES_MAX = 256

export const IDLE_MS_MIN = 1_000
export const IDLE_MS_MAX = 7 * 24 * 60 * 60_000

/** Payments told to carts that are not in their journal yet. */
export const PAYMENT_FACTS_AHEAD_MAX = 256

/** Carts that the rolling window finds at a stroke; the rest are found half a minute later. */
export const CART_WINDOW_CARTS_MAX = 10_000

/** A change of a cart takes twenty microseconds to fold, ten times as long as one of a SKU: five seconds of a start. */
export const CART_SNAPSHOT_EVERY_RECORDS = 250_000

/** Sleeping carts looked at each second for those that may be forgotten: half a millisecond; a million in eight minutes. */
export const FORGET_LOOK_CARTS_MAX = 2_000

/** Carts whose deadline has come that are decided in one turn; each is one event of some 300 bytes. */
export const TURN_IDLE_CARTS_MAX = 1_024
