/**
 * The log of a channel over HTTP: what the synchroniser wrote down, for people who watch it or look for what became of a listing.
 */
import { Effect } from "effect"
import type { ChannelRecord } from "../../../actors/channel/records.ts"
import { CHANNEL_LOG_PAGE_MAX } from "../../../config/limits.ts"
import { type LogPage, type LogQuery, type LogRecord, readLogPage } from "../../../streams/channel-log-pages.ts"
import type { NatsShape } from "../../../streams/nats/connection.ts"
import type { LogItem, LogList } from "../../channels/protocol.ts"
import { invalid } from "../decode.ts"
import { LogAsked } from "../openapi/channels.ts"
import type { Refusal } from "../protocol.ts"
import { readQuery } from "../read-query.ts"
import type { Request } from "../serving.ts"
import type { Entry } from "./entry.ts"
import { json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface ChannelLogServices {
  readonly nats: NatsShape
  readonly run: (effect: Effect.Effect<void>) => void
}

/** What is asked for by one word. */
const KINDS: Readonly<Record<string, ReadonlySet<ChannelRecord["type"]>>> = {
  written: new Set(["written", "accepted"]),
  failed: new Set(["failed"]),
  dead: new Set(["dead", "redriven", "discarded"]),
  mapped: new Set(["mapped", "unmapped"]),
  held: new Set(["held", "settled"])
}

export class ChannelLogRoutes {
  private readonly services: ChannelLogServices

  constructor(services: ChannelLogServices) {
    this.services = services
  }

  page({ query }: Request, respond: Respond, channel: string | undefined): void {
    const asked = readAsked(query, channel)
    if ("code" in asked) return respond(refused(asked))
    this.services.run(
      Effect.match(readLogPage(this.services.nats, asked), {
        onSuccess: (page) => respond(json(200, viewOf(page))),
        onFailure: () =>
          respond(refused({ ok: false, code: "unavailable", message: "The log cannot be read now; try again." }))
      })
    )
  }
}

const readAsked = (query: URLSearchParams, channel: string | undefined): LogQuery | Refusal => {
  // A name is a plain token; anything else would be another subject.
  if (channel === undefined || !/^[\w-]{1,64}$/.test(channel)) {
    return invalid("Name the channel as it stands in the channels file.", "channel")
  }
  const asked = readQuery(LogAsked, query)
  if (!asked.ok) return asked.refusal
  const { before, limit = CHANNEL_LOG_PAGE_MAX, listing, type } = asked.value
  const kinds = type === undefined ? undefined : KINDS[type]
  const fits = (record: ChannelRecord): boolean =>
    (kinds === undefined || kinds.has(record.type)) && (listing === undefined || listingOf(record) === listing)
  return { channel, limit, before, fits }
}

const listingOf = (record: ChannelRecord): string | undefined => {
  if ("listingId" in record) return record.listingId
  if (record.type !== "held") return undefined
  const { listingId } = record.event
  return typeof listingId === "string" ? listingId : undefined
}

const viewOf = ({ items, next }: LogPage): LogList => ({
  items: items.map(itemOf),
  ...(next === undefined ? {} : { next: String(next) })
})

const itemOf = ({ at, record, sequence }: LogRecord, index: number): LogItem => {
  const listingId = listingOf(record)
  return {
    id: `${sequence}:${index}`,
    at: "at" in record ? new Date(record.at).toISOString() : at,
    type: record.type,
    ...(listingId === undefined ? {} : { listingId }),
    ...("quantity" in record ? { quantity: record.quantity } : {}),
    ...("version" in record ? { version: record.version } : {}),
    detail: detailOf(record)
  }
}

const timeOf = (at: number): string => `${new Date(at).toISOString().slice(11, 19)} UTC`

const detailOf = (record: ChannelRecord): string => {
  switch (record.type) {
    case "mapped":
      return record.sku
    case "accepted":
      return `ticket ${record.ticket}`
    case "failed":
      return `attempt ${record.attempts}${record.retryAt === 0 ? "" : `, again at ${timeOf(record.retryAt)}`}`
    case "dead":
      return record.message
    case "discarded":
      return record.reason
    case "held":
      return `${record.event.type}: ${record.detail}`
    case "settled":
      return record.as === "applied" ? `${record.id} is applied` : `${record.id} is let be: ${record.reason ?? ""}`
    default:
      return ""
  }
}

export const channelLogEntries = (log: ChannelLogRoutes): ReadonlyArray<Entry> => [
  ["get", "/v1/channels/:channel/log", "channels.read", (request, respond, name) => log.page(request, respond, name)]
]
