/**
 * Who asks. A principal is found once, where a request or socket comes in, and goes with it from there.
 */
import type { Principal } from "../../actors/access/may.ts"

export type { Principal }

/** Everybody on the loopback address while no access control is configured. */
export const OPEN: Principal = { kind: "open", name: "anybody", roles: ["admin"] }
