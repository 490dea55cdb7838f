/**
 * WooCommerce: webhooks signed with an HMAC over the raw body, the REST API (v3) for stock in batches, orders, webhooks.
 *
 * A listing is a product by its number, or `product:variation`. The shop takes no compared quantity and no key: a
 * quantity is set as it is, and setting it again sets the same.
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import {
  type Adapter,
  type AdapterContext,
  type AdapterModule,
  type CallFailure,
  failed,
  type ListedItem,
  type ListedPage,
  type Polled,
  type QuantityWrite,
  type Received,
  type Result,
  succeeded,
  type Webhook,
  type WriteOutcome
} from "../../adapter.ts"
import { type Call, callChannel } from "../../http-call.ts"
import { idOf, isObject, type Json, objectsOf, parseObject } from "../../json-body.ts"
import { address, fieldsOf, text } from "../../settings.ts"
import { listingIdOf, orderEvents } from "./orders.ts"

const WRITES_MAX = 100
const PAGE = 100
/** Products of one page of listings: each that has variations is a call of its own, and all of them are one call's time. */
const LISTED_PAGE = 20
/** Orders are looked for a little before the cursor: the shop's clock is not ours. */
const POLL_OVERLAP_MS = 120_000
const POLL_FIRST_MS = 3_600_000
export const TOPICS = ["order.created", "order.updated", "product.updated"] as const

interface Settings {
  readonly url: string
  readonly consumerKey: string
  readonly consumerSecret: string
  readonly webhookSecret: string
  readonly currency: string | undefined
  readonly callbackUrl: string | undefined
}

const readSettings = (settings: unknown): Settings => {
  const fields = fieldsOf(settings, "WooCommerce")
  return {
    url: address(fields, "url"),
    consumerKey: text(fields, "consumerKey"),
    consumerSecret: text(fields, "consumerSecret"),
    webhookSecret: text(fields, "webhookSecret"),
    currency: fields["currency"] === undefined ? undefined : text(fields, "currency"),
    callbackUrl: fields["callbackUrl"] === undefined ? undefined : address(fields, "callbackUrl")
  }
}

interface Answer {
  readonly body: unknown
  readonly totalPages: number
}

class WooCommerce implements Adapter {
  readonly limits = { batchMax: WRITES_MAX, callsPerSecond: 5, burst: 10, concurrencyMax: 2, windowMs: 200 }
  private readonly settings: Settings
  private readonly context: AdapterContext
  private readonly authorization: string
  upkeep?: NonNullable<Adapter["upkeep"]>

  constructor(context: AdapterContext) {
    this.context = context
    this.settings = readSettings(context.settings)
    const { consumerKey, consumerSecret, callbackUrl } = this.settings
    this.authorization = `Basic ${Buffer.from(`${consumerKey}:${consumerSecret}`).toString("base64")}`
    if (callbackUrl !== undefined) this.upkeep = (signal) => this.restore(callbackUrl, signal)
  }

  /** One call for the products, and one for the variations of each product among them. */
  async push(writes: ReadonlyArray<QuantityWrite>, signal: AbortSignal): Promise<Result<ReadonlyArray<WriteOutcome>>> {
    const groups = new Map<string, Array<QuantityWrite>>()
    for (const write of writes) {
      const [product = "", variation] = write.listingId.split(":")
      const path =
        variation === undefined ? "/products/batch" : `/products/${encodeURIComponent(product)}/variations/batch`
      const group = groups.get(path)
      if (group === undefined) groups.set(path, [write])
      else group.push(write)
    }
    const outcomes = new Map<string, WriteOutcome>()
    let failure: CallFailure | undefined
    for (const [path, group] of groups) {
      const result = failure === undefined ? await this.pushGroup(path, group, outcomes, signal) : undefined
      if (result?.ok === false) failure = result.failure
    }
    // What went through before the failure is told; with nothing told the call as a whole has failed.
    if (failure !== undefined && outcomes.size === 0) return failed(failure)
    const left: WriteOutcome =
      failure === undefined || failure.kind === "unavailable"
        ? { type: "failed", message: failure?.message ?? "The shop did not answer for it." }
        : { type: "unsent" }
    return succeeded(writes.map(({ listingId }) => outcomes.get(listingId) ?? left))
  }

