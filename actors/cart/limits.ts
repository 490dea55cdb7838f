/**
 * The bounds that decisions on carts keep, each with its reason; what is read from outside is bounded in `config/carts.ts`.
 */

/** A cart that is changed is priced and packed whole: 200 lines are some 20 KiB. */
export const CART_LINES_MAX = 200
/** A billion of a currency with two decimals; times 10,000 basis points it is still exact in a double. */
export const CART_TOTAL_MINOR_MAX = 100_000_000_000
/** Codes entered into one cart: each is tried on every change. */
export const CART_CODES_MAX = 8
/** Promotions that need no code: each is tried on every change of every cart. */
export const AUTOMATIC_PROMOTIONS_MAX = 32
/** Promotions known at once; one is some 200 bytes. */
export const PROMOTIONS_MAX = 1_000_000
/** Payments kept by a cart that bought nothing. */
export const CART_STRAYS_MAX = 32
