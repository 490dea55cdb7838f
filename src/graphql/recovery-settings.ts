/**
 * By what carts are won back: the settings and their versions, a change of them. Sequences, texts and rules stand in them as
 * JSON, for they have names of somebody's own; what is wrong in them is told in `faults`.
 */
import { act, demand } from "./allowed.ts"
import { given } from "./asking.ts"
import type { Part } from "./part.ts"
import { requestOf, routed } from "./routed.ts"

type Args = Readonly<Record<string, unknown>>

export const recoverySettings: Part = {
  types: /* GraphQL */ `
    extend type Query {
      "Those of now, or of a version."
      recoverySettings(version: Int): RecoverySettings
      "Who changed them, the newest first; before: the next of the page before."
      recoverySettingsVersions(before: Int, limit: Int = 100): RecoveryVersionPage
    }

    extend type Mutation {
      "Refused with version_conflict when somebody else has changed them since."
      setRecoverySettings(
        mutationId: String!
        expectedVersion: Int!
        by: String!
        note: String
        settings: Json!
      ): RecoverySettingsChanged
    }

    type RecoverySettings {
      version: Int!
      "Null for version 0, which nobody has saved."
      at: DateTime
      by: String!
      note: String
      isCurrent: Boolean!
      settings: Json!
    }

    type RecoveryVersion {
      version: Int!
      at: DateTime
      by: String!
      note: String
    }

    type RecoveryVersionPage {
      items: [RecoveryVersion!]!
      next: Int
    }

    type RecoverySettingsChanged {
      changed: Boolean!
      version: SafeInt
      replayed: Boolean
    }
  `,
  resolvers: {
    Query: {
      recoverySettings: (_source, args: Args, context) => {
        demand(context.principal, "recovery.read")
        const request = requestOf(context, { query: given(args) })
        return routed((respond) => context.services.recoverySettings.get(request, respond))
      },
      recoverySettingsVersions: (_source, args: Args, context) => {
        demand(context.principal, "recovery.read")
        const request = requestOf(context, { query: given(args) })
        return routed((respond) => context.services.recoverySettings.versions(request, respond))
      }
    },
    Mutation: {
      setRecoverySettings: (_source, args: Args, context, info) => {
        const body = given(args)
        return act(context, info, { action: "recovery.configure", target: { names: [], channels: [] }, body }, () =>
          routed((respond) => context.services.recoverySettings.set(requestOf(context, { body }), respond))
        )
      }
    }
  }
}
