/**
 * A journal for programs beside the hub, the stock's unless another is named: opened, read, closed again.
 */
import { Effect, Layer } from "effect"
import type { Journal } from "../streams/journal.ts"
import { journalOf } from "../streams/journal.nats.ts"
import { Nats } from "../streams/nats/connection.ts"
import { type KindNames, STOCK } from "../streams/subjects.ts"

export const withJournal = <A>(
  natsUrl: string,
  use: (journal: Journal["Service"]) => Effect.Effect<A, unknown>,
  names: KindNames = STOCK
): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(Layer.build(Nats.layer(natsUrl)), (context) =>
        Effect.provide(
          Effect.flatMap(Nats, (nats) => use(journalOf(nats, names))),
          context
        )
      )
    )
  )
