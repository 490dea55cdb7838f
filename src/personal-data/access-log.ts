/**
 * Who has seen whose personal data, when and why: a stream that only grows. An access is stored before anything is shown; what
 * cannot be recorded is not shown. The customer stands in it as a token, so it says nothing after an erasure that it should not.
 */
import { Effect } from "effect"
import type { NatsShape } from "../../streams/nats/connection.ts"
import { GroupPublisher } from "../../streams/nats/group-publisher.ts"
import { readSubject } from "../../streams/nats/subject-reader.ts"
import { PERSONAL_ACCESS, personalAccessSubject } from "../../streams/subjects.ts"
import { failures, PersonalDataFailed } from "./keyring.ts"
import type { Field } from "./sealing.ts"

/** Who asks, and why: a person's or a part's name, and a sentence or a case number. No personal data of the customer's. */
export interface Access {
  readonly who: string
  readonly why: string
}

export interface AccessRecord extends Access {
  readonly action: "opened" | "exported" | "erased"
  readonly fields: ReadonlyArray<Field>
  /** ISO 8601. */
  readonly at: string
}

const RECORD_MS_MAX = 2_000
const WHO_LENGTH_MAX = 128
const WHY_LENGTH_MAX = 512

const wrongIn = ({ who, why }: Access): PersonalDataFailed | undefined => {
  const isGiven = (text: string, lengthMax: number): boolean => text.trim() !== "" && text.length <= lengthMax
  if (isGiven(who, WHO_LENGTH_MAX) && isGiven(why, WHY_LENGTH_MAX)) return undefined
  return new PersonalDataFailed({
    reason: "invalid",
    message: "Say who asks (at most 128 characters) and why (at most 512)."
  })
}

export class AccessLog {
  private readonly nats: NatsShape
  private readonly nowMs: () => number
  private readonly stream: GroupPublisher

  constructor(nats: NatsShape, nowMs: () => number) {
    this.nats = nats
    this.nowMs = nowMs
    this.stream = new GroupPublisher({ nats, timeoutMs: RECORD_MS_MAX })
  }

  record(
    token: string,
    { who, why }: Access,
    action: AccessRecord["action"],
    fields: ReadonlyArray<Field>
  ): Effect.Effect<void, PersonalDataFailed> {
    const wrong = wrongIn({ who, why })
    if (wrong !== undefined) return Effect.fail(wrong)
    const record: AccessRecord = { action, who, why, fields, at: new Date(this.nowMs()).toISOString() }
    const data = new TextEncoder().encode(JSON.stringify(record))
    return Effect.mapError(
      this.stream.publish({ subject: personalAccessSubject(token), data }),
      () => failures.unavailable
    )
  }

  /** Oldest first. */
  of(token: string): Effect.Effect<ReadonlyArray<AccessRecord>, PersonalDataFailed> {
    return Effect.tryPromise({
      try: async () =>
        (await readSubject(this.nats, PERSONAL_ACCESS, personalAccessSubject(token))).map((message) =>
          message.json<AccessRecord>()
        ),
      catch: () => failures.unavailable
    })
  }
}
