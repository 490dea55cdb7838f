/**
 * A seller's account at Amazon on this machine: Login with Amazon, listings, feeds, orders and a notification queue, each
 * request and answer checked with Amazon's own descriptions.
 */
import {
  Faults,
  type HttpAnswer,
  type HttpRequest,
  type Marketplace,
  type Order,
  serveMarketplace,
  Shelf
} from "../marketplace.ts"
import { AmazonDescription } from "./description.ts"
import { Notifications } from "./notifications.ts"
import { Shipments } from "./shipments.ts"

export const SELLER_ID = "A3TH9S8BH6GOGM"
export const MARKETPLACE_ID = "ATVPDKIKX0DER"
export const CLIENT_ID = "amzn1.application-oa2-client.of-this-machine"
export const CLIENT_SECRET = "amzn1.oa2-cs.v1.of-this-machine"
export const REFRESH_TOKEN = "Atzr|of-this-machine"

const PAGE_SIZE_MAX = 20

export interface AmazonOptions {
  readonly port?: number
  readonly nowMs?: () => number
  readonly seed?: number
}

interface KnownOrder extends Order {
  readonly isFba: boolean
  status: string
  readonly created: string
  updated: string
  cancelled: Map<string, number>
}

interface Feed {
  readonly id: string
  readonly documentId: string
  readonly doneAt: number
  status: string
  report: object | undefined
}

export class AmazonMarketplace implements Marketplace {
  url = ""
  readonly shelf = new Shelf()
  readonly faults = new Faults()
  readonly violations: Array<string> = []
  readonly queue: Notifications
  /** How long a feed takes; `Infinity` is for ever. */
  feedMs = 50
  tokenLifeS = 3_600
  isRevoked = false
  tokensGiven = 0
  /** The queue does not take the keys. */
  isQueueLocked = false
  /** No notification is sent while it is set. */
  isSilent = false
  readonly shipments = new Shipments()
  private readonly orders: Array<KnownOrder> = []
  private readonly feeds = new Map<string, Feed>()
  private readonly documents = new Map<string, string>()
  private readonly tokens = new Map<string, number>()
  private readonly nowMs: () => number
  private count = 0
  private nextId = 1
  private closeServer: () => Promise<void> = async () => undefined

  private constructor({ nowMs = Date.now, seed = 1 }: AmazonOptions) {
    this.nowMs = nowMs
    this.queue = new Notifications(seed, nowMs)
  }

  static async start(options: AmazonOptions = {}): Promise<AmazonMarketplace> {
    const amazon = new AmazonMarketplace(options)
    const served = await serveMarketplace({
      faults: amazon.faults,
      handle: (request) => amazon.handle(request),
      throttled: () => ({
        status: 429,
        body: { errors: [{ code: "QuotaExceeded", message: "You exceeded your quota." }] }
      }),
      unauthorized: () => unauthorized,
      isSpared: ({ url }) => url.pathname === "/auth/o2/token",
      ...(options.port === undefined ? {} : { port: options.port })
    })
    amazon.url = served.url
    amazon.closeServer = served.close
    return amazon
  }

  readonly calls = (): number => this.count

  close(): Promise<void> {
    return this.closeServer()
  }

  async sell(
    lines: ReadonlyArray<{ readonly listingId: string; readonly quantity: number }>,
    isFba = false
  ): Promise<Order | undefined> {
    if (!lines.every(({ listingId, quantity }) => (this.shelf.quantity(listingId) ?? 0) >= quantity)) return undefined
    if (!isFba) for (const { listingId, quantity } of lines) this.shelf.take(listingId, quantity)
    const now = this.now()
    const order: KnownOrder = {
      id: `903-${String(this.nextId++).padStart(7, "0")}-2219830`,
      lines: lines.map((line) => ({ ...line, lineId: `OIID${this.nextId++}` })),
      isFba,
      status: "UNSHIPPED",
      created: now,
      updated: now,
      cancelled: new Map()
    }
    this.orders.push(order)
    this.notify(order)
    return order
  }

  async cancel({ id }: Order): Promise<void> {
    const order = this.orders.find((one) => one.id === id)
    if (order === undefined) return
    order.status = "CANCELLED"
    for (const { lineId, quantity } of order.lines) order.cancelled.set(lineId, quantity)
    this.change(order)
  }

