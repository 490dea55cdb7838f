/**
 * A Shopify shop on this machine: Admin GraphQL after Shopify's own schema, with its compared quantities, idempotency
 * keys and query costs, and signed webhooks.
 */
import { createHmac } from "node:crypto"
import type { GraphQLResolveInfo } from "graphql"
import { Kind } from "graphql"
import {
  Faults,
  type HttpAnswer,
  type HttpRequest,
  type Marketplace,
  type Order,
  serveMarketplace,
  Shelf
} from "../marketplace.ts"
import { type KnownOrder, LOCATION_ID, orderBody, orderNode, type Refund, refundBody } from "./orders.ts"
import { executeAdmin } from "./schema.ts"

export const SHOP = "holdfast-demo.myshopify.com"
export const ACCESS_TOKEN = "shpat_of_this_machine"
export const WEBHOOK_SECRET = "webhook-secret-of-this-machine"

export interface ShopifyOptions {
  readonly port?: number
  readonly faults?: Faults
  /** Milliseconds since the epoch. */
  readonly nowMs?: () => number
}

/** Mutations cost 10 of a bucket of 2,000 that refills by 100 a second; queries are counted as 10 too. */
const COST = 10
const BUCKET = { size: 2_000, restoreRate: 100 }
const ORDERS_PAGE_MAX = 250

export class ShopifyMarketplace implements Marketplace {
  url = ""
  readonly shelf = new Shelf()
  readonly faults: Faults
  readonly violations: Array<string> = []
  /** Deliveries go there; with none set they are kept in `undelivered`. */
  callbackUrl: string | undefined
  /** Webhooks are not sent while it is set: what a shop does that has switched them off. */
  isSilent = false
  readonly undelivered: Array<{ readonly topic: string; readonly body: string }> = []
  subscriptions: Array<{ topic: string; uri: string }> = []
  private readonly nowMs: () => number
  private readonly orders: Array<KnownOrder> = []
  private readonly keys = new Map<string, { readonly input: string; readonly payload: object }>()
  private count = 0
  private nextId = 1_000
  private bucket = { tokens: BUCKET.size, at: 0 }
  private close_: () => Promise<void> = async () => undefined

  private constructor(options: ShopifyOptions) {
    this.faults = options.faults ?? new Faults()
    this.nowMs = options.nowMs ?? Date.now
  }

  static async start(options: ShopifyOptions = {}): Promise<ShopifyMarketplace> {
    const shop = new ShopifyMarketplace(options)
    const served = await serveMarketplace({
      faults: shop.faults,
      ...(options.port === undefined ? {} : { port: options.port }),
      handle: (request) => shop.handle(request),
      throttled: () => ({ status: 200, body: throttledBody(0) }),
      unauthorized: () => ({ status: 401, body: { errors: "[API] Invalid API key or access token" } })
    })
    shop.url = served.url
    shop.close_ = served.close
    return shop
  }

  readonly calls = (): number => this.count

  close(): Promise<void> {
    return this.close_()
  }

  async sell(
    lines: ReadonlyArray<{ readonly listingId: string; readonly quantity: number }>
  ): Promise<Order | undefined> {
    if (!lines.every(({ listingId, quantity }) => (this.shelf.quantity(listingId) ?? 0) >= quantity)) return undefined
    const now = new Date(this.nowMs()).toISOString()
    const order: KnownOrder = {
      id: String(this.nextId++),
      lines: lines.map((line) => ({ ...line, lineId: String(this.nextId++) })),
      createdAt: now,
      updatedAt: now,
      cancelledAt: null,
      refunds: []
    }
    for (const { listingId, quantity } of lines) this.shelf.take(listingId, quantity)
    this.orders.push(order)
    await this.deliver("orders/create", orderBody(order))
    for (const { listingId } of lines) await this.deliver("inventory_levels/update", this.levelBody(listingId))
    return order
  }

  async cancel({ id }: Order): Promise<void> {
    const order = this.orders.find((one) => one.id === id)
    if (order === undefined || order.cancelledAt !== null) return
    order.cancelledAt = new Date(this.nowMs()).toISOString()
    await this.restock(order, order.lines)
    await this.deliver("orders/cancelled", orderBody(order))
  }

  /** Units come back to the shelf: a refund with restocking. */
  async refund({ id }: Order, lines: Order["lines"]): Promise<void> {
    const order = this.orders.find((one) => one.id === id)
    if (order !== undefined) await this.restock(order, lines)
  }

  private async restock(order: KnownOrder, lines: Order["lines"]): Promise<void> {
    const now = new Date(this.nowMs()).toISOString()
    const refund: Refund = {
      id: this.nextId++,
      createdAt: now,
      lines: lines.map((line) => ({ ...line, id: this.nextId++ }))
    }
    order.updatedAt = now
    order.refunds.push(refund)
    for (const { listingId, quantity } of lines) {
      this.shelf.show(listingId, (this.shelf.quantity(listingId) ?? 0) + quantity)
    }
    await this.deliver("refunds/create", refundBody(order, refund))
  }

