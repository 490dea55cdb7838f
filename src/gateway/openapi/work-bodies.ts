/**
 * What people say when they work through incidents, alerts and dead letters: the hub reads it by these schemas.
 */
import { Schema } from "effect"
import { NAME_LENGTH_MAX } from "../../../actors/access/limits.ts"
import { REORDER_DAYS_MAX } from "../../../actors/reorder/settings.ts"
import { CART_ID_LENGTH_MAX } from "../../../config/carts.ts"
import { LETTERS_AT_ONCE_MAX } from "../../../config/limits.ts"
import { CartFact } from "./carts.ts"
import { Fact } from "./stock-bodies.ts"
import {
  GivenMoment,
  Id,
  integerFrom,
  Note,
  nullable,
  Reason,
  rule,
  textUpTo,
  textUpToOrNone,
  Version
} from "./values.ts"

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

export const ReorderDays = integerFrom(0, REORDER_DAYS_MAX)
export const wholeDays = { leadDays: ReorderDays, coverDays: ReorderDays }
const orForAll = nullable(ReorderDays).annotate({ description: "null: those for all SKUs." })
export const openDays = { leadDays: orForAll, coverDays: orForAll }

const expectedVersion = Version.annotate({ description: "The newest you have seen; 0: none." })

export const ReorderChange = Schema.Struct({ expectedVersion, ...wholeDays, by }).annotate({
  identifier: "ReorderChange"
})

export const ReorderChangeOfSku = Schema.Struct({
  expectedVersion,
  leadDays: optionalKey(orForAll),
  coverDays: optionalKey(orForAll),
  by
}).annotate({ identifier: "ReorderChangeOfSku" })

export const LetterRedrive = Schema.Struct({
  fact: optionalKey(Fact),
  sku: optionalKey(Id),
  cartFact: optionalKey(CartFact),
  cart: optionalKey(textUpTo(CART_ID_LENGTH_MAX)),
  by
}).annotate({ identifier: "LetterRedrive" })

export const LettersRedrive = Schema.Struct({
  ids: Schema.Array(Version).check(Schema.isBetweenLength(1, LETTERS_AT_ONCE_MAX)),
  by
}).annotate({ identifier: "LettersRedrive" })

export const LetterDiscard = Schema.Struct({ reason: Reason, by }).annotate({ identifier: "LetterDiscard" })
