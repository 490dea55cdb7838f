/**
 * One thing at a time for each cart, in the order in which it was asked for; carts do not wait for each other.
 */
import { Effect, Semaphore } from "effect"

export class TurnByTurn {
  private readonly lanes = new Map<string, { readonly semaphore: Semaphore.Semaphore; waiting: number }>()

  /** Of `cartId` nothing else runs meanwhile. */
  run<A, E>(cartId: string, effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      const lane = this.lanes.get(cartId) ?? { semaphore: Semaphore.makeUnsafe(1), waiting: 0 }
      this.lanes.set(cartId, lane)
      lane.waiting++
      const leave = Effect.sync(() => {
        if (--lane.waiting === 0) this.lanes.delete(cartId)
      })
      return Effect.ensuring(lane.semaphore.withPermits(1)(effect), leave)
    })
  }
}
