/**
 * Answers what operators, marketplaces and pages ask about channels, with the status and body that HTTP gives them.
 */
import { Effect } from "effect"
import * as Listing from "../../actors/channel/listing.ts"
import { FRAME_MESSAGES_MAX, ID_LENGTH_MAX, TEXT_LENGTH_MAX } from "../../config/limits.ts"
import type { Channel, Mapping } from "./channel.ts"
import { healthOf } from "./health.ts"
import type { NotTaken } from "./intake.ts"
import type { Question, Reply } from "./messages.ts"
import type { DeadListing, UnmappedItem } from "./protocol.ts"
import type { UnmappedListing } from "./reconcile.ts"
import { onShipment } from "./shipments.ts"

export interface QuestionPorts {
  readonly channels: ReadonlyMap<string, Channel>
  readonly metrics: () => Promise<string>
  readonly nowMs: () => number
}

const LISTING_LENGTH_MAX = 512

const ok = (body: object): Reply => ({ status: 200, body: { ok: true, ...body } })
const refused = (status: number, code: string, message: string, path?: string): Reply => ({
  status,
  body: { ok: false, code, message, ...(path === undefined ? {} : { path }) }
})
const invalid = (message: string, path?: string): Reply => refused(400, "invalid_request", message, path)
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
      return onMap(channel, question.body)
    case "adopt":
      return onAdopt(channel, question.body)
    case "ship":
      return onShipment(channel, question.body)
    case "redrive":
      return onRedrive(channel, question.body)
    case "discard":
      return onDiscard(channel, question.body)
    case "reconcile":
      return onReconcile(channel, question.body)
    case "resume":
      return Effect.sync(() => {
        channel.dispatcher.resume()
        return ok({ channel: channel.settings.name })
      })
  }
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
    return isPassed ? ok({ items }) : invalid(`There is no ${after} any more; begin again without after.`, "after")
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

const onMap = (channel: Channel, body: unknown): Effect.Effect<Reply> => {
  const entries = Array.isArray(body) ? (body as ReadonlyArray<unknown>) : [body]
  if (entries.length > FRAME_MESSAGES_MAX) {
    return Effect.succeed(invalid(`Send at most ${FRAME_MESSAGES_MAX} mappings at once.`))
  }
  const mappings: Array<Mapping> = []
  for (const [index, entry] of entries.entries()) {
    const { listingId, sku } = (entry ?? {}) as Record<string, unknown>
    if (!isId(listingId, LISTING_LENGTH_MAX)) {
      return Effect.succeed(invalid(`Send listingId as 1 to ${LISTING_LENGTH_MAX} characters.`, `${index}.listingId`))
    }
    if (sku !== null && !isId(sku, ID_LENGTH_MAX)) {
      const message = `Send sku as 1 to ${ID_LENGTH_MAX} characters, or null to take the mapping away.`
      return Effect.succeed(invalid(message, `${index}.sku`))
    }
    mappings.push({ listingId, sku })
  }
  return Effect.match(channel.map(mappings), {
    onFailure: ({ detail }) => unavailable(`It could not be done to its end; send it again. ${detail}`),
    onSuccess: ok
  })
}

const isId = (value: unknown, lengthMax: number): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= lengthMax && value.isWellFormed()

/** `{all: true}` or `{listingIds: [...]}`. */
const chosen = (body: unknown): ReadonlyArray<string> | "all" | undefined => {
  const { all, listingIds } = (body ?? {}) as Record<string, unknown>
  if (all === true) return "all"
  const isList = Array.isArray(listingIds) && listingIds.length > 0 && listingIds.every((id) => typeof id === "string")
  return isList ? (listingIds as ReadonlyArray<string>) : undefined
}

const onRedrive = (channel: Channel, body: unknown): Effect.Effect<Reply> => {
  const which = chosen(body)
  if (which === undefined) {
    return Effect.succeed(invalid('Send {"all": true} or {"listingIds": [...]}.', "listingIds"))
  }
  return Effect.match(channel.redrive(which === "all" ? undefined : which), {
    onFailure: notStored,
    onSuccess: (redriven) => ok({ redriven })
  })
}

const notStored = ({ detail }: NotTaken): Reply => unavailable(`It could not be stored now; send it again. ${detail}`)

const onDiscard = (channel: Channel, body: unknown): Effect.Effect<Reply> =>
  Effect.gen(function* () {
    const { reason, heldIds } = (body ?? {}) as Record<string, unknown>
    if (typeof reason !== "string" || reason.trim() === "" || reason.length > TEXT_LENGTH_MAX) {
      return invalid(`Send reason: why it is let be, at most ${TEXT_LENGTH_MAX} characters.`, "reason")
    }
    const which = chosen(body)
    const held = Array.isArray(heldIds) ? heldIds.filter((id) => typeof id === "string") : []
    if ((which === undefined || which === "all") && held.length === 0) {
      return invalid('Send {"listingIds": [...]} or {"heldIds": [...]}; all at once is not discarded.', "listingIds")
    }
    let discarded = which === undefined || which === "all" ? 0 : yield* channel.discard(which, reason)
    for (const id of held) if (yield* channel.intake.discard(id, reason)) discarded++
    return ok({ discarded })
  }).pipe(Effect.catch((failed) => Effect.succeed(notStored(failed))))

/** `{"dryRun"?: boolean}`. */
const isDryRun = (body: unknown): boolean | undefined => {
  const { dryRun = false } = (body ?? {}) as Record<string, unknown>
  return typeof dryRun === "boolean" ? dryRun : undefined
}
const wrongDryRun = Effect.succeed(invalid("Send dryRun as true or false.", "dryRun"))
const unread = (message: string): Reply => unavailable(`The channel could not be read to its end: ${message}`)

const onAdopt = (channel: Channel, body: unknown): Effect.Effect<Reply> => {
  const dryRun = isDryRun(body)
  if (dryRun === undefined) return wrongDryRun
  return Effect.match(channel.adopt(dryRun), {
    onFailure: (failed) => (failed._tag === "NotTaken" ? notStored(failed) : unread(failed.message)),
    onSuccess: ok
  })
}

const onReconcile = (channel: Channel, body: unknown): Effect.Effect<Reply> => {
  const dryRun = isDryRun(body)
  if (dryRun === undefined) return wrongDryRun
  return Effect.match(channel.reconcile(dryRun), {
    onFailure: ({ message }) => unread(message),
    onSuccess: (report) =>
      ok({ ...report, drift: report.drift.map((drift) => ({ ...drift, since: time(drift.since) })) })
  })
}