  private async handle({ method, url, headers, body }: HttpRequest): Promise<HttpAnswer> {
    if (method !== "POST" || !/^\/admin\/api\/\d{4}-\d{2}\/graphql\.json$/.test(url.pathname)) {
      this.violations.push(`${method} ${url.pathname}`)
      return { status: 404, body: { errors: "Not Found" } }
    }
    if (headers["x-shopify-access-token"] !== ACCESS_TOKEN) {
      return { status: 401, body: { errors: "[API] Invalid API key or access token" } }
    }
    this.count++
    const wait = this.spend()
    if (wait > 0) return { status: 200, body: throttledBody(this.bucket.tokens) }
    let request: { readonly query?: unknown; readonly variables?: unknown }
    try {
      request = JSON.parse(body.toString("utf8")) as typeof request
    } catch {
      this.violations.push("a body that is no JSON")
      return { status: 400, body: { errors: "Bad Request" } }
    }
    const { violations, body: answer } = await executeAdmin(request, this.root)
    this.violations.push(...violations)
    const throttleStatus = {
      maximumAvailable: BUCKET.size,
      currentlyAvailable: Math.floor(this.bucket.tokens),
      restoreRate: BUCKET.restoreRate
    }
    const cost = { requestedQueryCost: COST, actualQueryCost: COST, throttleStatus }
    return { status: 200, body: { ...answer, extensions: { cost } } }
  }

  /** Tokens that are missing; 0 when they were taken. */
  private spend(): number {
    const now = this.nowMs()
    const gained = ((now - this.bucket.at) * BUCKET.restoreRate) / 1_000
    const tokens = Math.min(BUCKET.size, this.bucket.tokens + gained)
    this.bucket = { tokens: tokens >= COST ? tokens - COST : tokens, at: now }
    return tokens >= COST ? 0 : COST - tokens
  }

