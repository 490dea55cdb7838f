/**
 * Who asks. A principal is found once, where a request or socket comes in, and goes with it from there.
 */
import type { Principal } from "../../actors/access/may.ts"

/** A principal, and by what it is known: what may end while it still acts, as a socket does. */
export interface Known extends Principal {
  /** The hash of its key's secret, or of its session's token. */
  readonly credential?: string
  /** Milliseconds since the epoch; absent: until it is taken away. */
  readonly until?: number
}

/** Everybody on the loopback address while no access control is configured. */
export const OPEN: Known = { kind: "open", name: "anybody", roles: ["admin"] }
