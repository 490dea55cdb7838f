/**
 * What people decided about things that wait for somebody: one subject in the DESK stream for each thing, the newest message is how
 * it stands. Writing is fenced by the subject's last sequence, so of two people who decide at once the second decides again on what
 * the first has made of it.
 */
import { Effect } from "effect"
import type { NatsShape } from "./nats/connection.ts"
import { changeSubject, type SubjectLog, subjectLogNats, SubjectLogUnavailable } from "./subject-log.ts"
import { DESK } from "./subjects.ts"

export interface Desk<Event> {
  /** How each of these stands; what nobody has decided about is not in it. */
  readonly newest: (subjects: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, Event>, SubjectLogUnavailable>
  /** What was decided about one of them, the oldest first, as far back as the stream keeps it. */
  readonly all: (subject: string) => Effect.Effect<ReadonlyArray<Event>, SubjectLogUnavailable>
  /** Decides on how it stands, and stores what that comes to; `undefined`: nothing is to be stored. */
  readonly change: <Answer>(
    subject: string,
    decide: (newest: Event | undefined) => { readonly event: Event | undefined; readonly answer: Answer }
  ) => Effect.Effect<Answer, SubjectLogUnavailable>
}

/** The server answers for so many subjects at once. */
const SUBJECTS_AT_ONCE = 512

export const deskNats = <Event>(nats: NatsShape): Desk<Event> => {
  const log: SubjectLog<Event> = subjectLogNats<Event>(nats, DESK)
  return {
    newest: (subjects) =>
      Effect.tryPromise({
        try: () => newest<Event>(nats, subjects),
        catch: (cause) => new SubjectLogUnavailable({ detail: String(cause) })
      }),
    all: (subject) => log.read(subject).pipe(Effect.map(({ events }) => events)),
    change: (subject, decide) =>
      changeSubject<Event | undefined, Event, unknown>({
        log,
        subject,
        initial: undefined,
        evolve: (_before, event) => event,
        decide: (state) => {
          const { event, answer } = decide(state)
          return { events: event === undefined ? [] : [event], answer }
        }
      }).pipe(Effect.map(({ answer }) => answer as never))
  }
}

const newest = async <Event>(
  { manager }: NatsShape,
  subjects: ReadonlyArray<string>
): Promise<ReadonlyMap<string, Event>> => {
  const found = new Map<string, Event>()
  for (let start = 0; start < subjects.length; start += SUBJECTS_AT_ONCE) {
    const some = subjects.slice(start, start + SUBJECTS_AT_ONCE)
    try {
      const messages = await manager.direct.getLastMessagesFor(DESK, { multi_last: some, batch: some.length })
      for await (const message of messages) found.set(message.subject, message.json<Event>())
    } catch (error) {
      // Of none of these anything was decided.
      if (!isNothingThere(error)) throw error
    }
  }
  return found
}

const isNothingThere = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === 404
