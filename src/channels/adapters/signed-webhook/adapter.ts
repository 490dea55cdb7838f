/**
 * A shop that speaks signed webhooks both ways, as social shops do: it tells of orders by Standard Webhooks, and is told
 * quantities by a signed POST.
 *
 * It tells `{"type", "id", "data"}` with the types `order.created`, `order.cancelled`, `order.returned` (data:
 * `{"order", "placed_at"?, "lines": [{"line", "listing", "quantity", "unit"?, "unit_price"?: {"amount", "currency"}}]}`)
 * and `inventory.observed` (data: `{"listing", "quantity", "at"}`). It is told `{"quantities": [{"listing", "quantity",
 * "key"}]}` at `<url>/quantities` and answers `{"results": [{"listing", "status": "ok" | "unknown" | "error"}]}`;
 * `GET <url>/listings?after=` pages through `{"items": [{"listing", "sku", "quantity"}], "next"?}`.
 */
import {
  type Adapter,
  type AdapterContext,
  type AdapterModule,
  type ChannelEvent,
  failed,
  type ListedItem,
  type ListedPage,
  type QuantityWrite,
  type Received,
  type Result,
  succeeded,
  type UnitsEvent,
  type Webhook,
  type WriteOutcome
} from "../../adapter.ts"
import { callChannel } from "../../http-call.ts"
import { idOf, isObject, type Json, objectsOf, parseObject, timeOf } from "../../json-body.ts"
import { moneyOf } from "../../money.ts"
import { address, fieldsOf, text, textOr } from "../../settings.ts"
import { secretKey, signedHeaders, whyUnsigned } from "../../standard-webhooks.ts"

const WRITES_MAX = 50
/** Units of measure that are one unit of stock. */
const PIECES = new Set(["each", "piece"])
const ORDER_TYPES: Readonly<Record<string, "sale" | "return">> = {
  "order.created": "sale",
  "order.cancelled": "return",
  "order.returned": "return"
}

class SignedWebhook implements Adapter {
  readonly limits = { batchMax: WRITES_MAX, callsPerSecond: 10, burst: 20, concurrencyMax: 4, windowMs: 50 }
  private readonly url: string
  private readonly currency: string | undefined
  /** The first signs; all of them verify. */
  private readonly keys: readonly [Buffer, ...ReadonlyArray<Buffer>]
  private readonly context: AdapterContext

  constructor(context: AdapterContext) {
    const fields = fieldsOf(context.settings, "A signed webhook's channel")
    this.context = context
    this.url = address(fields, "url")
    this.currency = fields["currency"] === undefined ? undefined : text(fields, "currency")
    const former = textOr(fields, "formerSecret", "")
    this.keys = [secretKey(text(fields, "secret")), ...(former === "" ? [] : [secretKey(former)])]
  }

  async push(writes: ReadonlyArray<QuantityWrite>, signal: AbortSignal): Promise<Result<ReadonlyArray<WriteOutcome>>> {
    const quantities = writes.map(({ listingId, quantity, key }) => ({ listing: listingId, quantity, key }))
    const result = await this.call("POST", "/quantities", JSON.stringify({ quantities }), signal)
    if (!result.ok) return result
    const results = isObject(result.value) ? objectsOf(result.value["results"]) : []
    if (results.length !== writes.length) {
      return failed({ kind: "unavailable", message: "The shop did not answer for each quantity." })
    }
    return succeeded(results.map(outcomeOf))
  }

  async list(cursor: string | undefined, signal: AbortSignal): Promise<Result<ListedPage>> {
    const query = cursor === undefined ? "" : `?after=${encodeURIComponent(cursor)}`
    const result = await this.call("GET", `/listings${query}`, "", signal)
    if (!result.ok) return result
    const page = isObject(result.value) ? result.value : {}
    const items = objectsOf(page["items"]).flatMap((item): ReadonlyArray<ListedItem> => {
      const listingId = idOf(item["listing"], 512)
      const sku = idOf(item["sku"])
      const quantity = item["quantity"]
      if (listingId === undefined || typeof quantity !== "number") return []
      return [{ listingId, quantity, ...(sku === undefined ? {} : { sku }) }]
    })
    const next = page["next"]
    return succeeded({ items, ...(typeof next === "string" ? { next } : {}) })
  }

