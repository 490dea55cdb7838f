/**
 * Kills the hub, NATS and PostgreSQL in turn while shoppers fill carts, pay them or leave them and are written to; then every
 * book is compared: nothing lost, nothing twice, and everything came to its end by itself.
 */
import { type Kill, runSessions, type RunReport } from "../shoppers/run.ts"
import { makeSessions } from "../shoppers/sessions.ts"
import { Random } from "../simulate/random.ts"
import type { VictimName } from "./victims.ts"

const VICTIMS: ReadonlyArray<VictimName> = ["hub", "nats", "postgres"]
const SPEED = 300
const SHOPPERS = 16
/**
 * Twilio is on this machine and lists at once what it has taken, and a call is given up after five seconds: what was not
 * listed by then never came.
 */
const GRACE_MS = 6_000

export const cartCrashTest = (rounds: number, onKill: (kill: Kill) => void): Promise<RunReport> =>
  runSessions({
    sessions: makeSessions(Infinity, new Random(rounds)),
    speed: SPEED,
    atOnce: SHOPPERS,
    graceMs: GRACE_MS,
    kills: Array.from({ length: rounds }, (_, round) => VICTIMS[round % VICTIMS.length] as VictimName),
    onKill
  })
