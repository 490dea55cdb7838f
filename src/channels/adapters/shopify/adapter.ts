/**
 * Shopify: webhooks with an HMAC over the raw body, the Admin GraphQL API for stock, orders and subscriptions.
 *
 * A listing is a variant, by its number. A quantity is written with the one that it replaces (`changeFromQuantity`) and
 * a key (`@idempotent`), which the versions since 2026-04 ask for; where the hub does not know what the shop shows it is
 * read first, so every write is compared.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import {
  type Adapter,
  type AdapterContext,
  type AdapterModule,
  failed,
  type ListedPage,
  type Polled,
  type QuantityWrite,
  type Received,
  type Result,
  succeeded,
  type Webhook,
  type WriteOutcome
} from "../../adapter.ts"
import { parseObject } from "../../json-body.ts"
import * as Documents from "./documents.ts"
import { graphqlOf, type Query } from "./graphql.ts"
import { legacyId, orderEvents, refundEvents } from "./orders.ts"
import { readSettings, type ShopifySettings } from "./settings.ts"

const WRITES_MAX = 100
const PAGE = 100
const ORDERS_PAGE = 50
/** Orders are looked for a little before the cursor: Shopify's index lags. */
const POLL_OVERLAP_MS = 120_000
const POLL_FIRST_MS = 3_600_000
/** Rounds of one push: after each the writes that were refused are left out of the next. */
const ROUNDS_MAX = 3
const UNCERTAIN_MAX = 64
/** Variants whose inventory item is known: never changes, some 100 bytes each. */
const ITEMS_MAX = 500_000
export const TOPICS = ["orders/create", "orders/cancelled", "refunds/create", "inventory_levels/update"] as const

interface Item {
  readonly write: QuantityWrite
  readonly itemId: string
  readonly from: number
}

class Shopify implements Adapter {
  readonly limits = { batchMax: WRITES_MAX, callsPerSecond: 4, burst: 20, concurrencyMax: 4, windowMs: 100 }
  private readonly settings: ShopifySettings
  private readonly context: AdapterContext
  private readonly query: Query
  /** Inventory item of a variant, and back. */
  private readonly items = new Map<string, string>()
  private readonly variants = new Map<string, string>()
  /** Mutations whose fate is not known, by their key: sent again as they were when all their writes come again. */
  private readonly uncertain = new Map<string, ReadonlyArray<Item>>()
  upkeep?: NonNullable<Adapter["upkeep"]>

  constructor(context: AdapterContext) {
    this.context = context
    this.settings = readSettings(context.settings)
    this.query = graphqlOf(this.settings, context.fetch)
    const { callbackUrl } = this.settings
    if (callbackUrl !== undefined) this.upkeep = (signal) => this.restore(callbackUrl, signal)
  }

  async push(writes: ReadonlyArray<QuantityWrite>, signal: AbortSignal): Promise<Result<ReadonlyArray<WriteOutcome>>> {
    const outcomes = new Map<string, WriteOutcome>()
    const repeated = this.repeats(writes)
    for (const [key, items] of repeated) {
      const result = await this.set(key, items, outcomes, signal)
      if (!result.ok) return result
    }
    const fresh = writes.filter(({ key }) => !outcomes.has(key))
    const prepared = await this.prepare(fresh, outcomes, signal)
    if (!prepared.ok) return prepared
    let items = prepared.value
    for (let round = 1; items.length > 0 && round <= ROUNDS_MAX; round++) {
      const result = await this.set(keyOf(items), items, outcomes, signal)
      if (!result.ok) return result
      items = items.filter(({ write }) => !outcomes.has(write.key))
    }
    const left: WriteOutcome = { type: "failed", message: "Shopify refused the batch that it came with." }
    return succeeded(writes.map(({ key }) => outcomes.get(key) ?? left))
  }

  async receive(webhook: Webhook): Promise<Received> {
    if (!this.isSigned(webhook)) {
      return { type: "refused", status: 401, message: "The webhook is not signed with this shop's secret." }
    }
    const { "x-shopify-shop-domain": shop, "x-shopify-topic": topic = "" } = webhook.headers
    if (shop !== undefined && shop !== this.settings.shop) {
      return { type: "refused", status: 401, message: "The webhook is another shop's." }
    }
    const body = parseObject(webhook.body)
    if (body === undefined) return { type: "refused", status: 400, message: "The body is no JSON object." }
    if (topic === "inventory_levels/update") return this.level(body)
    const isRefund = topic === "refunds/create"
    if (!isRefund && topic !== "orders/create" && topic !== "orders/cancelled") {
      return { type: "ignored", why: `The topic ${topic} says nothing about stock.` }
    }
    const events = isRefund ? refundEvents(body) : orderEvents(body, this.settings.currency)
    return events === undefined
      ? { type: "refused", status: 400, message: `The body is no ${isRefund ? "refund" : "order"}.` }
      : { type: "events", events }
  }