  async receive({ headers, body }: Webhook): Promise<Received> {
    // What the shop sends when a webhook is made: no signature, and nothing in it.
    if (/^webhook_id=\d+$/.test(Buffer.from(body.subarray(0, 64)).toString()))
      return { type: "ignored", why: "A ping." }
    if (!this.isSigned(headers["x-wc-webhook-signature"], body)) {
      return { type: "refused", status: 401, message: "The webhook is not signed with this shop's secret." }
    }
    const topic = headers["x-wc-webhook-topic"] ?? ""
    const content = parseObject(body)
    if (content === undefined) return { type: "refused", status: 400, message: "The body is no JSON object." }
    if (topic === "product.updated") return observed(content)
    if (topic !== "order.created" && topic !== "order.updated") {
      return { type: "ignored", why: `The topic ${topic.slice(0, 64)} says nothing about stock.` }
    }
    const events = orderEvents(content, this.settings.currency)
    return events === undefined
      ? { type: "refused", status: 400, message: "The body is no order." }
      : { type: "events", events }
  }

  async list(cursor: string | undefined, signal: AbortSignal): Promise<Result<ListedPage>> {
    const page = Number(cursor ?? 1)
    const result = await this.call("GET", `/products?per_page=${LISTED_PAGE}&page=${page}&orderby=id&order=asc`, signal)
    if (!result.ok) return result
    const items: Array<ListedItem> = []
    for (const product of objectsOf(result.value.body)) {
      const id = idOf(product["id"], 20)
      if (id === undefined) continue
      if (product["type"] !== "variable") items.push(...itemOf(product, id))
      else {
        const variations = await this.variations(id, signal)
        if (!variations.ok) return variations
        items.push(...variations.value)
      }
    }
    return succeeded({ items, ...(page < result.value.totalPages ? { next: String(page + 1) } : {}) })
  }

  async poll(cursor: string | undefined, signal: AbortSignal): Promise<Result<Polled>> {
    const now = this.context.nowMs()
    const { since, page } = readCursor(cursor, now - POLL_FIRST_MS)
    const after = encodeURIComponent(new Date(since - POLL_OVERLAP_MS).toISOString().slice(0, 19))
    const query = `modified_after=${after}&dates_are_gmt=true&orderby=modified&order=asc&per_page=${PAGE}&page=${page}`
    const result = await this.call("GET", `/orders?${query}`, signal)
    if (!result.ok) return result
    const events = objectsOf(result.value.body).flatMap((order) => orderEvents(order, this.settings.currency) ?? [])
    const hasMore = page < result.value.totalPages
    const next = hasMore ? { since, page: page + 1 } : { since: now, page: 1 }
    return succeeded({ events, cursor: JSON.stringify(next), hasMore })
  }

  private async pushGroup(
    path: string,
    group: ReadonlyArray<QuantityWrite>,
    outcomes: Map<string, WriteOutcome>,
    signal: AbortSignal
  ): Promise<Result<undefined>> {
    const update = group.map(({ listingId, quantity }) => ({
      id: Number(listingId.split(":").at(-1)),
      manage_stock: true,
      stock_quantity: quantity
    }))
    const result = await this.call("POST", path, signal, { update })
    if (!result.ok) return result
    const answered = isObject(result.value.body) ? objectsOf(result.value.body["update"]) : []
    if (answered.length !== group.length) {
      return failed({ kind: "unavailable", message: "The shop did not answer for each product." })
    }
    for (const [index, { listingId }] of group.entries()) outcomes.set(listingId, outcomeOf(answered[index] ?? {}))
    return succeeded(undefined)
  }

  private async variations(productId: string, signal: AbortSignal): Promise<Result<ReadonlyArray<ListedItem>>> {
    const items: Array<ListedItem> = []
    for (let page = 1, pages = 1; page <= pages; page++) {
      const path = `/products/${productId}/variations?per_page=${PAGE}&page=${page}&orderby=id&order=asc`
      const result = await this.call("GET", path, signal)
      if (!result.ok) return result
      pages = result.value.totalPages
      for (const variation of objectsOf(result.value.body)) {
        const id = idOf(variation["id"], 20)
        if (id !== undefined) items.push(...itemOf(variation, listingIdOf(productId, id)))
      }
    }
    return succeeded(items)
  }

