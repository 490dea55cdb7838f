/**
 * Lists that people work through: incidents, alerts.
 *
 * Incidents and alerts are read from PostgreSQL once it has what the journal had when the request came,
 * so that whoever has just been answered finds the consequence in the list.
 */
import type { Effect, Schema } from "effect"
import { ownOnly } from "../../../actors/access/may.ts"
import type { ResolutionRecord } from "../../../actors/sku/events.ts"
import { MESSAGE_BYTES_MAX, PAGE_LIMIT_DEFAULT } from "../../../config/limits.ts"
import type { ListQuery, Page as ReadPage } from "../../../streams/projections/queries.ts"
import { decodeBySchema } from "../decode-by-schema.ts"
import { decodeJson, invalid } from "../decode.ts"
import { Page } from "../openapi/queries.ts"
import { Resolution } from "../openapi/work-bodies.ts"
import { IncidentsQuery } from "../openapi/work.ts"
import type { Refusal } from "../protocol.ts"
import { readQuery } from "../read-query.ts"
import type { MailTaker } from "../requests.ts"
import type { AskedRequest, Request } from "../serving.ts"
import { answering, answered, json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface ReadModels {
  /** Each fails with a sentence for the client when PostgreSQL cannot answer. */
  readonly incidents: (
    query: ListQuery & { readonly status: "open" | "resolved" | undefined }
  ) => Effect.Effect<ReadPage, string>
  readonly alerts: (query: ListQuery) => Effect.Effect<ReadPage, string>
}

export interface ListServices {
  readonly host: MailTaker
  readonly readModels: ReadModels
  readonly run: (effect: Effect.Effect<void>) => void
}

export class Lists {
  private readonly services: ListServices

  constructor(services: ListServices) {
    this.services = services
  }

  /** Of a tenant, its own: what is about its SKUs. */
  incidents(request: AskedRequest, respond: Respond): void {
    this.list(request, respond, IncidentsQuery, (query, { status }) =>
      this.services.readModels.incidents({ ...query, status })
    )
  }

  /** The same. */
  alerts(request: AskedRequest, respond: Respond): void {
    this.list(request, respond, Page, (query) => this.services.readModels.alerts(query))
  }

  /** Notes what was done about an incident; it leaves the queue of open ones. */
  resolve(request: Request, respond: Respond, incidentId: string | undefined): void {
    const record = readResolution(request, incidentId)
    if ("code" in record) return respond(refused(record))
    this.services.host.submit({
      kind: "resolution",
      record,
      reply: (failure) =>
        respond(failure === undefined ? json(200, { ok: true, ...record, type: undefined }) : answered(failure))
    })
  }

  private list<Asked extends typeof Page.Type>(
    request: AskedRequest,
    respond: Respond,
    schema: Schema.Codec<Asked>,
    read: (query: ListQuery, asked: Asked) => Effect.Effect<ReadPage, string>
  ): void {
    const asked = readQuery(schema, request.query)
    if (!asked.ok) return respond(refused(asked.refusal))
    const { after, limit = PAGE_LIMIT_DEFAULT } = asked.value
    this.services.run(answering(respond, read({ after, limit, below: ownOnly(request.principal) }, asked.value)))
  }
}

const readResolution = (request: Request, incidentId: string | undefined): ResolutionRecord | Refusal => {
  if (incidentId === undefined) return invalid("The incident in the address cannot be decoded.", "id")
  const decoded = decodeJson(request.body ?? new Uint8Array(0), MESSAGE_BYTES_MAX)
  return decoded.ok ? resolutionOf(incidentId, decoded.value) : decoded.refusal
}

/** What was done about an incident, as it is noted. */
export const resolutionOf = (incidentId: string, body: unknown): ResolutionRecord | Refusal => {
  const decoded = decodeBySchema(Resolution, body)
  return decoded.ok ? { type: "resolution", incidentId, ...decoded.value } : decoded.refusal
}
