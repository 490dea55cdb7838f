/**
 * Tills: batches of what has happened, with the till's own ids, also long after it happened, because a till goes on
 * selling without a network. A listing is a SKU.
 *
 * A batch is a JSON array of at most 5,000 `{"id", "type": "sale" | "return" | "receipt" | "count" | "adjustment", "sku",
 * "quantity", "occurred_at", "till"?, "receipt"?, "location"?, "unit"?, "unit_price"?: {"amount", "currency"}}` with the
 * header `authorization: Bearer <key>`. Each is judged alone; the whole batch may come again, in any cut.
 *
 * Tills read the hub and are told nothing; with `pushUrl` set quantities are posted there as `[{"sku", "quantity"}]`.
 */
import { createHash, timingSafeEqual } from "node:crypto"
import {
  type Adapter,
  type AdapterContext,
  type AdapterModule,
  type ChannelEvent,
  failed,
  type QuantityWrite,
  type Received,
  type Result,
  succeeded,
  type UnitsEvent,
  type Webhook,
  type WriteOutcome
} from "../../adapter.ts"
import { callChannel } from "../../http-call.ts"
import { idOf, type Json, isObject, parseJson, timeOf } from "../../json-body.ts"
import { moneyOf } from "../../money.ts"
import { address, fieldsOf, text } from "../../settings.ts"

const BATCH_MAX = 5_000
/** Clocks of tills go wrong, but not by more than this into the future. */
const AHEAD_MS_MAX = 5 * 60_000
/** What is older has been counted since. */
const AGE_MS_MAX = 90 * 24 * 3_600_000
const KEY_LENGTH_MIN = 16
const TYPES = new Set<string>(["sale", "return", "receipt", "count", "adjustment"])
const PIECES = new Set<unknown>(["each", "piece", undefined])

class Pos implements Adapter {
  readonly limits = { batchMax: 500, callsPerSecond: 20, burst: 20, concurrencyMax: 2, windowMs: 100 }
  private readonly key: Buffer
  private readonly pushUrl: string | undefined
  private readonly currency: string | undefined
  private readonly context: AdapterContext

  constructor(context: AdapterContext) {
    const fields = fieldsOf(context.settings, "A till's channel")
    const key = text(fields, "key")
    if (key.length < KEY_LENGTH_MIN) throw new Error(`The setting key must have at least ${KEY_LENGTH_MIN} characters.`)
    this.context = context
    this.key = digest(`Bearer ${key}`)
    this.pushUrl = fields["pushUrl"] === undefined ? undefined : address(fields, "pushUrl")
    this.currency = fields["currency"] === undefined ? undefined : text(fields, "currency")
  }

  async push(writes: ReadonlyArray<QuantityWrite>, signal: AbortSignal): Promise<Result<ReadonlyArray<WriteOutcome>>> {
    const applied = writes.map((): WriteOutcome => ({ type: "applied" }))
    if (this.pushUrl === undefined) return succeeded(applied)
    const body = writes.map(({ listingId, quantity }) => ({ sku: listingId, quantity }))
    const result = await callChannel(this.context.fetch, { method: "POST", url: this.pushUrl, body, signal })
    if (!result.ok) return result
    if (result.value.status < 300) return succeeded(applied)
    return failed({ kind: "unavailable", message: `The tills' server answered ${result.value.status}.` })
  }

  async receive({ headers, body }: Webhook): Promise<Received> {
    if (!timingSafeEqual(digest(headers["authorization"] ?? ""), this.key)) {
      return { type: "refused", status: 401, message: "The key is not this channel's." }
    }
    const batch = parseJson(body)
    if (!Array.isArray(batch) || batch.length === 0 || batch.length > BATCH_MAX) {
      return { type: "refused", status: 400, message: `The body must be an array of 1 to ${BATCH_MAX} happenings.` }
    }
    const now = this.context.nowMs()
    return { type: "events", events: batch.map((one: unknown) => this.eventOf(one, now)) }
  }

  private eventOf(one: unknown, now: number): ChannelEvent {
    const happening: Json = isObject(one) ? one : {}
    const { type, quantity, unit, unit_price: price } = happening
    const given = idOf(happening["id"], 200)
    const till = idOf(happening["till"])
    // Two tills may count from one; what names no id is named by its content.
    const id = `${till ?? "till"}:${given ?? digest(JSON.stringify(one) ?? "").toString("hex")}`
    const unfit = (reason: string): ChannelEvent => ({ type: "unfit", id, reason, payload: one })
    const sku = idOf(happening["sku"])
    const occurredAt = timeOf(happening["occurred_at"])
    if (given === undefined) return unfit("It has no id of its own: sent again it could not be recognised.")
    if (typeof type !== "string" || !TYPES.has(type)) return unfit("Its type is none that is known.")
    if (sku === undefined) return unfit("It names no SKU.")
    if (typeof quantity !== "number" || !Number.isInteger(quantity)) return unfit("Its quantity is no whole number.")
    if (!PIECES.has(unit)) return unfit(`It is sold by ${String(unit)}, not by the piece.`)
    if (occurredAt === undefined) return unfit("It does not say when it happened.")
    const ageMs = now - Date.parse(occurredAt)
    if (ageMs < -AHEAD_MS_MAX) return unfit("It is said to happen in the future: look at the till's clock.")
    if (ageMs > AGE_MS_MAX) return unfit("It is older than 90 days.")
    const unitPrice = isObject(price) ? moneyOf(price["amount"], price["currency"]) : undefined
    if (price !== undefined && unitPrice === undefined) return unfit("Its unit price is no amount of a currency.")
    if (unitPrice !== undefined && this.currency !== undefined && unitPrice.currency !== this.currency) {
      return unfit(`Its price is in ${unitPrice.currency}, which is not this channel's currency.`)
    }
    const receipt = idOf(happening["receipt"])
    const locationId = idOf(happening["location"])
    return {
      type: type as UnitsEvent["type"],
      id,
      listingId: sku,
      quantity,
      // A till shows what it reads of the hub.
      shownBy: 0,
      occurredAt,
      ...(receipt === undefined ? {} : { reference: receipt }),
      ...(locationId === undefined ? {} : { locationId }),
      ...(unitPrice === undefined ? {} : { unitPrice })
    }
  }
}

/** Of the same length whatever was given, so that comparing tells nothing. */
const digest = (value: string): Buffer => createHash("sha256").update(value).digest()

const pos: AdapterModule = { kind: "pos", make: (context) => new Pos(context) }

export default pos
