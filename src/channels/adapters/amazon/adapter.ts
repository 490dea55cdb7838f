/**
 * Amazon's Selling Partner API: single quantities by listings patch, many by feed; order notifications from a queue, the
 * orders themselves always fetched, and looked for besides in case the queue falls silent. A listing is the seller's SKU.
 */
import {
  type Adapter,
  type AdapterContext,
  type AdapterModule,
  type CallFailure,
  type ChannelEvent,
  failed,
  type ListedPage,
  type Polled,
  type QuantityWrite,
  type Result,
  type Shipment,
  type ShipmentOutcome,
  succeeded,
  type TicketResult,
  type WriteOutcome
} from "../../adapter.ts"
import { idOf, isObject, objectsOf } from "../../json-body.ts"
import { Feeds } from "./feeds.ts"
import { Operations } from "./operations.ts"
import { orderEvents } from "./orders.ts"
import { NotificationQueue } from "./queue.ts"
import { type AmazonSettings, readSettings } from "./settings.ts"

const WRITES_MAX = 200
/** Up to so many go one by one, because a feed takes minutes. */
const PATCHES_MAX = 5
const PAGE = "20"
const ORDERS_PAGE = "100"
/** After an answer of the queue the next is asked for: it holds its answers back itself while it has nothing to tell. */
const LISTEN_AGAIN_MS = 1_000
/** Orders are looked for besides the queue so often, and a little before where it ended. */
const SEARCH_EVERY_MS = 5 * 60_000
const SEARCH_OVERLAP_MS = 5 * 60_000
const SEARCH_FIRST_MS = 3_600_000

interface Cursor {
  /** Orders changed before were looked for. */
  readonly searchedUntil: number
  readonly token: string | null
  /** Of notifications whose orders are stored by now. */
  readonly receipts: ReadonlyArray<string>
}

export class Amazon implements Adapter {
  readonly limits = { batchMax: WRITES_MAX, callsPerSecond: 5, burst: 5, concurrencyMax: 2, windowMs: 2_000 }
  private readonly settings: AmazonSettings
  private readonly context: AdapterContext
  private readonly operations: Operations
  private readonly feeds: Feeds
  private readonly queue: NotificationQueue | undefined

  constructor(context: AdapterContext) {
    this.context = context
    this.settings = readSettings(context.settings)
    this.operations = new Operations(this.settings, context)
    this.feeds = new Feeds(this.settings, this.operations, context)
    this.queue = this.settings.queue === undefined ? undefined : new NotificationQueue(this.settings.queue, context)
  }

  /**
   * Many go as a feed, a few one by one, because a feed takes minutes; one by one go among many the last units and what a
   * feed has swallowed. While no feed can be made, as many as the limit of patches allows go that way.
   */
  async push(writes: ReadonlyArray<QuantityWrite>, signal: AbortSignal): Promise<Result<ReadonlyArray<WriteOutcome>>> {
    const single = new Set(writes.length > PATCHES_MAX ? quickest(writes) : writes)
    const outcomes = new Map<string, WriteOutcome>()
    const patched = await this.patchAll([...single], outcomes, signal)
    if (!patched.ok) return patched
    const fed = writes.filter((write) => !single.has(write))
    if (fed.length > 0) {
      const feed = await this.feeds.submit(fed, signal)
      if (feed.ok) for (const { key } of fed) outcomes.set(key, { type: "accepted", ticket: feed.value })
      else if (feed.failure.kind === "throttled") {
        const slow = await this.patchAll(fed.slice(0, PATCHES_MAX - single.size), outcomes, signal)
        if (!slow.ok) return slow
      } else if (outcomes.size === 0) return feed
      else for (const { key } of fed) outcomes.set(key, leftOf(feed.failure))
    }
    return succeeded(writes.map(({ key }) => outcomes.get(key) ?? { type: "unsent" }))
  }

  async results(tickets: ReadonlyArray<string>, signal: AbortSignal): Promise<Result<ReadonlyArray<TicketResult>>> {
    const results: Array<TicketResult> = []
    for (const ticket of tickets) {
      const result = await this.feeds.result(ticket, signal)
      if (result.ok) results.push(result.value)
      else if (results.length === 0) return result
    }
    return succeeded(results)
  }

