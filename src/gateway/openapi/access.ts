/**
 * The addresses of access control and of the audit record.
 */
import { Schema } from "effect"
import { ROLES } from "../../../actors/access/actions.ts"
import type { KeyView, SessionView, UserView } from "../../access/protocol.ts"
import {
  AnyAction,
  KeyOverlap,
  NewAdapter,
  NewKey,
  NewUser,
  PasswordChange,
  SignIn,
  UserChange
} from "./access-bodies.ts"
import type { Descriptions } from "./description.ts"
import { before, limitUpTo } from "./queries.ts"
import { refusalWith } from "./refusal-shapes.ts"
import { Anything, done, Moment } from "./values.ts"
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from "../../../config/limits.ts"

const { optionalKey } = Schema

const AnyRoles = Schema.Array(Schema.Literals(ROLES))
const PrincipalKind = Schema.Literals(["open", "user", "key", "token"])

const seenBounds = {
  tenant: optionalKey(Schema.String),
  channels: optionalKey(Schema.Array(Schema.String)),
  actions: optionalKey(Schema.Array(AnyAction))
}

const User: Schema.Codec<UserView> = Schema.Struct({
  name: Schema.String,
  roles: AnyRoles,
  addedAt: Moment,
  mustChangePassword: Schema.Boolean,
  ...seenBounds
}).annotate({ identifier: "User" })

const Key: Schema.Codec<KeyView> = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  prefix: Schema.String.annotate({ description: "By this a key that was found somewhere is known." }),
  roles: AnyRoles,
  addedAt: Moment,
  addedBy: Schema.String,
  ...seenBounds,
  expiresAt: optionalKey(Moment),
  lastUsedAt: optionalKey(Moment.annotate({ description: "Exact to the minute." })),
  formerUntil: optionalKey(Moment.annotate({ description: "The secret before is good until then." }))
}).annotate({ identifier: "Key" })

const Session: Schema.Codec<SessionView> = Schema.Struct({
  openedAt: Moment,
  seenAt: Moment,
  expiresAt: Moment,
  address: Schema.String,
  isThis: Schema.Boolean.annotate({ description: "Of who asks." })
}).annotate({ identifier: "Session" })

const Act = Schema.Struct({
  id: Schema.Int,
  at: Moment,
  who: Schema.Struct({ kind: PrincipalKind, name: Schema.String }),
  action: Schema.String,
  target: Schema.String,
  outcome: Schema.Int.annotate({ description: "The HTTP status." }),
  address: Schema.String
}).annotate({ identifier: "Act" })

const items = <Item extends Schema.Constraint>(identifier: string, item: Item) =>
  Schema.Struct({ items: Schema.Array(item) }).annotate({ identifier })

const Sessions = items("Sessions", Session)
const Done = done("AccessDone", {})
const SignedIn = done("SignedIn", { user: Schema.String, mustChangePassword: Schema.Boolean })
const OneTimePassword = done("OneTimePassword", { user: Schema.String, oneTimePassword: Schema.String })
const Secret = done("KeySecret", {
  key: Schema.String,
  secret: Schema.String.annotate({ description: "Shown once." })
})

const refusal = refusalWith("AccessRefusal", [
  "name_taken",
  "unknown_user",
  "unknown_key",
  "unknown_adapter",
  "last_admin",
  "too_many",
  "key_expired"
])
const asking = { refusals: [400, 503], refusal } as const
const changing = { refusals: [400, 404, 409, 413, 503], refusal } as const

export const AuditQuery = Schema.Struct({ before, limit: limitUpTo(PAGE_LIMIT_MAX, PAGE_LIMIT_DEFAULT) })

export const access = {
  "post /v1/access/session": {
    summary: "Sign in",
    details: "The session is a cookie.",
    body: SignIn,
    answer: SignedIn,
    refusals: [400, 401, 403, 413, 429, 503],
    refusal
  },
  "get /v1/access/session": {
    summary: "Who asks, and what they may",
    answer: done("Asking", {
      mode: Schema.Literals(["open", "required"]),
      principal: Schema.Struct({
        kind: PrincipalKind,
        name: Schema.String,
        roles: AnyRoles,
        ...seenBounds
      }),
      mustChangePassword: Schema.Boolean
    }),
    refusals: []
  },
  "delete /v1/access/session": { summary: "Sign out", answer: Done, ...asking },
  "post /v1/access/password": {
    summary: "Change one's password",
    body: PasswordChange,
    answer: SignedIn,
    refusals: [400, 401, 409, 413, 429, 503],
    refusal
  },
  "get /v1/access/sessions": { summary: "One's sessions", answer: Sessions, ...asking },
  "delete /v1/access/sessions": { summary: "End one's sessions", answer: Done, ...changing },
  "get /v1/access/actions": {
    summary: "What each role may",
    answer: Schema.Struct({ roles: AnyRoles, actions: Anything }).annotate({
      identifier: "Actions"
    }),
    refusals: []
  },
  "get /v1/access/users": { summary: "Users", answer: items("Users", User), ...asking },
  "post /v1/access/users": {
    summary: "Add a user, who gets a one-time password",
    body: NewUser,
    answer: OneTimePassword,
    ...changing
  },
  "put /v1/access/users/:user": { summary: "Change what a user may", body: UserChange, answer: Done, ...changing },
  "delete /v1/access/users/:user": { summary: "Remove a user", answer: Done, ...changing },
  "post /v1/access/users/:user/password": {
    summary: "Give a user a one-time password",
    answer: OneTimePassword,
    ...changing
  },
  "get /v1/access/users/:user/sessions": {
    summary: "A user's sessions",
    answer: Sessions,
    ...asking
  },
  "delete /v1/access/users/:user/sessions": { summary: "End a user's sessions", answer: Done, ...changing },
  "get /v1/access/keys": { summary: "Keys", answer: items("Keys", Key), ...asking },
  "post /v1/access/keys": { summary: "Add a key", body: NewKey, answer: Secret, ...changing },
  "post /v1/access/keys/:key/rotate": {
    summary: "Give a key a new secret",
    body: KeyOverlap,
    isBodyOptional: true,
    answer: Secret,
    ...changing
  },
  "delete /v1/access/keys/:key": { summary: "Revoke a key", answer: Done, ...changing },
  "get /v1/access/adapters": {
    summary: "Adapters of the hub's own NATS server",
    answer: items(
      "Adapters",
      Schema.Struct({ channel: Schema.String, addedAt: Moment }).annotate({ identifier: "Adapter" })
    ),
    ...asking
  },
  "post /v1/access/adapters": {
    summary: "Let an adapter into NATS, for one channel",
    body: NewAdapter,
    answer: done("AdapterAddress", {
      channel: Schema.String,
      url: Schema.String.annotate({ description: "With the password; shown once." })
    }),
    ...changing
  },
  "delete /v1/access/adapters/:adapter": { summary: "Let an adapter in no more", answer: Done, ...changing },
  "get /v1/audit": {
    summary: "What was done, newest first",
    query: AuditQuery,
    answer: Schema.Struct({ items: Schema.Array(Act), next: optionalKey(Schema.Int) }).annotate({
      identifier: "ActPage"
    }),
    ...asking
  }
} as const satisfies Descriptions
