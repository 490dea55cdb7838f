/**
 * A WooCommerce shop on this machine: REST v3 in the shapes of its documentation, signed webhooks, and its habit of
 * disabling a webhook after five deliveries that failed.
 */
import { createHmac } from "node:crypto"
import {
  Faults,
  type HttpAnswer,
  type HttpRequest,
  type Marketplace,
  type Order,
  serveMarketplace,
  Shelf
} from "../marketplace.ts"
import { like, violationsOf } from "./shapes.ts"

export const CONSUMER_KEY = "ck_of_this_machine"
export const CONSUMER_SECRET = "cs_of_this_machine"
export const WEBHOOK_SECRET = "wc-webhook-secret-of-this-machine"

const BATCH_MAX = 100
const PAGE_MAX = 100
const FAILURES_MAX = 5

export interface WooOptions {
  readonly port?: number
  readonly nowMs?: () => number
}

interface KnownOrder extends Order {
  status: string
  readonly created: string
  modified: string
}

interface KnownWebhook {
  readonly id: number
  readonly topic: string
  readonly delivery_url: string
  readonly secret: string
  status: string
  failures: number
}

export class WooMarketplace implements Marketplace {
  url = ""
  readonly shelf = new Shelf()
  readonly faults = new Faults()
  readonly violations: Array<string> = []
  readonly webhooks: Array<KnownWebhook> = []
  /** What no webhook delivered. */
  readonly undelivered: Array<{ readonly topic: string; readonly body: string }> = []
  isSilent = false
  private readonly orders: Array<KnownOrder> = []
  private readonly nowMs: () => number
  private count = 0
  private nextId = 500
  private closeServer: () => Promise<void> = async () => undefined

  private constructor({ nowMs = Date.now }: WooOptions) {
    this.nowMs = nowMs
  }

  static async start(options: WooOptions = {}): Promise<WooMarketplace> {
    const shop = new WooMarketplace(options)
    const served = await serveMarketplace({
      faults: shop.faults,
      handle: (request) => shop.handle(request),
      ...(options.port === undefined ? {} : { port: options.port })
    })
    shop.url = served.url
    shop.closeServer = served.close
    return shop
  }

  readonly calls = (): number => this.count

  close(): Promise<void> {
    return this.closeServer()
  }

  async sell(
    lines: ReadonlyArray<{ readonly listingId: string; readonly quantity: number }>
  ): Promise<Order | undefined> {
    if (!lines.every(({ listingId, quantity }) => (this.shelf.quantity(listingId) ?? 0) >= quantity)) return undefined
    for (const { listingId, quantity } of lines) this.shelf.take(listingId, quantity)
    const now = this.now()
    const order: KnownOrder = {
      id: String(this.nextId++),
      lines: lines.map((line) => ({ ...line, lineId: String(this.nextId++) })),
      status: "processing",
      created: now,
      modified: now
    }
    this.orders.push(order)
    await this.tell("order.created", orderBody(order))
    return order
  }

  async cancel({ id }: Order): Promise<void> {
    const order = this.orders.find((one) => one.id === id)
    if (order === undefined || order.status === "cancelled") return
    order.status = "cancelled"
    order.modified = this.now()
    for (const { listingId, quantity } of order.lines) {
      this.shelf.show(listingId, (this.shelf.quantity(listingId) ?? 0) + quantity)
    }
    await this.tell("order.updated", orderBody(order))
  }

  /** As a shop's owner would in its settings. */
  subscribe(topic: string, deliveryUrl: string): void {
    const id = this.nextId++
    this.webhooks.push({ id, topic, delivery_url: deliveryUrl, secret: WEBHOOK_SECRET, status: "active", failures: 0 })
  }

  private now(): string {
    return new Date(this.nowMs()).toISOString().slice(0, 19)
  }

  private async tell(topic: string, content: unknown): Promise<void> {
    if (this.isSilent) return
    const body = JSON.stringify(content)
    const active = this.webhooks.filter((webhook) => webhook.topic === topic && webhook.status === "active")
    if (active.length === 0) this.undelivered.push({ topic, body })
    for (const webhook of active) await this.deliver(webhook, body)
  }

  private async deliver(webhook: KnownWebhook, body: string): Promise<void> {
    try {
      const signal = AbortSignal.timeout(5_000)
      const headers = signedHeaders(webhook.topic, body, webhook.secret)
      const response = await fetch(webhook.delivery_url, { method: "POST", headers, body, signal })
      await response.arrayBuffer()
      webhook.failures = response.ok ? 0 : webhook.failures + 1
    } catch {
      webhook.failures++
    }
    if (webhook.failures >= FAILURES_MAX) webhook.status = "disabled"
  }