  async list(cursor: string | undefined, signal: AbortSignal): Promise<Result<ListedPage>> {
    const variables = { first: PAGE, after: cursor ?? null, location: this.location }
    const result = await this.query<Documents.VariantsData>(Documents.variants, variables, signal)
    if (!result.ok) return result
    const { nodes, pageInfo } = result.value.productVariants
    const items = nodes.flatMap(({ legacyResourceId, sku, inventoryItem }) => {
      this.know(legacyResourceId, inventoryItem.id)
      const quantity = inventoryItem.inventoryLevel?.quantities[0]?.quantity
      if (quantity === undefined) return []
      return [{ listingId: legacyResourceId, quantity, ...(sku === null || sku === "" ? {} : { sku }) }]
    })
    return succeeded({ items, ...(pageInfo.hasNextPage ? { next: pageInfo.endCursor } : {}) })
  }

  async poll(cursor: string | undefined, signal: AbortSignal): Promise<Result<Polled>> {
    const now = this.context.nowMs()
    const { since, after } = readCursor(cursor, now - POLL_FIRST_MS)
    const variables = {
      first: ORDERS_PAGE,
      after,
      query: `updated_at:>='${new Date(since - POLL_OVERLAP_MS).toISOString()}'`
    }
    const result = await this.query<Documents.OrdersData>(Documents.orders, variables, signal)
    if (!result.ok) return result
    const { nodes, pageInfo } = result.value.orders
    const events = nodes.flatMap((order) => orderEvents(asWebhook(order), this.settings.currency) ?? [])
    // A page that is not the last keeps its beginning, so that what changes meanwhile is not passed over.
    const next = pageInfo.hasNextPage ? { since, after: pageInfo.endCursor } : { since: now, after: null }
    return succeeded({ events, cursor: JSON.stringify(next), hasMore: pageInfo.hasNextPage })
  }

  private get location(): string {
    return `gid://shopify/Location/${this.settings.locationId}`
  }

  private know(variantId: string, itemId: string): void {
    if (this.items.size >= ITEMS_MAX) return
    this.items.set(variantId, itemId)
    this.variants.set(itemId, variantId)
  }

  /** Uncertain mutations all of whose writes come again. */
  private repeats(writes: ReadonlyArray<QuantityWrite>): ReadonlyArray<readonly [string, ReadonlyArray<Item>]> {
    if (this.uncertain.size === 0) return []
    const keys = new Set(writes.map(({ key }) => key))
    return [...this.uncertain].filter(([, items]) => items.every(({ write }) => keys.has(write.key)))
  }

  /** Finds each write's inventory item and what the shop shows of it; what has none is refused here. */
  private async prepare(
    writes: ReadonlyArray<QuantityWrite>,
    outcomes: Map<string, WriteOutcome>,
    signal: AbortSignal
  ): Promise<Result<ReadonlyArray<Item>>> {
    const unknown = writes.filter(({ listingId, believed }) => believed === undefined || !this.items.has(listingId))
    const shown = new Map<string, number>()
    if (unknown.length > 0) {
      const ids = unknown.map(({ listingId }) => `gid://shopify/ProductVariant/${listingId}`)
      const result = await this.query<Documents.LevelsData>(Documents.levels, { ids, location: this.location }, signal)
      if (!result.ok) return result
      for (const node of result.value.nodes) {
        if (node === null) continue
        this.know(node.legacyResourceId, node.inventoryItem.id)
        const quantity = node.inventoryItem.inventoryLevel?.quantities[0]?.quantity
        if (quantity !== undefined) shown.set(node.legacyResourceId, quantity)
      }
    }
    const items: Array<Item> = []
    for (const write of writes) {
      const itemId = this.items.get(write.listingId)
      const from = write.believed ?? shown.get(write.listingId)
      if (itemId === undefined) {
        outcomes.set(write.key, { type: "rejected", code: "unknown_variant", message: "The shop has no such variant." })
      } else if (from === undefined) {
        const message = "The variant is not stocked at the configured location."
        outcomes.set(write.key, { type: "rejected", code: "not_stocked", message })
      } else if (from === write.quantity && write.believed === undefined) outcomes.set(write.key, { type: "applied" })
      else items.push({ write, itemId, from })
    }
    return succeeded(items)
  }

  /** One mutation: all of it or nothing. The writes that it is refused for get their outcome, the others none yet. */
  private async set(
    key: string,
    items: ReadonlyArray<Item>,
    outcomes: Map<string, WriteOutcome>,
    signal: AbortSignal
  ): Promise<Result<undefined>> {
    const input = {
      name: "available",
      reason: "correction",
      quantities: items.map(({ write, itemId, from }) => ({
        inventoryItemId: itemId,
        locationId: this.location,
        quantity: write.quantity,
        changeFromQuantity: from
      }))
    }
    if (this.uncertain.size < UNCERTAIN_MAX) this.uncertain.set(key, items)
    const result = await this.query<Documents.SetData>(Documents.setQuantities, { input, key }, signal)
    if (!result.ok) {
      // Turned away at the door: it was not carried out.
      if (result.failure.kind !== "unavailable") this.uncertain.delete(key)
      return result
    }
    this.uncertain.delete(key)
    const { userErrors } = result.value.inventorySetQuantities
    if (userErrors.length === 0) for (const { write } of items) outcomes.set(write.key, { type: "applied" })
    for (const error of userErrors) {
      if (error.code === "IDEMPOTENCY_CONCURRENT_REQUEST" || error.code === "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED") {
        return failed({ kind: "unavailable", message: "Shopify is still busy with an earlier attempt." })
      }
      const index = Number(error.field?.find((part) => /^\d+$/.test(part)))
      const item = items[index] ?? (items.length === 1 ? items[0] : undefined)
      if (item === undefined) return failed({ kind: "unavailable", message: `Shopify refused: ${error.message}` })
      outcomes.set(item.write.key, outcomeOf(error))
    }
    return succeeded(undefined)
  }

