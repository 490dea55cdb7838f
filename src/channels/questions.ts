/**
 * Answers what operators, marketplaces and pages ask about channels, with the status and body that HTTP gives them.
 */
import { Effect, type Schema } from "effect"
import * as Listing from "../../actors/channel/listing.ts"
import { decodeBySchema } from "../gateway/decode-by-schema.ts"
import { Chosen, Discard, DryRun, Mappings } from "../gateway/openapi/channel-bodies.ts"
import type { Channel } from "./channel.ts"
import { healthOf } from "./health.ts"
import type { NotTaken } from "./intake.ts"
import type { Question, Reply } from "./messages.ts"
import type { DeadListing, UnmappedItem } from "./protocol.ts"
import type { UnmappedListing } from "./reconcile.ts"
import { refused } from "./reply.ts"
import { onShipment } from "./shipments.ts"

export interface QuestionPorts {
  readonly channels: ReadonlyMap<string, Channel>
  readonly metrics: () => Promise<string>
  readonly nowMs: () => number
}

const ok = (body: object): Reply => ({ status: 200, body: { ok: true, ...body } })
const unavailable = (message: string): Reply => refused(503, "unavailable", message)

export const answer = (question: Question, ports: QuestionPorts): Effect.Effect<Reply> => {
  switch (question.op) {
    case "metrics":
      return Effect.map(Effect.promise(ports.metrics), (text) => ({ status: 200, body: text }))
    case "channels":
      return Effect.sync(() => ok({ channels: [...ports.channels.values()].map(healthOf) }))
    case "shows":
      return showing(question, ports)
    case "listed":
      return Effect.sync(() =>
        ok({ items: [...ports.channels.values()].flatMap((one) => listedOn(one, question.sku)) })
      )
    default: {
      const channel = ports.channels.get(question.channel)
      const names = [...ports.channels.keys()].join(", ")
      if (channel !== undefined) return ofChannel(channel, question, ports)
      const message = `There is no channel ${question.channel}; there are: ${names || "none"}.`
      return Effect.succeed(refused(404, "unknown_channel", message))
    }
  }
}

type OfChannel = Exclude<Question, { readonly op: "metrics" | "channels" | "shows" | "listed" }>

const ofChannel = (channel: Channel, question: OfChannel, ports: QuestionPorts): Effect.Effect<Reply> => {
  switch (question.op) {
    case "webhook":
      return onWebhook(channel, question, ports)
    case "listings":
      return page(question, channel.book.listings.values(), byListing, (one) => listingView(channel, one))
    case "unmapped":
      return page(question, channel.reconciler.unmappedListings(), byListing, unmappedView)
    case "held":
      return page(question, channel.book.held.values(), ({ event }) => event.id, heldView)
    case "letters":
      return page(question, channel.book.given(), byListing, letterView)
    case "map":
      return onMap(channel, question)
    case "adopt":
      return onAdopt(channel, question)
    case "ship":
      return onShipment(channel, question.body)
    case "redrive":
      return onRedrive(channel, question)
    case "discard":
      return onDiscard(channel, question)
    case "reconcile":
      return onReconcile(channel, question)
    case "resume":
      return Effect.sync(() => {
        channel.dispatcher.resume()
        return ok({ channel: channel.settings.name })
      })
  }
}

interface WithBody {
  readonly body: unknown
}

/** Done with what the schema makes of the body, or refused. */
const reading = <A>(
  schema: Schema.Codec<A>,
  body: unknown,
  run: (asked: A) => Effect.Effect<Reply>
): Effect.Effect<Reply> => {
  const decoded = decodeBySchema(schema, body)
  return decoded.ok ? run(decoded.value) : Effect.succeed({ status: 400, body: decoded.refusal })
}

/** The channels that show a SKU at a version; waited for as long as it is worth. */
const showing = (
  { sku, version, patienceMs }: Extract<Question, { readonly op: "shows" }>,
  { channels, nowMs }: QuestionPorts
): Effect.Effect<Reply> =>
  Effect.gen(function* () {
    const deadline = nowMs() + patienceMs
    const listed = [...channels.values()].filter((channel) => channel.book.listingsOf(sku).length > 0)
    while (nowMs() < deadline && !listed.every((channel) => channel.showsSince(sku, version))) {
      yield* Effect.sleep("2 millis")
    }
    const shown = listed.filter((channel) => channel.showsSince(sku, version))
    return ok({ channels: shown.map(({ settings }) => settings.name) })
  })

const onWebhook = (
  channel: Channel,
  { topic, headers, body }: Extract<Question, { readonly op: "webhook" }>,
  { nowMs }: QuestionPorts
): Effect.Effect<Reply> =>
  Effect.match(channel.receive({ topic, headers, body, receivedAtMs: nowMs() }), {
    // Not stored: the sender keeps it and comes again.
    onFailure: notStored,
    onSuccess: (received) => {
      if (received.type === "events") return ok({ taken: received.taken ?? 0 })
      if (received.type === "ignored") return ok({ taken: 0, ignored: received.why })
      if (received.type === "later") return unavailable(received.failure.message)
      const code = received.status === 401 ? "unauthorized" : "invalid_request"
      return refused(received.status, code, received.message)
    }
  })

