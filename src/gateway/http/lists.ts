/**
 * Lists that people work through: incidents, alerts.
 *
 * Incidents and alerts are read from PostgreSQL once it has what the journal had when the request came,
 * so that whoever has just been answered finds the consequence in the list.
 */
import type { Effect } from "effect"
import type { ResolutionRecord } from "../../../actors/sku/events.ts"
import { MESSAGE_BYTES_MAX, TEXT_LENGTH_MAX } from "../../../config/limits.ts"
import type { ListQuery, Page } from "../../../streams/projections/queries.ts"
import { decodeJson, invalid } from "../decode.ts"
import type { Refusal } from "../protocol.ts"
import type { MailTaker } from "../requests.ts"
import type { Request } from "../serving.ts"
import { answering, answered, json, refused } from "./replies.ts"
import { pageLimit, type Respond } from "./stock.ts"

export interface ReadModels {
  /** Each fails with a sentence for the client when PostgreSQL cannot answer. */
  readonly incidents: (
    query: ListQuery & { readonly status: "open" | "resolved" | undefined }
  ) => Effect.Effect<Page, string>
  readonly alerts: (query: ListQuery) => Effect.Effect<Page, string>
}

export interface ListServices {
  readonly host: MailTaker
  readonly readModels: ReadModels
  readonly run: (effect: Effect.Effect<void>) => void
}

const outcomes = new Set(["refunded", "backordered", "restocked", "dismissed"])

export class Lists {
  private readonly services: ListServices

  constructor(services: ListServices) {
    this.services = services
  }

  incidents(request: Request, respond: Respond): void {
    const status = request.query.get("status") ?? undefined
    if (status !== undefined && status !== "open" && status !== "resolved") {
      return respond(refused(invalid("Send status as open or resolved, or leave it out.", "status")))
    }
    this.list(request, respond, (query) => this.services.readModels.incidents({ ...query, status }))
  }

  alerts(request: Request, respond: Respond): void {
    this.list(request, respond, (query) => this.services.readModels.alerts(query))
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

  private list(request: Request, respond: Respond, read: (query: ListQuery) => Effect.Effect<Page, string>): void {
    const limit = pageLimit(request.query.get("limit"))
    const after = request.query.get("after") ?? undefined
    if (limit === undefined) return respond(refused(invalid("Send limit as an integer from 1 to 1000.", "limit")))
    this.services.run(answering(respond, read({ after, limit })))
  }
}

const readResolution = (request: Request, incidentId: string | undefined): ResolutionRecord | Refusal => {
  if (incidentId === undefined) return invalid("The incident in the address cannot be decoded.", "id")
  const decoded = decodeJson(request.body ?? new Uint8Array(0), MESSAGE_BYTES_MAX)
  return decoded.ok ? resolutionOf(incidentId, decoded.value) : decoded.refusal
}

/** What was done about an incident, as it is noted. */
export const resolutionOf = (incidentId: string, body: unknown): ResolutionRecord | Refusal => {
  const { outcome, note } = (body ?? {}) as Record<string, unknown>
  if (typeof outcome !== "string" || !outcomes.has(outcome)) {
    return invalid(`Send outcome as one of ${[...outcomes].join(", ")}.`, "outcome")
  }
  if (note !== undefined && (typeof note !== "string" || note.length > TEXT_LENGTH_MAX)) {
    return invalid(`Send note as a string of at most ${TEXT_LENGTH_MAX} characters.`, "note")
  }
  return {
    type: "resolution",
    incidentId,
    outcome: outcome as ResolutionRecord["outcome"],
    ...(note === undefined ? {} : { note })
  }
}