  private readonly root = {
    productVariants: ({ first, after }: { readonly first: number; readonly after?: string | null }) => {
      const all = this.shelf.listings()
      const from = after === null || after === undefined ? 0 : Number(after)
      const nodes = all.slice(from, from + first).map(({ listingId }) => this.variant(listingId))
      const hasNextPage = from + first < all.length
      return { nodes, pageInfo: { hasNextPage, endCursor: String(from + first) } }
    },
    nodes: ({ ids }: { readonly ids: ReadonlyArray<string> }) =>
      ids.map((id) => {
        const listingId = tail(id)
        return id.includes("/ProductVariant/") && this.shelf.has(listingId) ? this.variant(listingId) : null
      }),
    orders: (args: { readonly first: number; readonly after?: string | null; readonly query?: string }) => {
      if (args.first > ORDERS_PAGE_MAX) throw new Error("first must be 250 or less")
      const since = /updated_at:>='([^']+)'/.exec(args.query ?? "")?.[1] ?? ""
      const all = this.orders
        .filter(({ updatedAt }) => updatedAt >= since)
        .toSorted((a, b) => a.updatedAt.localeCompare(b.updatedAt))
      const from = Number(args.after ?? 0)
      const nodes = all.slice(from, from + args.first).map(orderNode)
      const hasNextPage = from + args.first < all.length
      return { nodes, pageInfo: { hasNextPage, endCursor: String(from + args.first) } }
    },
    webhookSubscriptions: () => ({ nodes: this.subscriptions }),
    webhookSubscriptionCreate: (args: {
      readonly topic: string
      readonly webhookSubscription: { readonly uri: string }
    }) => {
      this.subscriptions.push({ topic: args.topic, uri: args.webhookSubscription.uri })
      this.isSilent = false
      return { userErrors: [] }
    },
    inventorySetQuantities: (
      { input }: { readonly input: SetInput },
      _context: unknown,
      info: GraphQLResolveInfo
    ): object => this.setQuantities(input, idempotencyKey(info))
  }

  private setQuantities(input: SetInput, key: string | undefined): object {
    if (key === undefined) throw new Error("The @idempotent directive is required for this mutation.")
    const text = JSON.stringify(input)
    const known = this.keys.get(key)
    if (known !== undefined) {
      return known.input === text
        ? known.payload
        : refusal("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "The key was used with other parameters.", null)
    }
    const userErrors = input.quantities.flatMap((one, index) => this.wrong(input, one, index))
    if (userErrors.length === 0) {
      for (const { inventoryItemId, quantity } of input.quantities)
        this.shelf.show(listingOf(inventoryItemId), quantity)
    }
    const payload = { userErrors, inventoryAdjustmentGroup: null }
    // What was refused may be sent again under the same key; only what was carried out is remembered.
    if (userErrors.length === 0) this.keys.set(key, { input: text, payload })
    return payload
  }

  private wrong(input: SetInput, one: SetInput["quantities"][number], index: number): ReadonlyArray<object> {
    const at = (field: string) => ["input", "quantities", String(index), field]
    const listingId = listingOf(one.inventoryItemId)
    if (input.name !== "available") return [{ code: "INVALID_NAME", message: "Not a name.", field: ["input", "name"] }]
    if (!this.shelf.has(listingId)) {
      return [{ code: "INVALID_INVENTORY_ITEM", message: "No such item.", field: at("inventoryItemId") }]
    }
    if (tail(one.locationId) !== LOCATION_ID) {
      return [{ code: "INVALID_LOCATION", message: "No such location.", field: at("locationId") }]
    }
    if (one.quantity < 0) {
      return [{ code: "INVALID_QUANTITY_NEGATIVE", message: "Below zero.", field: at("quantity") }]
    }
    if (one.changeFromQuantity === undefined || one.changeFromQuantity === null) {
      return [{ code: "COMPARE_QUANTITY_REQUIRED", message: "Compare it.", field: at("changeFromQuantity") }]
    }
    return one.changeFromQuantity === this.shelf.quantity(listingId)
      ? []
      : [{ code: "CHANGE_FROM_QUANTITY_STALE", message: "It changed meanwhile.", field: at("changeFromQuantity") }]
  }

  private variant(listingId: string): object {
    return {
      __typename: "ProductVariant",
      id: `gid://shopify/ProductVariant/${listingId}`,
      legacyResourceId: listingId,
      sku: this.shelf.sku(listingId) ?? null,
      inventoryItem: {
        id: itemOf(listingId),
        inventoryLevel: ({ locationId }: { readonly locationId: string }) =>
          tail(locationId) === LOCATION_ID
            ? { quantities: [{ name: "available", quantity: this.shelf.quantity(listingId) }] }
            : null
      }
    }
  }

  private levelBody(listingId: string): object {
    return {
      inventory_item_id: Number(tail(itemOf(listingId))),
      location_id: Number(LOCATION_ID),
      available: this.shelf.quantity(listingId),
      updated_at: new Date(this.nowMs()).toISOString()
    }
  }

  /** Once, without waiting for long: what is lost is found by polling. */
  private async deliver(topic: string, content: object): Promise<void> {
    if (this.isSilent) return
    const body = JSON.stringify(content)
    if (this.callbackUrl === undefined) {
      this.undelivered.push({ topic, body })
      return
    }
    try {
      await fetch(this.callbackUrl, {
        method: "POST",
        headers: signedHeaders(topic, body),
        body,
        signal: AbortSignal.timeout(5_000)
      })
    } catch {
      this.undelivered.push({ topic, body })
    }
  }
}

interface SetInput {
  readonly name: string
  readonly quantities: ReadonlyArray<{
    readonly inventoryItemId: string
    readonly locationId: string
    readonly quantity: number
    readonly changeFromQuantity?: number | null
  }>
}

export const signedHeaders = (topic: string, body: string | Uint8Array): Record<string, string> => ({
  "content-type": "application/json",
  "x-shopify-topic": topic,
  "x-shopify-shop-domain": SHOP,
  "x-shopify-hmac-sha256": createHmac("sha256", WEBHOOK_SECRET).update(body).digest("base64")
})

const tail = (gid: string): string => gid.slice(gid.lastIndexOf("/") + 1)
/** Items have numbers of their own; here they are the variant's behind a 9. */
const itemOf = (listingId: string): string => `gid://shopify/InventoryItem/9${listingId}`
const listingOf = (itemGid: string): string => tail(itemGid).slice(1)

const idempotencyKey = (info: GraphQLResolveInfo): string | undefined => {
  const directive = info.fieldNodes[0]?.directives?.find(({ name }) => name.value === "idempotent")
  const value = directive?.arguments?.[0]?.value
  if (value?.kind === Kind.STRING) return value.value
  return value?.kind === Kind.VARIABLE ? (info.variableValues[value.name.value] as string) : undefined
}

const refusal = (code: string, message: string, field: ReadonlyArray<string> | null) => ({
  userErrors: [{ code, message, field }]
})

const throttledBody = (tokens: number) => ({
  errors: [{ message: "Throttled", extensions: { code: "THROTTLED" } }],
  extensions: {
    cost: {
      requestedQueryCost: COST,
      throttleStatus: { maximumAvailable: BUCKET.size, currentlyAvailable: tokens, restoreRate: BUCKET.restoreRate }
    }
  }
})