  private handle({ method, url, headers, body }: HttpRequest): HttpAnswer {
    const expected = `Basic ${Buffer.from(`${CONSUMER_KEY}:${CONSUMER_SECRET}`).toString("base64")}`
    if (headers.authorization !== expected) {
      return {
        status: 401,
        body: {
          code: "woocommerce_rest_cannot_view",
          message: "Sorry, you cannot list resources.",
          data: { status: 401 }
        }
      }
    }
    this.count++
    const path = url.pathname.replace(/^\/wp-json\/wc\/v3/, "")
    const content = body.length === 0 ? undefined : (JSON.parse(body.toString("utf8")) as Record<string, unknown>)
    const variations = /^\/products\/(\d+)\/variations(\/batch)?$/.exec(path)
    if (method === "GET" && path === "/products") return this.products(url)
    if (method === "GET" && variations !== null) return this.variations(variations[1] ?? "", url)
    if (method === "POST" && path === "/products/batch") return this.batch(content, "product", (id) => id)
    if (method === "POST" && variations?.[2] !== undefined) {
      return this.batch(content, "product-variation", (id) => `${variations[1]}:${id}`)
    }
    if (method === "GET" && path === "/orders") return this.ordersSince(url)
    if (path.startsWith("/webhooks")) return this.webhook(method, path, content)
    this.violations.push(`${method} ${url.pathname}`)
    return { status: 404, body: { code: "rest_no_route", message: "No route was found.", data: { status: 404 } } }
  }

  private paged(all: ReadonlyArray<unknown>, url: URL): HttpAnswer {
    const size = Number(url.searchParams.get("per_page") ?? 10)
    const page = Number(url.searchParams.get("page") ?? 1)
    if (size > PAGE_MAX) this.violations.push(`per_page is ${PAGE_MAX} at most`)
    const pages = Math.max(1, Math.ceil(all.length / size))
    const headers = { "x-wp-total": String(all.length), "x-wp-totalpages": String(pages) }
    return { status: 200, headers, body: all.slice((page - 1) * size, page * size) }
  }

  private products(url: URL): HttpAnswer {
    const simple = new Map<string, object>()
    for (const { listingId, sku, quantity } of this.shelf.listings()) {
      const [id = "", variation] = listingId.split(":")
      const own = variation === undefined ? { sku, manage_stock: true, stock_quantity: quantity } : { type: "variable" }
      simple.set(id, like("product", { id: Number(id), ...own }))
    }
    return this.paged([...simple.values()], url)
  }

  private variations(productId: string, url: URL): HttpAnswer {
    const own = this.shelf.listings().filter(({ listingId }) => listingId.startsWith(`${productId}:`))
    const all = own.map(({ listingId, sku, quantity }) =>
      like("product-variation", {
        id: Number(listingId.split(":")[1]),
        sku,
        manage_stock: true,
        stock_quantity: quantity
      })
    )
    return this.paged(all, url)
  }

  private batch(
    content: Record<string, unknown> | undefined,
    sample: "product" | "product-variation",
    listingOf: (id: string) => string
  ): HttpAnswer {
    const update = content?.["update"]
    if (!Array.isArray(update) || update.length > BATCH_MAX) {
      this.violations.push(`a batch of at most ${BATCH_MAX} updates`)
      return { status: 413, body: { code: "woocommerce_rest_request_entity_too_large", message: "Too many." } }
    }
    const answers = (update as ReadonlyArray<Record<string, unknown>>).map((one) => {
      this.violations.push(...violationsOf(sample, one))
      const listingId = listingOf(String(one["id"]))
      if (!this.shelf.has(listingId)) {
        const error = { code: "woocommerce_rest_product_invalid_id", message: "Invalid ID.", data: { status: 400 } }
        return { id: one["id"], error }
      }
      this.shelf.show(listingId, Number(one["stock_quantity"]))
      return like(sample, one)
    })
    return { status: 200, body: { update: answers } }
  }

  private ordersSince(url: URL): HttpAnswer {
    const after = url.searchParams.get("modified_after") ?? ""
    const found = this.orders
      .filter(({ modified }) => modified > after)
      .toSorted((a, b) => a.modified.localeCompare(b.modified))
    return this.paged(found.map(orderBody), url)
  }

  private webhook(method: string, path: string, content: Record<string, unknown> | undefined): HttpAnswer {
    const view = ({ failures: _failures, secret: _secret, ...webhook }: KnownWebhook) => like("webhook", webhook)
    if (method === "GET") return { status: 200, headers: { "x-wp-totalpages": "1" }, body: this.webhooks.map(view) }
    this.violations.push(...violationsOf("webhook", content))
    if (method === "POST") {
      const made = {
        id: this.nextId++,
        topic: String(content?.["topic"]),
        delivery_url: String(content?.["delivery_url"]),
        secret: String(content?.["secret"]),
        status: "active",
        failures: 0
      }
      this.webhooks.push(made)
      return { status: 201, body: view(made) }
    }
    const known = this.webhooks.find(({ id }) => path === `/webhooks/${id}`)
    if (known === undefined)
      return { status: 404, body: { code: "woocommerce_rest_shop_webhook_invalid_id", message: "Invalid ID." } }
    known.status = String(content?.["status"])
    known.failures = 0
    this.isSilent = false
    return { status: 200, body: view(known) }
  }
}

export const signedHeaders = (topic: string, body: string | Uint8Array, secret = WEBHOOK_SECRET) => ({
  "content-type": "application/json",
  "x-wc-webhook-topic": topic,
  "x-wc-webhook-signature": createHmac("sha256", secret).update(body).digest("base64")
})

const orderBody = (order: KnownOrder) =>
  like("order", {
    id: Number(order.id),
    number: order.id,
    status: order.status,
    date_created_gmt: order.created,
    date_modified_gmt: order.modified,
    line_items: order.lines.map(({ lineId, listingId, quantity }) => {
      const [productId, variationId = "0"] = listingId.split(":")
      return {
        id: Number(lineId),
        product_id: Number(productId),
        variation_id: Number(variationId),
        quantity,
        price: 3
      }
    })
  })
