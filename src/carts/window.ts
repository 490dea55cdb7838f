/**
 * The safety net under the idle timers: PostgreSQL is asked now and then for carts that have been idle for 15 to 60 minutes,
 * are overdue, and were not found abandoned or written to.
 *
 * In normal operation it finds nothing. What it finds is counted (`holdfast_cart_window_found_total`) and given to the carts'
 * host, which decides by its own state; so a read model that is behind does no harm.
 */
import { Effect } from "effect"
import type pg from "pg"
import { CART_WINDOW_CARTS_MAX } from "../../config/carts.ts"
import { query } from "../../streams/postgres.ts"
import { IDLE_WINDOW } from "../../streams/projections/carts.ts"
import { hubsCommand } from "../host/owner-mail.ts"
import type { CartCommandMail } from "./mail.ts"

const MINUTE_MS = 60_000
const IDLE_FROM_MS = 15 * MINUTE_MS
const IDLE_TO_MS = 60 * MINUTE_MS
/** A timer is at most half a second late, and the read model a moment behind; a hub that was down catches up first. */
const OVERDUE_MS = MINUTE_MS
const LOOK_EVERY = "30 seconds"

export interface WindowServices {
  readonly pool: pg.Pool
  readonly host: { readonly submit: (mail: CartCommandMail) => void }
  readonly nowMs: () => number
  readonly onFound: (count: number) => void
}

/** Looks once; answers the carts that were found. */
export const lookThroughWindow = Effect.fnUntraced(function* ({ pool, host, nowMs, onFound }: WindowServices) {
  const now = nowMs()
  const bounds = [now - IDLE_TO_MS, now - IDLE_FROM_MS, now - OVERDUE_MS, CART_WINDOW_CARTS_MAX]
  const found = yield* query<{ cart: string }>(pool, "cart window", IDLE_WINDOW, bounds)
  if (found.length > 0) onFound(found.length)
  for (const { cart } of found) {
    // What could not be taken is found again.
    host.submit(hubsCommand({ type: "idle-found", cart, mutationId: `window:${cart}:${now}` }, () => undefined))
  }
  return found.map(({ cart }) => cart)
})

export const watchWindow = (services: WindowServices): Effect.Effect<never> =>
  Effect.forever(Effect.andThen(Effect.sleep(LOOK_EVERY), Effect.ignore(lookThroughWindow(services))))
