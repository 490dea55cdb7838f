/**
 * Small logs, one subject each, that are read whole: the events of one payment, the checkout links of one cart. Appending is
 * fenced by the subject's last sequence, so of two hubs, or two requests, that decide on the same state the second to
 * write reads again and decides again.
 */
import { Effect, Schema } from "effect"
import { EXPECTED, type NatsShape, publishAcked, WRONG_LAST_SEQUENCE } from "./nats/connection.ts"
import { readSubject } from "./nats/subject-reader.ts"

/** It was not stored, or nobody knows; deciding again on what is there is safe. */
export class SubjectLogUnavailable extends Schema.TaggedError<SubjectLogUnavailable>()("SubjectLogUnavailable", {
  detail: Schema.String
}) {}

export interface SubjectLog<Event> {
  /** All events of a subject, oldest first, and its last sequence (0: none). */
  readonly read: (
    subject: string
  ) => Effect.Effect<{ readonly events: ReadonlyArray<Event>; readonly last: number }, SubjectLogUnavailable>
  /** Stores one event behind `last`; answers its sequence, or `undefined` when somebody else has written since. */
  readonly append: (
    subject: string,
    last: number,
    event: Event
  ) => Effect.Effect<number | undefined, SubjectLogUnavailable>
}

const APPEND_TIMEOUT_MS = 2_000

export const subjectLogNats = <Event>(nats: NatsShape, stream: string): SubjectLog<Event> => ({
  read: (subject) =>
    Effect.tryPromise({
      try: async () => {
        const messages = await readSubject(nats, stream, subject)
        return { events: messages.map((message) => message.json<Event>()), last: messages.at(-1)?.seq ?? 0 }
      },
      catch: (cause) => new SubjectLogUnavailable({ detail: String(cause) })
    }),
  append: (subject, last, event) =>
    publishAcked(nats.publisher, subject, new TextEncoder().encode(JSON.stringify(event)), {
      headers: { [EXPECTED]: String(last) },
      timeoutMs: APPEND_TIMEOUT_MS
    }).pipe(
      Effect.map(({ seq }): number | undefined => seq),
      Effect.catch((failed) =>
        WRONG_LAST_SEQUENCE.has(failed.code)
          ? Effect.undefined
          : Effect.fail(new SubjectLogUnavailable({ detail: failed.detail }))
      )
    )
})

/** Conflicts of one change before it gives up: of so many writers at once each gets its turn. */
const CONFLICTS_MAX = 64

/**
 * Reads, decides, appends, and does it over when somebody else has written in between. `decide` answers the events to
 * store, in order, and what the caller wants to know; it sees the state that its events will follow.
 */
export const changeSubject = <State, Event, Answer>(options: {
  readonly log: SubjectLog<Event>
  readonly subject: string
  readonly initial: State
  readonly evolve: (state: State, event: Event) => State
  readonly decide: (state: State) => { readonly events: ReadonlyArray<Event>; readonly answer: Answer }
}): Effect.Effect<{ readonly state: State; readonly answer: Answer }, SubjectLogUnavailable> =>
  Effect.gen(function* () {
    const { log, subject, initial, evolve, decide } = options
    for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts++) {
      const stored = yield* log.read(subject)
      const before = stored.events.reduce(evolve, initial)
      const { events, answer } = decide(before)
      const isStored = yield* appendAll(log, subject, stored.last, events)
      if (isStored) return { state: events.reduce(evolve, before), answer }
    }
    return yield* new SubjectLogUnavailable({ detail: `others keep writing to ${subject}` })
  })

/** False when somebody else came between: what of it was stored by then is found by the next reading. */
const appendAll = <Event>(
  log: SubjectLog<Event>,
  subject: string,
  last: number,
  events: ReadonlyArray<Event>
): Effect.Effect<boolean, SubjectLogUnavailable> =>
  Effect.gen(function* () {
    let place: number | undefined = last
    for (const event of events) {
      place = yield* log.append(subject, place, event)
      if (place === undefined) return false
    }
    return true
  })
