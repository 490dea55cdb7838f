/**
 * Adapters that come to the hub's own NATS server, each for one channel: listed, added, taken away.
 */
import { Effect } from "effect"
import { ADAPTERS_MAX } from "../../../config/access.ts"
import type { AccessShape } from "../../access/layer.ts"
import type { AdapterOutcome, NatsAdapters } from "../../servers/nats-adapters.ts"
import { invalid } from "../decode.ts"
import { NewAdapter } from "../openapi/access-bodies.ts"
import type { AskedRequest, Response } from "../serving.ts"
import type { Entry } from "./entry.ts"
import { readBody } from "./read-body.ts"
import { json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface NatsAdapterServices {
  readonly access: Pick<AccessShape, "adapters">
  readonly nowMs: () => number
  readonly run: (effect: Effect.Effect<void>) => void
}

export class NatsAdapterRoutes {
  private readonly services: NatsAdapterServices

  constructor(services: NatsAdapterServices) {
    this.services = services
  }

  list(respond: Respond): void {
    const adapters = this.here(respond)
    if (adapters === undefined) return
    respond(json(200, { items: adapters.list().map(({ addedAt, channel }) => ({ channel, addedAt })) }))
  }

  add(request: AskedRequest, respond: Respond): void {
    const adapters = this.here(respond)
    const asked = adapters === undefined ? undefined : readBody(request, NewAdapter, respond)
    if (adapters === undefined || asked === undefined) return
    const { nowMs, run } = this.services
    const { channel } = asked
    const added = Effect.promise(() => adapters.add(channel, new Date(nowMs()).toISOString()))
    run(Effect.map(added, (outcome) => respond(responseTo(outcome, channel))))
  }

  remove(respond: Respond, channel: string): void {
    const adapters = this.here(respond)
    if (adapters !== undefined) respond(responseTo(adapters.remove(channel), channel))
  }

  private here(respond: Respond): NatsAdapters | undefined {
    const { adapters } = this.services.access
    if (adapters === undefined) respond(notHere)
    return adapters
  }
}

const notHere = refused(
  invalid(
    "The hub runs no NATS server that asks who comes: without access control it asks nobody, and one of your own has its users in its configuration."
  )
)

const responseTo = (outcome: AdapterOutcome, channel: string): Response => {
  switch (outcome.outcome) {
    case "added":
      return json(200, { ok: true, channel, url: outcome.url })
    case "removed":
      return json(200, { ok: true })
    case "taken":
      return json(409, { ok: false, code: "name_taken", message: `There is an adapter ${channel} already.` })
    case "too-many":
      return json(409, {
        ok: false,
        code: "too_many",
        message: `There are ${ADAPTERS_MAX} adapters, and no more may be.`
      })
    case "unknown":
      return json(404, { ok: false, code: "unknown_adapter", message: `There is no adapter ${channel}.` })
    case "unheard":
      return refused({
        ok: false,
        code: "unavailable",
        message: `The NATS server does not go by it yet; remove ${channel} and add it again, or start the hub again.`
      })
  }
}

export const adapterEntries = (adapters: NatsAdapterRoutes): ReadonlyArray<Entry> => [
  ["get", "/v1/access/adapters", "access.read", (_request, respond) => adapters.list(respond)],
  ["post", "/v1/access/adapters", "access.manage", (request, respond) => adapters.add(request, respond)],
  [
    "delete",
    "/v1/access/adapters/:adapter",
    "access.manage",
    (_request, respond, adapter = "") => adapters.remove(respond, adapter)
  ]
]