  /** Some units of a line are cancelled, the others go out. */
  cancelUnits({ id }: Order, lineId: string, units: number): void {
    const order = this.orders.find((one) => one.id === id)
    if (order === undefined) return
    order.cancelled.set(lineId, units)
    this.change(order)
  }

  private now(): string {
    return new Date(this.nowMs()).toISOString()
  }

  private change(order: KnownOrder): void {
    order.updated = this.now()
    this.notify(order)
  }

  private notify(order: KnownOrder): void {
    if (this.isSilent) return
    const notification = notificationOf(order, this.now())
    this.violations.push(...AmazonDescription.get().document("notification", notification))
    this.queue.put(notification)
  }

  private handle(request: HttpRequest): HttpAnswer {
    const { method, url, headers, body } = request
    if (url.pathname === "/auth/o2/token") return this.token(new URLSearchParams(body.toString()))
    this.count++
    if (url.pathname === "/queue") return this.queueCall(request)
    if (url.pathname.startsWith("/documents/")) return this.document(method, url.pathname, body)
    const until = this.tokens.get(String(headers["x-amz-access-token"]))
    if (until === undefined || until < this.nowMs()) return unauthorized
    const content = body.length === 0 ? undefined : (JSON.parse(body.toString("utf8")) as Record<string, unknown>)
    this.violations.push(...AmazonDescription.get().request(method, url, content))
    if (url.pathname.endsWith("/shipmentConfirmation")) {
      const orderId = decodeURIComponent(url.pathname.split("/")[4] ?? "")
      return this.shipments.confirm(
        this.orders.find(({ id }) => id === orderId),
        content ?? {}
      )
    }
    const [, api, , , , sku] = url.pathname.split("/")
    if (api === "listings")
      return sku === undefined ? this.search(url) : this.patch(decodeURIComponent(sku), content ?? {})
    return api === "feeds" ? this.feedCall(method, url, content ?? {}) : this.ordersCall(url)
  }

  private token(form: URLSearchParams): HttpAnswer {
    this.tokensGiven++
    const isClient = form.get("client_id") === CLIENT_ID && form.get("client_secret") === CLIENT_SECRET
    if (!isClient)
      return { status: 401, body: { error: "invalid_client", error_description: "Client authentication failed" } }
    if (this.isRevoked || form.get("refresh_token") !== REFRESH_TOKEN) {
      return { status: 400, body: { error: "invalid_grant", error_description: "The request has an invalid grant" } }
    }
    const token = `Atza|${this.nextId++}`
    this.tokens.set(token, this.nowMs() + this.tokenLifeS * 1_000)
    return { status: 200, body: { access_token: token, token_type: "bearer", expires_in: this.tokenLifeS } }
  }

  /** Access tokens given so far are not taken any more. */
  expireTokens(): void {
    this.tokens.clear()
  }

  private queueCall({ headers, body }: HttpRequest): HttpAnswer {
    if (!String(headers.authorization ?? "").startsWith("AWS4-HMAC-SHA256 Credential=")) {
      return { status: 403, body: { __type: "InvalidSignatureException" } }
    }
    if (this.isQueueLocked) {
      return {
        status: 400,
        body: { __type: "com.amazon.coral.service#InvalidClientTokenId", message: "The token is invalid." }
      }
    }
    const action = String(headers["x-amz-target"]).replace("AmazonSQS.", "")
    return this.queue.handle(action, JSON.parse(body.toString("utf8")) as Record<string, unknown>)
  }

  private patch(sku: string, content: Readonly<Record<string, unknown>>): HttpAnswer {
    if (!this.shelf.has(sku))
      return { status: 404, body: { errors: [{ code: "NOT_FOUND", message: `SKU '${sku}' not found.` }] } }
    const [patch] = content["patches"] as ReadonlyArray<{ readonly value?: ReadonlyArray<Record<string, unknown>> }>
    const quantity = Number(patch?.value?.[0]?.["quantity"])
    const isValid = Number.isInteger(quantity) && quantity >= 0
    if (isValid) this.shelf.show(sku, quantity)
    const issues = isValid ? [] : [{ code: "90220", message: "quantity is required.", severity: "ERROR" }]
    const answer = { sku, status: isValid ? "ACCEPTED" : "INVALID", submissionId: `s${this.nextId++}`, issues }
    return this.answered("listingsItems_2021-08-01", "ListingsItemSubmissionResponse", answer)
  }