const byListing = ({ listingId }: { readonly listingId: string }): string => listingId

/** Those behind `after` in their order; `next` where there are more. */
const page = <One>(
  { after, limit }: { readonly after: string; readonly limit: number },
  all: Iterable<One>,
  idOf: (one: One) => string,
  view: (one: One) => object
): Effect.Effect<Reply> =>
  Effect.sync(() => {
    const items: Array<object> = []
    let last: string | undefined
    let isPassed = after === ""
    for (const one of all) {
      const id = idOf(one)
      if (!isPassed) isPassed = id === after
      else if (items.length === limit) return ok({ items, next: last })
      else {
        items.push(view(one))
        last = id
      }
    }
    if (isPassed) return ok({ items })
    const message = `There is no ${after} any more; begin again without after.`
    return refused(400, "invalid_request", message, { path: "after" })
  })

const time = (at: number): string | null => (at === 0 ? null : new Date(at).toISOString())

const listingView = (channel: Channel, listing: Listing.Listing) => ({
  listingId: listing.listingId,
  sku: listing.sku,
  wanted: listing.wanted?.quantity ?? null,
  version: listing.wanted?.version ?? null,
  shown: listing.believed ?? null,
  inStep: Listing.isInStep(listing),
  freshness: Math.round(channel.freshnessOf(listing) * 1_000) / 1_000,
  written: listing.written === undefined ? null : { ...listing.written, at: time(listing.written.at) },
  confirmedAt: time(listing.confirmedAt),
  attempts: listing.attempts,
  retryAt: time(listing.retryAt),
  givenUp: listing.dead === undefined ? null : { ...listing.dead, at: time(listing.dead.at) }
})

/** What this channel is to show of a SKU, and shows. */
const listedOn = (channel: Channel, sku: string): ReadonlyArray<object> =>
  channel.book.listingsOf(sku).flatMap((listingId) => {
    const listing = channel.book.find(listingId)
    return listing === undefined ? [] : [{ channel: channel.settings.name, ...listingView(channel, listing) }]
  })

const letterView = ({
  listingId,
  sku,
  dead: { discarded: _discarded, ...dead },
  wanted
}: Listing.Listing & { readonly dead: Listing.Dead }): DeadListing => ({
  listingId,
  sku,
  ...dead,
  at: time(dead.at),
  wanted: wanted?.quantity ?? null
})

const unmappedView = ({ listingId, sku, quantity, seenAt }: UnmappedListing): UnmappedItem => ({
  listingId,
  sku: sku ?? null,
  quantity,
  seenAt: time(seenAt)
})

const heldView = ({ event, why, detail, at }: { event: object; why: string; detail: string; at: number }) => ({
  ...event,
  why,
  detail,
  at: time(at)
})

const onMap = (channel: Channel, { body }: WithBody): Effect.Effect<Reply> =>
  reading(Mappings, body, (asked) =>
    Effect.match(channel.map("listingId" in asked ? [asked] : asked), {
      onFailure: ({ detail }) => unavailable(`It could not be done to its end; send it again. ${detail}`),
      onSuccess: ok
    })
  )

const onRedrive = (channel: Channel, { body }: WithBody): Effect.Effect<Reply> =>
  reading(Chosen, body, ({ all, listingIds }) =>
    Effect.match(channel.redrive(all === true ? undefined : listingIds), {
      onFailure: notStored,
      onSuccess: (redriven) => ok({ redriven })
    })
  )

const notStored = ({ detail }: NotTaken): Reply => unavailable(`It could not be stored now; send it again. ${detail}`)

const onDiscard = (channel: Channel, { body }: WithBody): Effect.Effect<Reply> =>
  reading(Discard, body, ({ heldIds = [], listingIds = [], reason }) =>
    Effect.gen(function* () {
      let discarded = listingIds.length === 0 ? 0 : yield* channel.discard(listingIds, reason)
      for (const id of heldIds) if (yield* channel.intake.discard(id, reason)) discarded++
      return ok({ discarded })
    }).pipe(Effect.catch((failed) => Effect.succeed(notStored(failed))))
  )

const unread = (message: string): Reply => unavailable(`The channel could not be read to its end: ${message}`)

const onAdopt = (channel: Channel, { body }: WithBody): Effect.Effect<Reply> =>
  reading(DryRun, body, ({ dryRun = false }) =>
    Effect.match(channel.adopt(dryRun), {
      onFailure: (failed) => (failed._tag === "NotTaken" ? notStored(failed) : unread(failed.message)),
      onSuccess: ok
    })
  )

const onReconcile = (channel: Channel, { body }: WithBody): Effect.Effect<Reply> =>
  reading(DryRun, body, ({ dryRun = false }) =>
    Effect.match(channel.reconcile(dryRun), {
      onFailure: ({ message }) => unread(message),
      onSuccess: (report) =>
        ok({ ...report, drift: report.drift.map((drift) => ({ ...drift, since: time(drift.since) })) })
    })
  )