  async receive({ headers, body }: Webhook): Promise<Received> {
    const unsigned = whyUnsigned(this.keys, headers, body, this.context.nowMs())
    if (unsigned !== undefined) return { type: "refused", status: 401, message: unsigned }
    const delivery = parseObject(body)
    const type = delivery?.["type"]
    const data = delivery?.["data"]
    if (typeof type !== "string" || !isObject(data)) {
      return { type: "refused", status: 400, message: "The body must be an object with type and data." }
    }
    if (type === "inventory.observed") return observed(data)
    const happening = ORDER_TYPES[type]
    if (happening === undefined) return { type: "ignored", why: `The type ${type.slice(0, 64)} says nothing of stock.` }
    const order = idOf(data["order"])
    if (order === undefined || !Array.isArray(data["lines"])) {
      return { type: "refused", status: 400, message: "data must have order and lines." }
    }
    const occurredAt = timeOf(data["placed_at"])
    const about = { type, happening, order, occurredAt }
    return { type: "events", events: objectsOf(data["lines"]).map((line) => this.lineEvent(line, about)) }
  }

  private lineEvent(
    line: Json,
    about: {
      readonly type: string
      readonly happening: "sale" | "return"
      readonly order: string
      readonly occurredAt: string | undefined
    }
  ): ChannelEvent {
    const lineId = idOf(line["line"])
    const listingId = idOf(line["listing"], 512)
    const { quantity, unit = "each", unit_price: price } = line
    const id = `${about.type}:${about.order}:${lineId ?? JSON.stringify(line).slice(0, 200)}`
    const unfit = (reason: string): ChannelEvent => ({ type: "unfit", id, reason, payload: line })
    if (lineId === undefined || listingId === undefined) return unfit("The line names no line or no listing.")
    if (typeof quantity !== "number" || !Number.isInteger(quantity) || quantity < 1)
      return unfit("The quantity is no whole number of pieces.")
    if (typeof unit !== "string" || !PIECES.has(unit))
      return unfit(`The line is sold by ${String(unit)}, not by the piece.`)
    const unitPrice = isObject(price) ? moneyOf(price["amount"], price["currency"]) : undefined
    if (price !== undefined && unitPrice === undefined) return unfit("The unit price is no amount of a currency.")
    if (unitPrice !== undefined && this.currency !== undefined && unitPrice.currency !== this.currency) {
      return unfit(`The price is in ${unitPrice.currency}, which is not this shop's currency.`)
    }
    const event: UnitsEvent = {
      type: about.happening,
      id,
      listingId,
      quantity,
      shownBy: about.happening === "sale" ? -quantity : quantity,
      reference: about.order,
      ...(about.occurredAt === undefined ? {} : { occurredAt: about.occurredAt }),
      ...(unitPrice === undefined ? {} : { unitPrice })
    }
    return event
  }

  private async call(
    method: "GET" | "POST",
    path: string,
    body: string,
    signal: AbortSignal
  ): Promise<Result<unknown>> {
    const { fetch, newId, nowMs } = this.context
    const headers = signedHeaders(this.keys[0], newId(), nowMs(), body)
    const url = `${this.url}${path}`
    const result = await callChannel(fetch, { method, url, headers, signal, ...(method === "POST" ? { body } : {}) })
    if (!result.ok) return result
    const { status, body: answer } = result.value
    if (status < 300) return succeeded(answer)
    return failed({ kind: "unavailable", message: `The shop answered ${status}.` })
  }
}

const outcomeOf = (result: Json): WriteOutcome => {
  if (result["status"] === "ok") return { type: "applied" }
  if (result["status"] === "unknown")
    return { type: "rejected", code: "unknown_listing", message: "The shop has no such listing." }
  return { type: "failed", message: "The shop could not set it." }
}

const observed = (data: Json): Received => {
  const listingId = idOf(data["listing"], 512)
  const { quantity, at } = data
  if (listingId === undefined || typeof quantity !== "number" || !Number.isInteger(quantity)) {
    return { type: "refused", status: 400, message: "data must have listing and quantity." }
  }
  return {
    type: "events",
    events: [{ type: "observed", id: `observed:${listingId}:${String(at)}`, listingId, quantity }]
  }
}

const signedWebhook: AdapterModule = { kind: "signed-webhook", make: (context) => new SignedWebhook(context) }

export default signedWebhook
