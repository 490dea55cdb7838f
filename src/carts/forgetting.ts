/**
 * Looks for carts that have rested for long, a few each second, and has them forgotten: out of memory and out of the next
 * snapshot. Journal, events and PostgreSQL keep them.
 */
import { Effect } from "effect"
import type { CartKeep } from "../../actors/cart/rest.ts"
import { FORGET_LOOK_CARTS_MAX } from "../../config/carts.ts"
import { hubsCommand } from "../host/owner-mail.ts"
import type { CartPartitions } from "./layer.ts"

export const forgetting = (host: CartPartitions, keep: CartKeep, nowMs: () => number): Effect.Effect<never> =>
  Effect.forever(
    Effect.andThen(
      Effect.sleep("1 second"),
      Effect.sync(() => {
        if (!host.isBusy) lookForResting(host, keep, nowMs())
      })
    )
  )

/** What could not be taken is found the next time round. */
export const lookForResting = (host: Pick<CartPartitions, "book" | "submit">, keep: CartKeep, at: number): number => {
  const found = host.book.forgettable(keep, at, FORGET_LOOK_CARTS_MAX)
  for (const cart of found) {
    host.submit(hubsCommand({ type: "forget", cart, mutationId: `forget:${cart}:${at}`, keep }, () => undefined))
  }
  return found.length
}
