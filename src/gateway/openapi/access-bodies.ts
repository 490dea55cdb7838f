/**
 * What administrators say of users and keys, and what somebody types who signs in: the hub reads it by these schemas.
 */
import { Schema } from "effect"
import { type Action, ACTIONS, ROLES } from "../../../actors/access/actions.ts"
import { BOUND_CHANNELS_MAX, NAME_LENGTH_MAX } from "../../../actors/access/limits.ts"
import {
  KEY_OVERLAP_MS_DEFAULT,
  KEY_OVERLAP_MS_MAX,
  PASSWORD_LENGTH_MAX,
  PASSWORD_LENGTH_MIN
} from "../../../config/access.ts"
import { GivenMoment, integerFrom, rule, textUpTo } from "./values.ts"

const { optionalKey } = Schema

const Password = textUpTo(PASSWORD_LENGTH_MAX)
export const AnyAction = Schema.Literals(Object.keys(ACTIONS) as ReadonlyArray<Action>)
const Name = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/))

const several = <Item extends Schema.Constraint>(item: Item, wanted: string) =>
  Schema.Array(item).check(Schema.isBetweenLength(1, BOUND_CHANNELS_MAX)).annotate({ wanted })

const grants = {
  roles: several(Schema.Literals(ROLES), `as an array of one or more of ${ROLES.join(", ")}`),
  tenant: optionalKey(
    Name.annotate({
      description: "Only what this tenant owns.",
      wanted: "as letters, digits, - and _, at most 64: it owns the names below it and a slash"
    })
  ),
  channels: optionalKey(
    several(
      Name.annotate({ wanted: "as the name of a channel: letters, digits, - and _, at most 64" }),
      "as an array of names of channels"
    ).annotate({ description: "Only these channels." })
  ),
  actions: optionalKey(
    several(
      AnyAction.annotate({ wanted: "as an action of the hub; GET /v1/access/actions has them all" }),
      "as an array of actions of the hub; GET /v1/access/actions has them all"
    ).annotate({ description: "Only these of what the roles may." })
  )
}

export const SignIn = Schema.Struct({ name: textUpTo(NAME_LENGTH_MAX), password: Password }).annotate({
  identifier: "SignIn"
})

const CHOOSE = `Choose a new password of ${PASSWORD_LENGTH_MIN} characters or more.`

export const PasswordChange = Schema.Struct({
  password: Password,
  newPassword: Schema.String.check(Schema.isBetweenLength(PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX)).annotate({
    wanted: `Choose a new password of ${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters.`
  })
})
  .check(rule(({ newPassword, password }) => newPassword !== password, "newPassword", CHOOSE))
  .annotate({ identifier: "PasswordChange" })

export const NewUser = Schema.Struct({
  name: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/)).annotate({
    wanted: "as 1 to 64 letters, digits and any of . _ @ - (a letter or digit first)"
  }),
  ...grants
}).annotate({ identifier: "NewUser" })

export const UserChange = Schema.Struct(grants).annotate({ identifier: "UserChange" })

export const NewKey = Schema.Struct({
  name: textUpTo(NAME_LENGTH_MAX),
  expiresAt: optionalKey(GivenMoment.annotate({ description: "A time to come." })),
  ...grants
}).annotate({ identifier: "NewKey" })

export const KeyOverlap = Schema.Struct({
  overlapMs: optionalKey(
    integerFrom(0, KEY_OVERLAP_MS_MAX).annotate({
      description: `For how long the secret before stays good; default ${KEY_OVERLAP_MS_DEFAULT}.`
    })
  )
}).annotate({ identifier: "KeyOverlap" })

/** The channel's name stands in subjects. */
export const NewAdapter = Schema.Struct({
  channel: Name.annotate({ wanted: "as 1 to 64 letters, digits, _ and - (a letter or digit first)" })
}).annotate({ identifier: "NewAdapter" })
