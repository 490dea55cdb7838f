/**
 * The addresses of access control and of the audit record.
 */
import type { AccessRoutes } from "./access.ts"
import { type Entry, OWN, PUBLIC } from "./entry.ts"

export const accessEntries = (access: AccessRoutes): ReadonlyArray<Entry> => [
  // Who signs in is not known yet.
  ["post", "/v1/access/session", PUBLIC, (request, respond) => access.signIn(request, respond)],
  ["get", "/v1/access/session", "access.own", (request, respond) => access.own(request, respond), OWN],
  ["delete", "/v1/access/session", "access.own", (request, respond) => access.signOut(request, respond), OWN],
  ["post", "/v1/access/password", "access.own", (request, respond) => access.changePassword(request, respond), OWN],
  ["get", "/v1/access/sessions", "access.own", (request, respond) => access.sessions(request, respond), OWN],
  ["delete", "/v1/access/sessions", "access.own", (request, respond) => access.endSessions(request, respond), OWN],
  ["get", "/v1/access/actions", "access.read", (_request, respond) => access.actions(respond)],
  ["get", "/v1/access/users", "access.read", (_request, respond) => access.users(respond)],
  ["post", "/v1/access/users", "access.manage", (request, respond) => access.addUser(request, respond)],
  [
    "put",
    "/v1/access/users/:user",
    "access.manage",
    (request, respond, user) => access.changeUser(request, respond, user)
  ],
  [
    "delete",
    "/v1/access/users/:user",
    "access.manage",
    (request, respond, user) => access.removeUser(request, respond, user)
  ],
  [
    "post",
    "/v1/access/users/:user/password",
    "access.manage",
    (request, respond, user) => access.resetPassword(request, respond, user)
  ],
  [
    "get",
    "/v1/access/users/:user/sessions",
    "access.read",
    (request, respond, user = "") => access.sessions(request, respond, user)
  ],
  [
    "delete",
    "/v1/access/users/:user/sessions",
    "access.manage",
    (request, respond, user = "") => access.endSessions(request, respond, user)
  ],
  ["get", "/v1/access/keys", "access.read", (_request, respond) => access.keys(respond)],
  ["post", "/v1/access/keys", "access.manage", (request, respond) => access.addKey(request, respond)],
  [
    "post",
    "/v1/access/keys/:key/rotate",
    "access.manage",
    (request, respond, key) => access.rotateKey(request, respond, key)
  ],
  [
    "delete",
    "/v1/access/keys/:key",
    "access.manage",
    (request, respond, key) => access.revokeKey(request, respond, key)
  ],
  ["get", "/v1/audit", "audit.read", (request, respond) => access.acts(request, respond)]
]
