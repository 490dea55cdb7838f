/**
 * A social shop on this machine: signs what it tells, verifies what it is told, and keeps to its own page sizes.
 */
import { secretKey, signedHeaders, whyUnsigned } from "../../../src/channels/standard-webhooks.ts"
import {
  Faults,
  type HttpAnswer,
  type HttpRequest,
  type Marketplace,
  type Order,
  serveMarketplace,
  Shelf
} from "../marketplace.ts"

export const SECRET = `whsec_${Buffer.from("the secret of this machine's shop").toString("base64")}`
const QUANTITIES_MAX = 50
const PAGE = 100

export interface SocialOptions {
  readonly port?: number
  readonly nowMs?: () => number
}

export class SocialMarketplace implements Marketplace {
  url = ""
  readonly shelf = new Shelf()
  readonly faults = new Faults()
  readonly violations: Array<string> = []
  /** Deliveries go there, and are tried again until they are taken; with none set they are kept in `undelivered`. */
  callbackUrl: string | undefined
  readonly undelivered: Array<{ readonly id: string; readonly body: string }> = []
  private readonly nowMs: () => number
  private readonly key = secretKey(SECRET)
  private count = 0
  private nextId = 1
  private closeServer: () => Promise<void> = async () => undefined

  private constructor({ nowMs = Date.now }: SocialOptions) {
    this.nowMs = nowMs
  }

  static async start(options: SocialOptions = {}): Promise<SocialMarketplace> {
    const shop = new SocialMarketplace(options)
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
    const id = `S-${this.nextId++}`
    const order = { id, lines: lines.map((line, index) => ({ ...line, lineId: String(index + 1) })) }
    await this.tell("order.created", order)
    return order
  }

  async cancel(order: Order): Promise<void> {
    for (const { listingId, quantity } of order.lines) {
      this.shelf.show(listingId, (this.shelf.quantity(listingId) ?? 0) + quantity)
    }
    await this.tell("order.cancelled", order)
  }

  sign(id: string, body: string | Uint8Array, atMs = this.nowMs()): Readonly<Record<string, string>> {
    return signedHeaders(this.key, id, atMs, body)
  }

  /** What could not be delivered is tried once more. */
  async redeliver(): Promise<void> {
    for (const { id, body } of this.undelivered.splice(0)) await this.deliver(id, body)
  }

  private async tell(type: string, order: Order): Promise<void> {
    const id = `msg_${this.nextId++}`
    const lines = order.lines.map(({ lineId, listingId, quantity }) => ({
      line: lineId,
      listing: listingId,
      quantity,
      unit: "each",
      unit_price: { amount: "12.50", currency: "EUR" }
    }))
    const placedAt = new Date(this.nowMs()).toISOString()
    await this.deliver(id, JSON.stringify({ type, id, data: { order: order.id, placed_at: placedAt, lines } }))
  }

  private async deliver(id: string, body: string): Promise<void> {
    if (this.callbackUrl === undefined) return void this.undelivered.push({ id, body })
    try {
      const signal = AbortSignal.timeout(5_000)
      const response = await fetch(this.callbackUrl, { method: "POST", headers: this.sign(id, body), body, signal })
      await response.arrayBuffer()
      if (!response.ok) this.undelivered.push({ id, body })
    } catch {
      this.undelivered.push({ id, body })
    }
  }

  private handle({ method, url, headers, body }: HttpRequest): HttpAnswer {
    const plain = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
    const unsigned = whyUnsigned([this.key], plain, body, this.nowMs())
    if (unsigned !== undefined) return { status: 401, body: { message: unsigned } }
    this.count++
    if (method === "GET" && url.pathname === "/listings") return this.page(url.searchParams.get("after") ?? "0")
    if (method === "POST" && url.pathname === "/quantities") return this.set(body)
    this.violations.push(`${method} ${url.pathname}`)
    return { status: 404, body: { message: "nothing here" } }
  }

  private page(after: string): HttpAnswer {
    const from = Number(after)
    const all = this.shelf.listings()
    const items = all
      .slice(from, from + PAGE)
      .map(({ listingId, sku, quantity }) => ({ listing: listingId, sku, quantity }))
    return { status: 200, body: { items, ...(from + PAGE < all.length ? { next: String(from + PAGE) } : {}) } }
  }

  private set(body: Buffer): HttpAnswer {
    const { quantities } = JSON.parse(body.toString("utf8")) as { readonly quantities?: unknown }
    if (!Array.isArray(quantities) || quantities.length === 0 || quantities.length > QUANTITIES_MAX) {
      this.violations.push(`1 to ${QUANTITIES_MAX} quantities`)
      return { status: 400, body: { message: `1 to ${QUANTITIES_MAX} quantities` } }
    }
    const results = (quantities as ReadonlyArray<Record<string, unknown>>).map(({ listing, quantity, key }) => {
      if (
        typeof listing !== "string" ||
        typeof key !== "string" ||
        !Number.isInteger(quantity) ||
        Number(quantity) < 0
      ) {
        this.violations.push(`a quantity of ${JSON.stringify({ listing, quantity, key })}`)
      }
      if (!this.shelf.has(String(listing))) return { listing, status: "unknown" }
      this.shelf.show(String(listing), Number(quantity))
      return { listing, status: "ok" }
    })
    return { status: 200, body: { results } }
  }
}
