/**
 * What people say when they work through incidents, alerts and dead letters: the hub reads it by these schemas.
 */
import { Schema } from "effect"
import { NAME_LENGTH_MAX } from "../../../actors/access/limits.ts"
import { Fact } from "./stock-bodies.ts"
import { GivenMoment, Id, Note, Reason, rule, textUpToOrNone } from "./values.ts"

const { optionalKey } = Schema

export const OUTCOMES = ["refunded", "backordered", "restocked", "dismissed"] as const

export const Resolution = Schema.Struct({ outcome: Schema.Literals(OUTCOMES), note: optionalKey(Note) }).annotate({
  identifier: "Resolution"
})

const by = optionalKey(
  textUpToOrNone(NAME_LENGTH_MAX).annotate({ description: "Who acts, while the hub is open; else who asks." })
)

export const AlertDecision = Schema.Struct({
  act: Schema.Literals(["acknowledge", "snooze", "reopen"]),
  version: Schema.Int.annotate({
    description: "The alert's, as it was listed.",
    wanted: "as an integer: the alert's version, as it was listed"
  }),
  note: optionalKey(Note),
  until: optionalKey(GivenMoment.annotate({ description: "Of a snooze." })),
  by
})
  .check(
    rule(
      ({ act, until }) => act !== "snooze" || until !== undefined,
      "until",
      "Send until as an ISO 8601 time: until when it is snoozed."
    )
  )
  .annotate({ identifier: "AlertDecision" })

export const LetterRedrive = Schema.Struct({ fact: optionalKey(Fact), sku: optionalKey(Id), by }).annotate({
  identifier: "LetterRedrive"
})

export const LetterDiscard = Schema.Struct({ reason: Reason, by }).annotate({ identifier: "LetterDiscard" })
