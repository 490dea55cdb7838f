/**
 * The audit record: every act that changed, or was to change, something administrative. A stream that only grows.
 *
 * An act is recorded when its outcome is known, refused ones as well. It names who, what and about what, and holds nothing of
 * what was sent: that may be a secret or personal data.
 */
import { Effect, Schema } from "effect"
import type { Principal } from "../../actors/access/may.ts"
import { type NatsShape, publishAcked } from "../../streams/nats/connection.ts"
import { ACT_SUBJECT, ACTS } from "../../streams/subjects.ts"

export interface Act {
  /** ISO 8601. */
  readonly at: string
  readonly who: { readonly kind: Principal["kind"]; readonly name: string }
  readonly action: string
  /** What it was about, as the address names it. */
  readonly target: string
  /** The HTTP status that it was answered with. */
  readonly outcome: number
  readonly address: string
}

/** As listed: `id` is the act's own number, and newer ones have higher numbers. */
export interface StoredAct extends Act {
  readonly id: number
}

export class ActsUnavailable extends Schema.TaggedError<ActsUnavailable>()("ActsUnavailable", {
  detail: Schema.String
}) {}

const RECORD_MS_MAX = 2_000

export class Acts {
  private readonly nats: NatsShape

  constructor(nats: NatsShape) {
    this.nats = nats
  }

  record(act: Act): Effect.Effect<void, ActsUnavailable> {
    const data = new TextEncoder().encode(JSON.stringify(act))
    return publishAcked(this.nats.publisher, ACT_SUBJECT, data, { timeoutMs: RECORD_MS_MAX }).pipe(
      Effect.asVoid,
      Effect.mapError(({ detail }) => new ActsUnavailable({ detail }))
    )
  }

  /** Older than `before` (an act's id; absent: the newest of all), newest first, at most `limit`. */
  list(before: number | undefined, limit: number): Effect.Effect<ReadonlyArray<StoredAct>, ActsUnavailable> {
    return Effect.tryPromise({
      try: () => this.read(before, limit),
      catch: (cause) => new ActsUnavailable({ detail: String(cause) })
    })
  }

  private async read(before: number | undefined, limit: number): Promise<ReadonlyArray<StoredAct>> {
    const { state } = await this.nats.manager.streams.info(ACTS)
    const end = Math.min(before ?? Infinity, state.last_seq + 1)
    // Nothing is ever deleted, so the numbers have no gaps.
    const start = Math.max(state.first_seq, end - limit)
    if (state.messages === 0 || start >= end) return []
    const acts: Array<StoredAct> = []
    for await (const message of await this.nats.manager.direct.getBatch(ACTS, { seq: start, batch: end - start })) {
      if (message.seq < end) acts.push({ ...message.json<Act>(), id: message.seq })
    }
    return acts.toReversed()
  }
}