  /** The shop disables a webhook after five deliveries that failed; it is set active again, and made where it is not. */
  private async restore(
    callbackUrl: string,
    signal: AbortSignal
  ): Promise<Result<{ readonly restored: ReadonlyArray<string> }>> {
    const result = await this.call("GET", `/webhooks?per_page=${PAGE}`, signal)
    if (!result.ok) return result
    const ours = objectsOf(result.value.body).filter((webhook) => webhook["delivery_url"] === callbackUrl)
    const restored: Array<string> = []
    for (const topic of TOPICS) {
      const known = ours.find((webhook) => webhook["topic"] === topic)
      if (known?.["status"] === "active") continue
      const secret = this.settings.webhookSecret
      const made =
        known === undefined
          ? await this.call("POST", "/webhooks", signal, {
              name: `Holdfast ${topic}`,
              topic,
              delivery_url: callbackUrl,
              secret
            })
          : await this.call("PUT", `/webhooks/${String(known["id"])}`, signal, { status: "active" })
      if (!made.ok) return made
      restored.push(`the webhook ${topic}`)
    }
    return succeeded({ restored })
  }

  private async call(
    method: Call["method"],
    path: string,
    signal: AbortSignal,
    body?: unknown
  ): Promise<Result<Answer>> {
    const url = `${this.settings.url}/wp-json/wc/v3${path}`
    const { authorization } = this
    const result = await callChannel(this.context.fetch, { method, url, headers: { authorization }, body, signal })
    if (!result.ok) return result
    const { status, headers, body: answer } = result.value
    if (status < 300) return succeeded({ body: answer, totalPages: Number(headers.get("x-wp-totalpages") ?? 1) })
    const message = isObject(answer) && typeof answer["message"] === "string" ? answer["message"].slice(0, 300) : ""
    return failed({ kind: "unavailable", message: `The shop answered ${status}. ${message}`.trim() })
  }

  private isSigned(signature: string | undefined, body: Uint8Array): boolean {
    const given = Buffer.from(signature ?? "", "base64")
    const made = createHmac("sha256", this.settings.webhookSecret).update(body).digest()
    return given.length === made.length && timingSafeEqual(given, made)
  }
}

/** What does not keep its stock in the shop shows no quantity. */
const itemOf = (product: Json, listingId: string): ReadonlyArray<ListedItem> => {
  const { stock_quantity: quantity, sku } = product
  if (typeof quantity !== "number") return []
  return [{ listingId, quantity, ...(typeof sku === "string" && sku !== "" ? { sku } : {}) }]
}

const outcomeOf = (answer: Json): WriteOutcome => {
  const { error } = answer
  if (!isObject(error)) return { type: "applied" }
  const code = String(error["code"] ?? "refused")
  const message = String(error["message"] ?? "The shop refused it.").slice(0, 300)
  const status = isObject(error["data"]) ? Number(error["data"]["status"]) : Number.NaN
  return status >= 500 ? { type: "failed", message } : { type: "rejected", code, message }
}

const observed = (product: Json): Received => {
  const id = idOf(product["id"], 20)
  const parent = idOf(product["parent_id"], 20)
  const quantity = product["stock_quantity"]
  if (id === undefined) return { type: "refused", status: 400, message: "The body is no product." }
  if (typeof quantity !== "number" || !Number.isInteger(quantity)) {
    return { type: "ignored", why: "The product keeps no stock in the shop." }
  }
  const listingId = parent === undefined || parent === "0" ? id : listingIdOf(parent, id)
  const event = {
    type: "observed",
    id: `product:${id}:${String(product["date_modified_gmt"])}`,
    listingId,
    quantity
  } as const
  return { type: "events", events: [event] }
}

const readCursor = (cursor: string | undefined, first: number): { readonly since: number; readonly page: number } => {
  try {
    const { since, page } = JSON.parse(cursor ?? "") as { readonly since?: unknown; readonly page?: unknown }
    if (typeof since === "number" && typeof page === "number") return { since, page }
  } catch {
    // The first poll, or a cursor of another release: an hour is looked at again, which changes nothing twice.
  }
  return { since: first, page: 1 }
}

const woocommerce: AdapterModule = { kind: "woocommerce", make: (context) => new WooCommerce(context) }

export default woocommerce
