/**
 * Users, keys and sessions, kept on one small stream and folded from it: at the start all of it, then whatever this hub or
 * another writes. Reading is from memory; what is changed is stored before anybody is told that it is so.
 *
 * Changes of users and keys are fenced by the last of them, so two hubs cannot decide on the same state. Sessions and last
 * uses are not: each has a subject of its own, on which only the newest message is kept, and a session's goes by itself.
 */
import { Deferred, Effect, Schema } from "effect"
import type { AccessCommand } from "../../actors/access/commands.ts"
import { type AccessRejection, decide } from "../../actors/access/decide.ts"
import type { AccessEvent } from "../../actors/access/events.ts"
import { type AccessState, evolve, initialState } from "../../actors/access/state.ts"
import { readFacts } from "../../streams/facts.ts"
import { EXPECTED, type NatsShape, publishAcked, WRONG_LAST_SEQUENCE } from "../../streams/nats/connection.ts"
import { readSubject } from "../../streams/nats/subject-reader.ts"
import * as Subjects from "../../streams/subjects.ts"
import { type Session, Sessions } from "./sessions.ts"

/** The stream cannot be written or read now; nothing is changed, as far as anybody knows. */
export class AccessUnavailable extends Schema.TaggedError<AccessUnavailable>()("AccessUnavailable", {
  detail: Schema.String
}) {}

/** It may not be so changed. */
export class AccessRefused extends Schema.TaggedError<AccessRefused>()("AccessRefused", {
  code: Schema.String,
  message: Schema.String
}) {}

const STORE_MS_MAX = 2_000
/** Others that write at the same time: people do not, in such numbers. */
const CONFLICTS_MAX = 8
const NAMES = { facts: Subjects.ACCESS }

export class AccessStore {
  readonly sessions = new Sessions()
  /** When each key was last used, milliseconds since the epoch. */
  readonly keysUsed = new Map<string, number>()
  private readonly nats: NatsShape
  private folded: AccessState = initialState
  private sequence = 0
  private eventSequence = 0
  private readonly awaited = new Set<{ readonly sequence: number; readonly seen: Deferred.Deferred<void> }>()
  private readonly listeners: Array<() => void> = []

  private constructor(nats: NatsShape) {
    this.nats = nats
  }

  /** Folded up to now; follows the stream for as long as the scope is open. */
  static readonly open = (nats: NatsShape) =>
    Effect.gen(function* () {
      const store = new AccessStore(nats)
      const stored = yield* Effect.tryPromise({
        try: () => readSubject(nats, Subjects.ACCESS, Subjects.ACCESS_SUBJECTS),
        catch: (cause) => new AccessUnavailable({ detail: String(cause) })
      })
      for (const { seq, subject, data } of stored) store.fold(seq, subject, data)
      const take = ({ sequence, subject, data }: { sequence: number; subject: string; data: Uint8Array }) =>
        Effect.sync(() => store.fold(sequence, subject, data))
      yield* Effect.forkScoped(readFacts(nats, NAMES, { after: () => store.sequence, take }))
      return store
    })

  get state(): AccessState {
    return this.folded
  }

  /** Called after users or keys have changed or a session was ended; not when something was used, which it is all the time. */
  onChange(listener: () => void): void {
    this.listeners.push(listener)
  }

  change(command: AccessCommand): Effect.Effect<void, AccessRefused | AccessUnavailable> {
    return Effect.gen({ self: this }, function* () {
      for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts++) {
        const decided = decide(this.folded, command)
        if (decided._tag === "Failure") return yield* refusedBy(decided.failure)
        const [event] = decided.success
        if (event === undefined || (yield* this.append(event))) return
        yield* Effect.sleep("50 millis")
      }
      return yield* new AccessUnavailable({ detail: "others keep changing users and keys" })
    })
  }

  /** Stores a session as it is now. */
  keepSession(session: Session, nowMs: number): Effect.Effect<void, AccessUnavailable> {
    const { hash, ...rest } = session
    const ttlSeconds = Math.max(1, Math.ceil((session.expiresAt - nowMs) / 1_000))
    return this.publish(Subjects.accessSessionSubject(hash), rest, {
      "Nats-Rollup": "sub",
      "Nats-TTL": `${ttlSeconds}s`
    })
  }

  endSession(hash: string): Effect.Effect<void, AccessUnavailable> {
    return this.publish(Subjects.accessSessionSubject(hash), null, { "Nats-Rollup": "sub", "Nats-TTL": "3600s" })
  }

  keepUse(key: string, at: number): Effect.Effect<void, AccessUnavailable> {
    return this.publish(Subjects.accessUsedSubject(key), at, { "Nats-Rollup": "sub" })
  }

  /** False when somebody else has written since. */
  private append(event: AccessEvent): Effect.Effect<boolean, AccessUnavailable> {
    return this.publish(Subjects.ACCESS_EVENT_SUBJECT, event, { [EXPECTED]: String(this.eventSequence) }).pipe(
      Effect.as(true),
      Effect.catchIf(
        ({ detail }) => detail === CONFLICT,
        () => Effect.succeed(false)
      )
    )
  }

  /** Settles when it is stored and folded. */
  private publish(
    subject: string,
    body: unknown,
    headers: Record<string, string>
  ): Effect.Effect<void, AccessUnavailable> {
    const data = new TextEncoder().encode(JSON.stringify(body))
    return publishAcked(this.nats.publisher, subject, data, { headers, timeoutMs: STORE_MS_MAX }).pipe(
      Effect.mapError(
        ({ code, detail }) => new AccessUnavailable({ detail: WRONG_LAST_SEQUENCE.has(code) ? CONFLICT : detail })
      ),
      Effect.flatMap(({ seq }) => this.seen(seq))
    )
  }

  private seen(sequence: number): Effect.Effect<void, AccessUnavailable> {
    if (this.sequence >= sequence) return Effect.void
    const waiting = { sequence, seen: Deferred.makeUnsafe<void>() }
    this.awaited.add(waiting)
    return Deferred.await(waiting.seen).pipe(
      Effect.timeoutOrElse({
        duration: STORE_MS_MAX,
        orElse: () => Effect.fail(new AccessUnavailable({ detail: "it is stored, but not read back yet" }))
      }),
      Effect.ensuring(Effect.sync(() => this.awaited.delete(waiting)))
    )
  }

  private fold(sequence: number, subject: string, data: Uint8Array): void {
    if (sequence <= this.sequence) return
    this.sequence = sequence
    const body = readBody(data)
    if (body === undefined) return
    const token = subject.slice(subject.lastIndexOf(".") + 1)
    const isEvent = subject === Subjects.ACCESS_EVENT_SUBJECT
    if (isEvent) {
      this.eventSequence = sequence
      this.folded = evolve(this.folded, body as AccessEvent)
    } else if (subject === Subjects.accessUsedSubject(token)) {
      this.keysUsed.set(token, body as number)
    } else if (body === null) {
      this.sessions.delete(token)
    } else {
      this.sessions.set({ ...(body as Omit<Session, "hash">), hash: token })
    }
    for (const waiting of this.awaited) {
      if (waiting.sequence <= sequence) Deferred.doneUnsafe(waiting.seen, Effect.void)
    }
    if (isEvent || body === null) for (const listener of this.listeners) listener()
  }
}

/** `undefined`: the hub has not written it, and must not end for it. */
const readBody = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(data)) as unknown
  } catch {
    return undefined
  }
}

const CONFLICT = "others have written since"

const refusedBy = ({ code, message }: AccessRejection) => new AccessRefused({ code, message })