  async list(cursor: string | undefined, signal: AbortSignal): Promise<Result<ListedPage>> {
    const { sellerId, marketplaceId } = this.settings
    const result = await this.operations.call("searchListingsItems", {
      method: "GET",
      path: `/listings/2021-08-01/items/${encodeURIComponent(sellerId)}`,
      query: {
        marketplaceIds: marketplaceId,
        includedData: "fulfillmentAvailability",
        pageSize: PAGE,
        ...(cursor === undefined ? {} : { pageToken: cursor })
      },
      signal
    })
    if (!result.ok) return result
    const items = objectsOf(result.value.body["items"]).flatMap((item) => {
      const sku = idOf(item["sku"])
      // What Amazon fulfils has another code and is not the merchant's to set.
      const own = objectsOf(item["fulfillmentAvailability"]).find((one) => one["fulfillmentChannelCode"] === "DEFAULT")
      const quantity = own?.["quantity"]
      return sku === undefined || typeof quantity !== "number" ? [] : [{ listingId: sku, sku, quantity }]
    })
    const pagination = result.value.body["pagination"]
    const next = isObject(pagination) ? pagination["nextToken"] : undefined
    return succeeded({ items, ...(typeof next === "string" ? { next } : {}) })
  }

  async poll(cursor: string | undefined, signal: AbortSignal): Promise<Result<Polled>> {
    const now = this.context.nowMs()
    const before = readCursor(cursor, now)
    if (this.queue !== undefined && before.receipts.length > 0) {
      const settled = await this.queue.settle(before.receipts, signal)
      if (!settled.ok) return settled
    }
    const isSearchDue =
      this.queue === undefined || before.token !== null || now - before.searchedUntil >= SEARCH_EVERY_MS
    if (isSearchDue) return this.search(before, now, signal)
    const notified = await this.queue.receive(signal)
    if (!notified.ok) return notified
    const events: Array<ChannelEvent> = []
    for (const orderId of notified.value.orderIds) {
      const found = await this.order(orderId, signal)
      if (!found.ok) return found
      events.push(...found.value)
    }
    const next = { ...before, receipts: notified.value.receipts }
    const { length } = notified.value.receipts
    const cursorNow = JSON.stringify(next)
    // An order that was fetched is an answer of the API's; an empty queue is none.
    return succeeded({
      events,
      cursor: cursorNow,
      hasMore: length > 0,
      againMs: LISTEN_AGAIN_MS,
      isElsewhere: length === 0
    })
  }

  async confirmShipment(shipment: Shipment, signal: AbortSignal): Promise<Result<ShipmentOutcome>> {
    const { orderId, packageId, carrier, method, tracking, shippedAt, lines } = shipment
    const code = carrierCode(carrier)
    const packageDetail = {
      packageReferenceId: String(packageId),
      carrierCode: code,
      ...(code === OTHER_CARRIER ? { carrierName: carrier } : {}),
      ...(method === undefined ? {} : { shippingMethod: method }),
      trackingNumber: tracking,
      shipDate: shippedAt,
      orderItems: lines.map(({ lineId, quantity }) => ({ orderItemId: lineId, quantity }))
    }
    const result = await this.operations.call("confirmShipment", {
      method: "POST",
      path: `/orders/v0/orders/${encodeURIComponent(orderId)}/shipmentConfirmation`,
      body: { marketplaceId: this.settings.marketplaceId, packageDetail },
      signal
    })
    if (!result.ok) return result
    const { status, body } = result.value
    if (status < 300) return succeeded({ type: "confirmed" })
    return succeeded({ type: "rejected", code: String(status), message: errorOf(body) })
  }

  /** With nothing done at all the call as a whole has failed. */
  private async patchAll(
    writes: ReadonlyArray<QuantityWrite>,
    outcomes: Map<string, WriteOutcome>,
    signal: AbortSignal
  ): Promise<Result<undefined>> {
    for (const write of writes) {
      const result = await this.patch(write, signal)
      if (result.ok) outcomes.set(write.key, result.value)
      else if (outcomes.size === 0) return result
      else {
        outcomes.set(write.key, leftOf(result.failure))
        break
      }
    }
    return succeeded(undefined)
  }

  private async patch({ listingId, quantity }: QuantityWrite, signal: AbortSignal): Promise<Result<WriteOutcome>> {
    const { sellerId, marketplaceId, productType } = this.settings
    const value = [{ fulfillment_channel_code: "DEFAULT", quantity }]
    const result = await this.operations.call("patchListingsItem", {
      method: "PATCH",
      path: `/listings/2021-08-01/items/${encodeURIComponent(sellerId)}/${encodeURIComponent(listingId)}`,
      query: { marketplaceIds: marketplaceId },
      body: { productType, patches: [{ op: "replace", path: "/attributes/fulfillment_availability", value }] },
      signal
    })
    if (!result.ok) return result
    const { status, body } = result.value
    if (status >= 400) return succeeded({ type: "rejected", code: String(status), message: errorOf(body) })
    // Accepted for processing, which takes seconds; Amazon has no result to ask for, so reconciliation is what checks it.
    if (body["status"] === "ACCEPTED" || body["status"] === "VALID") return succeeded({ type: "applied" })
    const issue = objectsOf(body["issues"]).find((one) => one["severity"] === "ERROR")
    const message = String(issue?.["message"] ?? "Amazon did not take the quantity.").slice(0, 300)
    return succeeded({ type: "rejected", code: String(issue?.["code"] ?? "invalid"), message })
  }

