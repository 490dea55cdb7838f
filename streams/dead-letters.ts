/**
 * What could not be applied or delivered, kept whole with the reason, so that somebody can mend it and send it again:
 * facts, quantities that a channel did not take, alerts that reached nobody.
 *
 * Storing the same letter again within the stream's duplicate window is once, so a crash between the letter and
 * the commit that passes the fact leaves one letter.
 */
import { Context, Effect, Layer, Schema } from "effect"
import { Nats, type NatsShape, publishAcked } from "./nats/connection.ts"
import { storedAt } from "./stored-at.ts"
import { DEAD_LETTERS, deadSubject } from "./subjects.ts"

export interface DeadLetter {
  /** What it is a letter of: a token; `fact` unless given. */
  readonly source?: string
  readonly code: string
  readonly message: string
  /** Where in the message, when a field was at fault. */
  readonly path?: string
  /** The subject that it was published to. */
  readonly subject: string
  /** Its text as it came, cut at 64 KiB. */
  readonly body: string
  /** Its sequence in the stream that it came from: of one source, it names the letter. */
  readonly sequence: number
}

/** As listed: `id` is the letter's own sequence, `at` ISO 8601. */
export interface StoredDeadLetter extends DeadLetter {
  readonly id: number
  readonly at: string
}

export class DeadLettersUnavailable extends Schema.TaggedError<DeadLettersUnavailable>()("DeadLettersUnavailable", {
  detail: Schema.String
}) {}

export interface DeadLettersShape {
  readonly put: (letter: DeadLetter) => Effect.Effect<void, DeadLettersUnavailable>
  /** Letters after `after` (a letter's `id`), oldest first, at most `limit`. */
  readonly list: (
    after: number,
    limit: number
  ) => Effect.Effect<ReadonlyArray<StoredDeadLetter>, DeadLettersUnavailable>
}

export class DeadLetters extends Context.Service<DeadLetters, DeadLettersShape>()("holdfast/streams/DeadLetters") {
  static readonly layerNats: Layer.Layer<DeadLetters, never, Nats> = Layer.effect(
    DeadLetters,
    Effect.map(Nats, (nats) => inNats(nats))
  )
  static readonly layerMemory: Layer.Layer<DeadLetters> = Layer.sync(DeadLetters, () => memory())
}

const PUT_TIMEOUT_MS = 2_000

const inNats = (nats: NatsShape): DeadLettersShape => {
  const unavailable = (cause: unknown) => new DeadLettersUnavailable({ detail: String(cause) })
  return {
    put: (letter) => {
      const token = letter.subject.slice(letter.subject.lastIndexOf(".") + 1)
      const source = letter.source ?? "fact"
      return publishAcked(
        nats.publisher,
        deadSubject(source, token),
        new TextEncoder().encode(JSON.stringify(letter)),
        {
          headers: { "Nats-Msg-Id": `${source}:${letter.sequence}` },
          timeoutMs: PUT_TIMEOUT_MS
        }
      ).pipe(
        Effect.mapError((failed) => unavailable(failed.detail)),
        Effect.asVoid
      )
    },
    list: (after, limit) => Effect.tryPromise({ try: () => readAfter(nats, after, limit), catch: unavailable })
  }
}

const readAfter = async (nats: NatsShape, after: number, limit: number): Promise<ReadonlyArray<StoredDeadLetter>> => {
  const { state } = await nats.manager.streams.info(DEAD_LETTERS)
  if (state.messages === 0 || state.last_seq <= after) return []
  const letters: Array<StoredDeadLetter> = []
  const batch = await nats.manager.direct.getBatch(DEAD_LETTERS, { seq: after + 1, batch: limit })
  for await (const message of batch) {
    letters.push({ ...message.json<DeadLetter>(), id: message.seq, at: storedAt(message) })
  }
  return letters
}

const memory = (): DeadLettersShape => {
  const letters: Array<StoredDeadLetter> = []
  return {
    put: (letter) =>
      Effect.clockWith((clock) =>
        Effect.sync(() => {
          if (letters.some((known) => known.sequence === letter.sequence && known.source === letter.source)) return
          const at = new Date(clock.currentTimeMillisUnsafe()).toISOString()
          letters.push({ ...letter, id: letters.length + 1, at })
        })
      ),
    list: (after, limit) => Effect.sync(() => letters.filter((letter) => letter.id > after).slice(0, limit))
  }
}
