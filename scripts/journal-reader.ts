/**
 * The journal for programs beside the hub: opened, read, closed again.
 */
import { Effect, Layer } from "effect"
import { Journal } from "../streams/journal.ts"
import { journalNats } from "../streams/journal.nats.ts"
import { Nats } from "../streams/nats/connection.ts"

export const withJournal = <A>(
  natsUrl: string,
  use: (journal: Journal["Service"]) => Effect.Effect<A, unknown>
): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(Layer.build(journalNats.pipe(Layer.provide(Nats.layer(natsUrl)))), (context) =>
        Effect.provide(Effect.flatMap(Journal, use), context)
      )
    )
  )
