/**
 * Tells of the breaks of a connection, so that nobody waits for an answer that cannot come. What was under way when a line
 * breaks has no answer any more, and what is asked while it is broken the client drops at its next attempt to connect: both
 * would wait for their time to run out, look-ups five seconds, and a line that breaks often would never be of use.
 */
import type { NatsConnection } from "@nats-io/transport-node"
import { Effect } from "effect"

/** At the first, what was sent has lost its answer; at the second, what was asked since then has been dropped. */
const BREAKS: ReadonlySet<string> = new Set(["disconnect", "reconnect"])

export class Breaks {
  private readonly listeners = new Set<() => void>()

  constructor(connection: Pick<NatsConnection, "status">) {
    void this.watch(connection)
  }

  /** Called at each break from now on, until what is returned is called. */
  onBreak(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** The work, or `orElse` when the line breaks before it has ended. */
  orBroken<A, E, R, E2>(work: Effect.Effect<A, E, R>, orElse: () => E2): Effect.Effect<A, E | E2, R> {
    const broken = Effect.callback<never, E2>((resume) => {
      const forget = this.onBreak(() => resume(Effect.fail(orElse())))
      return Effect.sync(forget)
    })
    return Effect.raceFirst(work, broken)
  }

  private async watch(connection: Pick<NatsConnection, "status">): Promise<void> {
    // Ends with the connection.
    for await (const { type } of connection.status()) {
      if (!BREAKS.has(type)) continue
      // Whoever is told may ask again at once, and is not told of this one again.
      const before = [...this.listeners]
      for (const listener of before) listener()
    }
  }
}