  private async order(orderId: string, signal: AbortSignal): Promise<Result<ReadonlyArray<ChannelEvent>>> {
    const path = `/orders/2026-01-01/orders/${encodeURIComponent(orderId)}`
    const result = await this.operations.call("getOrder", {
      method: "GET",
      path,
      query: { includedData: "FULFILLMENT" },
      signal
    })
    if (!result.ok) return result
    // One that is not there any more says nothing.
    if (result.value.status === 404) return succeeded([])
    const order = result.value.body["order"]
    const events = isObject(order) ? orderEvents(order, this.settings.currency) : undefined
    return events === undefined
      ? failed({ kind: "unavailable", message: "Amazon answered with no order." })
      : succeeded(events)
  }

  /** What the queue may not have told: every order that changed since the last look. */
  private async search(before: Cursor, now: number, signal: AbortSignal): Promise<Result<Polled>> {
    const since = new Date(before.searchedUntil - SEARCH_OVERLAP_MS).toISOString()
    const result = await this.operations.call("searchOrders", {
      method: "GET",
      path: "/orders/2026-01-01/orders",
      query: {
        marketplaceIds: this.settings.marketplaceId,
        lastUpdatedAfter: since,
        maxResultsPerPage: ORDERS_PAGE,
        includedData: "FULFILLMENT",
        ...(before.token === null ? {} : { paginationToken: before.token })
      },
      signal
    })
    if (!result.ok) return result
    const events = objectsOf(result.value.body["orders"]).flatMap(
      (order) => orderEvents(order, this.settings.currency) ?? []
    )
    const pagination = result.value.body["pagination"]
    const token = isObject(pagination) && typeof pagination["nextToken"] === "string" ? pagination["nextToken"] : null
    const searchedUntil = token === null ? now : before.searchedUntil
    const next: Cursor = { searchedUntil, token, receipts: [] }
    return succeeded({ events, cursor: JSON.stringify(next), hasMore: token !== null || this.queue !== undefined })
  }
}

/** Carriers that Amazon has codes for, of those seen most; any other is told by its name. */
const CARRIERS = new Set(["UPS", "USPS", "FedEx", "DHL", "DPD", "GLS", "Hermes", "Royal Mail", "Deutsche Post"])
const OTHER_CARRIER = "Other"
const carrierCode = (carrier: string): string => (CARRIERS.has(carrier) ? carrier : OTHER_CARRIER)

/** What goes one by one among many: swallowed by a feed before, and, as far as the limit goes, the last units. */
const quickest = (writes: ReadonlyArray<QuantityWrite>): ReadonlyArray<QuantityWrite> => {
  const stuck = writes.filter(({ wasStuck }) => wasStuck === true)
  const last = writes.filter(({ isLast, wasStuck }) => isLast === true && wasStuck !== true)
  return [...stuck, ...last.slice(0, Math.max(0, PATCHES_MAX - stuck.length))]
}

/** What becomes of a write when others of its call went through. */
const leftOf = ({ kind, message }: CallFailure): WriteOutcome =>
  kind === "unavailable" ? { type: "failed", message } : { type: "unsent" }

const errorOf = (body: Readonly<Record<string, unknown>>): string => {
  const [error] = objectsOf(body["errors"])
  return String(error?.["message"] ?? "no reason given").slice(0, 300)
}

const readCursor = (cursor: string | undefined, now: number): Cursor => {
  try {
    const { searchedUntil, token, receipts } = JSON.parse(cursor ?? "") as Partial<Cursor>
    if (typeof searchedUntil === "number" && Array.isArray(receipts)) {
      return { searchedUntil, token: typeof token === "string" ? token : null, receipts }
    }
  } catch {
    // The first poll, or a cursor of another release: an hour is looked at again, which changes nothing twice.
  }
  return { searchedUntil: now - SEARCH_FIRST_MS, token: null, receipts: [] }
}

const amazon: AdapterModule = { kind: "amazon", make: (context) => new Amazon(context) }

export default amazon
