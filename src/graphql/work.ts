/**
 * What people work through: incidents, low-stock alerts, dead letters; and a SKU's ledger.
 */
import { resolutionOf } from "../gateway/http/lists.ts"
import { act, demand, demandOwn, demandSku } from "./allowed.ts"
import { done, given, read } from "./asking.ts"
import { listed, type Paged } from "./pages.ts"
import type { Part } from "./part.ts"
import { refusal } from "./refusals.ts"

interface Redriving {
  readonly id: number
  readonly fact?: Readonly<Record<string, unknown>> | null
  readonly sku?: string | null
}

interface Resolving {
  readonly id: string
  readonly outcome: string
  readonly note?: string | null
}

interface Discarding {
  readonly id: number
  readonly reason: string
}

export const work: Part = {
  types: /* GraphQL */ `
    extend type Query {
      "Oversells and drifts, in the order in which they happened."
      incidents(status: IncidentStatus, after: String, limit: Int = 100): IncidentPage
      "Low-stock alerts, raised and cleared."
      alerts(after: String, limit: Int = 100): AlertPage
      "What could not be applied or delivered, with the reason."
      deadLetters(status: LetterStatus, after: String, limit: Int = 100): DeadLetterPage
      "Every mutation of a SKU, in the order of its versions."
      ledger(sku: String!, after: String, limit: Int = 100): LedgerPage
    }

    extend type Mutation {
      "Notes what was done about an incident; it leaves the queue of open ones."
      resolveIncident(id: String!, outcome: IncidentOutcome!, note: String): Resolution
      "Applies a fact after all, as it came or mended, under its own mutation id."
      redriveLetter(id: SafeInt!, fact: FactInput, sku: String): LetterDone
      discardLetter(id: SafeInt!, reason: String!): LetterDone
    }

    enum LetterStatus {
      open
      settled
    }

    type LetterDone {
      id: SafeInt!
      settled: Settled!
    }

    "What was done about a letter, and by whom."
    type Settled {
      act: String!
      by: String!
      at: DateTime!
      mutationId: String
      reason: String
    }

    enum IncidentStatus {
      open
      resolved
    }

    enum IncidentOutcome {
      refunded
      backordered
      restocked
      dismissed
    }

    type Incident {
      id: String!
      kind: String!
      sku: String!
      version: SafeInt!
      locationId: String
      "Units short."
      units: SafeInt!
      mutationId: String
      channel: String
      reference: String
      holdId: String
      at: DateTime!
      status: IncidentStatus!
      outcome: IncidentOutcome
      note: String
      resolvedAt: DateTime
    }

    type IncidentPage {
      items: [Incident!]!
      next: String
    }

    type Resolution {
      incidentId: String!
      outcome: IncidentOutcome!
      note: String
    }

    type Alert {
      sku: String!
      version: SafeInt!
      state: String!
      available: SafeInt!
      safetyThreshold: SafeInt!
      at: DateTime!
    }

    type AlertPage {
      items: [Alert!]!
      next: String
    }

    type DeadLetter {
      id: SafeInt!
      source: String
      code: String!
      message: String!
      path: String
      subject: String!
      "Its text as it came."
      body: String!
      sequence: SafeInt!
      at: DateTime!
      settled: Settled
    }

    type DeadLetterPage {
      items: [DeadLetter!]!
      next: String
    }

    type LedgerLine {
      version: SafeInt!
      type: String!
      mutationId: String!
      quantity: SafeInt
      physical: SafeInt!
      allocated: SafeInt!
      locationId: String
      channel: String
      holdId: String
      reference: String
      reason: String
      at: DateTime!
      journalSequence: SafeInt!
    }

    type LedgerPage {
      items: [LedgerLine!]!
      next: String
    }
  `,
  resolvers: {
    Query: {
      incidents: (_source, args: Paged & { readonly status?: "open" | "resolved" | null }, { principal, services }) => {
        const below = demandOwn(principal, "incidents.read")
        const query = { ...listed(args), status: args.status ?? undefined }
        return read(services.run, services.projections.incidents({ ...query, below }))
      },
      alerts: (_source, args: Paged, { principal, services }) => {
        const below = demandOwn(principal, "alerts.read")
        return read(services.run, services.projections.alerts({ ...listed(args), below }))
      },
      deadLetters: (
        _source,
        args: Paged & { readonly status?: "open" | "settled" | null },
        { principal, services }
      ) => {
        demand(principal, "dead-letters.read")
        const { after, limit } = listed(args)
        return read(
          services.run,
          services.letters.page(Number(after ?? 0), limit, { status: args.status ?? undefined })
        )
      },
      ledger: (_source, { sku, ...args }: Paged & { readonly sku: string }, { principal, services }) => {
        demandSku(principal, sku)
        const query = { ...listed(args), until: undefined, isNewestFirst: false }
        return read(services.run, services.projections.history.ledger(sku, query))
      }
    },
    Mutation: {
      resolveIncident: (_source, { id, ...args }: Resolving, context, info) => {
        const body = given(args)
        return act(
          context,
          info,
          { action: "incidents.resolve", target: { names: [], channels: [] }, body },
          async () => {
            const record = resolutionOf(id, body)
            if ("code" in record) throw refusal(record)
            const { host } = context.services
            await done((reply) => host.submit({ kind: "resolution", record, reply }))
            return record
          }
        )
      },
      redriveLetter: (_source, args: Redriving, context, info) => {
        const { principal, receivedAtMs, services } = context
        const fact = args.fact === null || args.fact === undefined ? undefined : given(args.fact)
        const body = { ...args, fact }
        const deed = { action: "dead-letters.redrive", target: { names: [], channels: [] }, body } as const
        return act(context, info, deed, () => {
          const what = { fact, sku: args.sku ?? undefined, receivedAtMs }
          return read(services.run, services.letters.applied(String(args.id), what, principal.name))
        })
      },
      discardLetter: (_source, { id, reason }: Discarding, context, info) => {
        const { principal, services } = context
        const deed = { action: "dead-letters.redrive", target: { names: [], channels: [] }, body: { reason } } as const
        return act(context, info, deed, () =>
          read(services.run, services.letters.letBe(String(id), reason, principal.name))
        )
      }
    }
  }
}
