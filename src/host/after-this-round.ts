import { Effect } from "effect"

/** What this round of the event loop has to send leaves before anything is done that can wait. */
export const afterThisRound: Effect.Effect<void> = Effect.callback((resume) => {
  setImmediate(() => resume(Effect.void))
})
