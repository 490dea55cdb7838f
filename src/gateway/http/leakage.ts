/**
 * `POST /v1/leakage`: what late syncs cost a day, from assumptions, from the hub's own incidents, and from the latency
 * that its channels have now.
 */
import { Effect } from "effect"
import {
  leakage,
  leakageFromIncidents,
  type OversellIncident,
  WrongLeakageInput
} from "../../../actors/channel/leakage.ts"
import { oversellProbability } from "../../../actors/channel/oversell-probability.ts"
import type { ChannelsShape } from "../../channels/channels.ts"
import type { ChannelList } from "../../channels/protocol.ts"
import { invalid } from "../decode.ts"
import { LeakageAsked } from "../openapi/elsewhere.ts"
import type { Request } from "../serving.ts"
import type { ReadModels } from "./lists.ts"
import { readBody } from "./read-body.ts"
import { json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface LeakageServices {
  readonly incidents: ReadModels["incidents"]
  readonly channels: ChannelsShape
  readonly run: (effect: Effect.Effect<void>) => void
  readonly nowMs: () => number
}

const PAGE_LIMIT = 1_000
/** Incidents that are read for one answer. */
const INCIDENTS_MAX = 100_000
const DAYS_DEFAULT = 30

export const postLeakage = (services: LeakageServices, request: Request, respond: Respond): void => {
  const asked = readBody(request, LeakageAsked, respond)
  if (asked === undefined) return
  services.run(
    reckon(services, asked).pipe(
      Effect.match({
        onSuccess: (body) => respond(json(200, { ok: true, ...body })),
        onFailure: (failure) =>
          respond(
            failure instanceof WrongLeakageInput
              ? refused(invalid(failure.message, failure.path))
              : refused({ ok: false, code: "unavailable", message: failure })
          )
      })
    )
  )
}

type Asked = typeof LeakageAsked.Type

const reckon = (services: LeakageServices, asked: Asked) =>
  Effect.gen(function* () {
    const { oversellProbability: assumedShare, ordersPerDay, salesPerDay, unitsPerOrder = 1, ...worth } = asked
    const { windowDays = DAYS_DEFAULT } = worth
    const of = (probability: number) =>
      tried(() => ({
        oversellProbability: probability,
        ...leakage({ ...worth, ordersPerDay, oversellProbability: probability })
      }))
    const assumed = assumedShare === undefined ? undefined : yield* of(assumedShare)
    const measured = salesPerDay === undefined ? undefined : yield* fromLatency(services, salesPerDay, of)
    const incidents = yield* allIncidents(services)
    const untilMs = services.nowMs()
    const fromIncidents = yield* tried(() =>
      leakageFromIncidents({ ...worth, incidents, windowDays, untilMs, ordersPerDay, unitsPerOrder })
    )
    return {
      ...(assumed === undefined ? {} : { assumed }),
      ...(measured === undefined ? {} : { fromMeasuredLatency: measured }),
      fromIncidents: { windowDays, ...fromIncidents }
    }
  })

const tried = <Value>(work: () => Value): Effect.Effect<Value, WrongLeakageInput> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(work())
    } catch (cause) {
      if (cause instanceof WrongLeakageInput) return Effect.fail(cause)
      throw cause
    }
  })

/** A push at latency L leaves others selling for L; a poller's interval counts half, so L is an interval of 2 L. */
const fromLatency = <Value extends object>(
  { channels }: LeakageServices,
  salesPerDay: number,
  of: (probability: number) => Effect.Effect<Value, WrongLeakageInput>
) =>
  Effect.gen(function* () {
    const { body } = yield* Effect.promise(() => channels.ask({ op: "channels" }))
    const worst = Math.max(0, ...((body as Partial<ChannelList>).channels ?? []).map(({ syncedMs }) => syncedMs.p99))
    const probability = yield* tried(() => oversellProbability({ salesPerDay, syncIntervalMs: 2 * worst }))
    return { latencyMs: worst, ...(yield* of(probability)) }
  })

const allIncidents = ({ incidents }: LeakageServices): Effect.Effect<ReadonlyArray<OversellIncident>, string> =>
  Effect.gen(function* () {
    const found: Array<OversellIncident> = []
    let after: string | undefined
    while (found.length < INCIDENTS_MAX) {
      const page = yield* incidents({ after, limit: PAGE_LIMIT, status: undefined })
      for (const item of page.items) {
        const { kind, units, at } = item as unknown as IncidentRow
        if (kind === "oversell" && units >= 1) found.push({ unitsShort: units, at: new Date(at).getTime() })
      }
      if (page.next === undefined) break
      after = page.next
    }
    return found
  })

interface IncidentRow {
  readonly kind: string
  readonly units: number
  readonly at: string
}