  private isSigned({ headers, body }: Webhook): boolean {
    const given = Buffer.from(headers["x-shopify-hmac-sha256"] ?? "", "base64")
    const made = createHmac("sha256", this.settings.webhookSecret).update(body).digest()
    return given.length === made.length && timingSafeEqual(given, made)
  }

  private level(body: Readonly<Record<string, unknown>>): Received {
    const { inventory_item_id: itemId, location_id: locationId, available, updated_at: updatedAt } = body
    if (String(locationId) !== this.settings.locationId) return { type: "ignored", why: "Another location's." }
    const listingId = this.variants.get(`gid://shopify/InventoryItem/${String(itemId)}`)
    if (listingId === undefined) return { type: "ignored", why: "No variant of it was met yet." }
    if (typeof available !== "number" || !Number.isInteger(available)) {
      return { type: "refused", status: 400, message: "available is no integer." }
    }
    const id = `level:${String(itemId)}:${String(updatedAt)}`
    return { type: "events", events: [{ type: "observed", id, listingId, quantity: available }] }
  }

  /** Subscriptions that are missing, or that point elsewhere, are made. */
  private async restore(
    callbackUrl: string,
    signal: AbortSignal
  ): Promise<Result<{ readonly restored: ReadonlyArray<string> }>> {
    const result = await this.query<Documents.SubscriptionsData>(Documents.subscriptions, { first: 100 }, signal)
    if (!result.ok) return result
    const there = new Set(
      result.value.webhookSubscriptions.nodes.filter(({ uri }) => uri === callbackUrl).map(({ topic }) => topic)
    )
    const restored: Array<string> = []
    for (const topic of TOPICS) {
      const name = topic.toUpperCase().replace("/", "_")
      if (there.has(name)) continue
      const variables = { topic: name, subscription: { uri: callbackUrl } }
      const made = await this.query<Documents.SubscribeData>(Documents.subscribe, variables, signal)
      if (!made.ok) return made
      const [error] = made.value.webhookSubscriptionCreate.userErrors
      if (error !== undefined)
        return failed({ kind: "unavailable", message: `Shopify refused ${topic}: ${error.message}` })
      restored.push(`the webhook ${topic}`)
    }
    return succeeded({ restored })
  }
}

/** The key of a mutation is made from those of its writes and what they were compared with. */
const keyOf = (items: ReadonlyArray<Item>): string => {
  const parts = items.map(({ write, from }) => `${write.key}:${from}`).sort()
  return createHash("sha256").update(parts.join("|")).digest("hex").slice(0, 40)
}

const STALE = new Set(["CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"])

const outcomeOf = (error: Documents.UserError): WriteOutcome =>
  error.code !== null && STALE.has(error.code)
    ? { type: "stale" }
    : { type: "rejected", code: (error.code ?? "refused").toLowerCase(), message: error.message.slice(0, 300) }

const readCursor = (cursor: string | undefined, first: number): { since: number; after: string | null } => {
  try {
    const { since, after } = JSON.parse(cursor ?? "") as { readonly since?: unknown; readonly after?: unknown }
    if (typeof since === "number") return { since, after: typeof after === "string" ? after : null }
  } catch {
    // The first poll, or a cursor of another release: an hour is looked at again, which changes nothing twice.
  }
  return { since: first, after: null }
}

/** An order as the query has it, in the words of the webhook. */
const asWebhook = (order: Documents.OrderNode): Readonly<Record<string, unknown>> => ({
  id: order.legacyResourceId,
  name: order.name,
  created_at: order.createdAt,
  currency: order.currencyCode,
  line_items: order.lineItems.nodes.map((line) => ({
    id: legacyId(line.id),
    variant_id: line.variant?.legacyResourceId ?? null,
    quantity: line.quantity,
    price: line.originalUnitPriceSet.shopMoney.amount
  })),
  refunds: order.refunds.map((refund) => ({
    id: refund.legacyResourceId,
    order_id: order.legacyResourceId,
    created_at: refund.createdAt,
    refund_line_items: refund.refundLineItems.nodes.map((line) => ({
      id: legacyId(line.id),
      quantity: line.quantity,
      restock_type: line.restockType.toLowerCase(),
      line_item: { variant_id: line.lineItem.variant?.legacyResourceId ?? null }
    }))
  }))
})

const shopify: AdapterModule = { kind: "shopify", make: (context) => new Shopify(context) }

export default shopify