  private search(url: URL): HttpAnswer {
    const size = Math.min(PAGE_SIZE_MAX, Number(url.searchParams.get("pageSize") ?? 10))
    const from = Number(url.searchParams.get("pageToken") ?? 0)
    const all = this.shelf.listings()
    const items = all.slice(from, from + size).map(({ listingId, quantity }) => ({
      sku: listingId,
      fulfillmentAvailability: [{ fulfillmentChannelCode: "DEFAULT", quantity }]
    }))
    const pagination = from + size < all.length ? { nextToken: String(from + size) } : {}
    return this.answered("listingsItems_2021-08-01", "ItemSearchResults", {
      numberOfResults: all.length,
      pagination,
      items
    })
  }

  private feedCall(method: string, url: URL, content: Readonly<Record<string, unknown>>): HttpAnswer {
    const [, , , kind, id = ""] = url.pathname.split("/")
    if (method === "POST" && kind === "documents") {
      const feedDocumentId = `document-${this.nextId++}`
      return { status: 201, body: { feedDocumentId, url: `${this.url}/documents/${feedDocumentId}` } }
    }
    if (method === "POST") return this.createFeed(String(content["inputFeedDocumentId"]))
    if (kind === "documents") return { status: 200, body: { feedDocumentId: id, url: `${this.url}/documents/${id}` } }
    const feed = this.feeds.get(id)
    if (feed === undefined) return { status: 404, body: { errors: [{ code: "NotFound", message: "No such feed." }] } }
    if (feed.status === "IN_PROGRESS" && feed.doneAt <= this.nowMs()) this.process(feed)
    const done = feed.report === undefined ? {} : { resultFeedDocumentId: `report-${id}` }
    const answer = {
      feedId: id,
      feedType: "JSON_LISTINGS_FEED",
      createdTime: this.now(),
      processingStatus: feed.status,
      ...done
    }
    return this.answered("feeds_2021-06-30", "Feed", answer)
  }

  private createFeed(documentId: string): HttpAnswer {
    const id = String(this.nextId++)
    this.feeds.set(id, { id, documentId, doneAt: this.nowMs() + this.feedMs, status: "IN_PROGRESS", report: undefined })
    return this.answered("feeds_2021-06-30", "CreateFeedResponse", { feedId: id }, 202)
  }

  private document(method: string, path: string, body: Buffer): HttpAnswer {
    const id = path.split("/")[2] ?? ""
    if (method === "PUT") {
      this.documents.set(id, body.toString("utf8"))
      return { status: 200 }
    }
    const report = this.feeds.get(id.replace("report-", ""))?.report
    return { status: report === undefined ? 404 : 200, body: report }
  }

  private process(feed: Feed): void {
    const content = JSON.parse(this.documents.get(feed.documentId) ?? "{}") as {
      readonly messages?: ReadonlyArray<{
        readonly messageId: number
        readonly sku: string
        readonly attributes: Record<string, unknown>
      }>
    }
    const { messages = [] } = content
    this.violations.push(...AmazonDescription.get().document("feed", content))
    const issues: Array<object> = []
    for (const { messageId, sku, attributes } of messages) {
      const [availability] = attributes["fulfillment_availability"] as ReadonlyArray<{ readonly quantity: number }>
      if (this.shelf.has(sku)) this.shelf.show(sku, availability?.quantity ?? 0)
      else issues.push({ messageId, sku, code: "13013", severity: "ERROR", message: "This SKU is not in the catalog." })
    }
    const invalid = issues.length
    feed.report = {
      header: { sellerId: SELLER_ID, version: "2.0", feedId: feed.id },
      issues,
      summary: {
        errors: invalid,
        warnings: 0,
        messagesProcessed: messages.length,
        messagesAccepted: messages.length - invalid,
        messagesInvalid: invalid
      }
    }
    this.violations.push(...AmazonDescription.get().document("report", feed.report))
    feed.status = "DONE"
  }

