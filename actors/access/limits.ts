/**
 * Bounds of access control, each with its reason.
 */

/** Staff, not customers: a few hundred bytes each, held in memory. */
export const USERS_MAX = 10_000
/** Programs and adapters, rotated rather than added. */
export const KEYS_MAX = 10_000
/** Names of users, keys and tenants, in characters. */
export const NAME_LENGTH_MAX = 64
/** Channels that one key or user is bound to. */
export const BOUND_CHANNELS_MAX = 64
