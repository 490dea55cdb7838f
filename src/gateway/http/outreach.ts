/**
 * Where carriers call: `/v1/outreach/<carrier>/inbound`, `/status` and `/unsubscribe`. What is right and what is not the
 * carrier says; here it becomes HTTP.
 */
import { Effect } from "effect"
import type { DoorAnswer } from "../../outreach/door.ts"
import type { Incoming, IncomingRequest } from "../../outreach/outreach.ts"
import { invalid } from "../decode.ts"
import type { Request, Response } from "../serving.ts"
import { refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface OutreachServices {
  readonly receive: (carrier: string, what: Incoming, request: IncomingRequest) => Effect.Effect<DoorAnswer>
  readonly run: (effect: Effect.Effect<void>) => void
  readonly nowMs: () => number
}

export class OutreachRoutes {
  private readonly services: OutreachServices

  constructor(services: OutreachServices) {
    this.services = services
  }

  receive(what: Incoming, request: Request, respond: Respond, carrier: string | undefined): void {
    const { body, headers, method, path, search } = request
    if (body === undefined) return respond(tooLarge)
    if (carrier === undefined) return respond(wrongAddress)
    const incoming: IncomingRequest = {
      method: method === "post" ? "post" : "get",
      path,
      search,
      headers,
      body,
      receivedAtMs: this.services.nowMs()
    }
    const received = this.services.receive(carrier, what, incoming)
    this.services.run(Effect.map(received, (answer) => respond(responseOf(answer))))
  }
}

const tooLarge = refused(invalid("The body is too large: it has at most 1 MiB."), 413)
const wrongAddress = refused(invalid("The carrier in the address cannot be decoded."))

const codes = { 401: "unauthorized", 403: "unauthorized", 503: "unavailable" } as const

/** The address holds a token: no page that is followed from here learns it. */
const CAREFULLY = {
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'"
}

const responseOf = (given: DoorAnswer): Response => {
  if (given.status === 200) return { status: 200, ...given.answer, headers: CAREFULLY }
  const { status, message } = given
  if (status === 401 || status === 403 || status === 503) {
    return refused({ ok: false, code: codes[status], message }, status)
  }
  return refused(invalid(message), status)
}