  private ordersCall(url: URL): HttpAnswer {
    const [, , , , id] = url.pathname.split("/")
    if (id !== undefined) {
      const order = this.orders.find((one) => one.id === decodeURIComponent(id))
      if (order === undefined)
        return { status: 404, body: { errors: [{ code: "NotFound", message: "No such order." }] } }
      return this.answered("orders_2026-01-01", "GetOrderResponse", { order: orderBody(order) })
    }
    const after = url.searchParams.get("lastUpdatedAfter") ?? ""
    const size = Number(url.searchParams.get("maxResultsPerPage") ?? 100)
    const from = Number(url.searchParams.get("paginationToken") ?? 0)
    const found = this.orders.filter(({ updated }) => updated >= after)
    const pagination = from + size < found.length ? { nextToken: String(from + size) } : {}
    const orders = found.slice(from, from + size).map(orderBody)
    return this.answered("orders_2026-01-01", "SearchOrdersResponse", { orders, pagination })
  }

  private answered(
    api: Parameters<AmazonDescription["answer"]>[0],
    definition: string,
    body: object,
    status = 200
  ): HttpAnswer {
    this.violations.push(...AmazonDescription.get().answer(api, definition, body))
    return { status, body }
  }
}

const unauthorized: HttpAnswer = {
  status: 403,
  body: { errors: [{ code: "Unauthorized", message: "Access to requested resource is denied." }] }
}

const orderBody = (order: KnownOrder) => ({
  orderId: order.id,
  createdTime: order.created,
  lastUpdatedTime: order.updated,
  salesChannel: { channelName: "AMAZON", marketplaceId: MARKETPLACE_ID },
  fulfillment: { fulfillmentStatus: order.status, fulfilledBy: order.isFba ? "AMAZON" : "MERCHANT" },
  orderItems: order.lines.map(({ lineId, listingId, quantity }) => ({
    orderItemId: lineId,
    quantityOrdered: quantity,
    product: { sellerSku: listingId, price: { unitPrice: { amount: "14.90", currencyCode: "USD" } } },
    fulfillment: { quantityFulfilled: 0, quantityUnfulfilled: quantity - (order.cancelled.get(lineId) ?? 0) }
  }))
})

const notificationOf = (order: KnownOrder, at: string) => ({
  NotificationVersion: "1.0",
  NotificationType: "ORDER_CHANGE",
  PayloadVersion: "1.0",
  EventTime: at,
  Payload: {
    OrderChangeNotification: {
      NotificationLevel: "OrderLevel",
      SellerId: SELLER_ID,
      AmazonOrderId: order.id,
      OrderChangeType: "OrderStatusChange",
      OrderChangeTrigger: { TimeOfOrderChange: at, ChangeReason: "" },
      Summary: {
        MarketplaceId: MARKETPLACE_ID,
        OrderStatus: order.status === "CANCELLED" ? "Canceled" : "Unshipped",
        PurchaseDate: order.created,
        DestinationPostalCode: "48110",
        FulfillmentType: order.isFba ? "AFN" : "MFN",
        OrderType: "StandardOrder",
        NumberOfItemsShipped: 0,
        NumberOfItemsUnshipped: 0,
        EarliestDeliveryDate: at,
        LatestDeliveryDate: at,
        EarliestShipDate: at,
        LatestShipDate: at,
        CancelNotifyDate: at,
        OrderPrograms: [],
        ShippingPrograms: [],
        OrderItems: order.lines.map(({ lineId, listingId, quantity }) => ({
          OrderItemId: lineId,
          SellerSKU: listingId,
          SupplySourceId: "d7679e14-031b-4ab3-a81b-ec4fc7a460b3",
          OrderItemStatus: "Unshipped",
          Quantity: quantity,
          QuantityShipped: 0
        }))
      }
    }
  },
  NotificationMetadata: {
    ApplicationId: "app-id-of-this-machine",
    SubscriptionId: "subscription-id-of-this-machine",
    PublishTime: at,
    NotificationId: `${order.id}-${at}`
  }
})
