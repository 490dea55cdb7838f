/**
 * What an adapter answers, looked at before it is believed: a third party's module may give anything, and nothing that it
 * gives may stop a channel or leave a listing under way for ever. Of a list each part is judged alone where that loses
 * nothing: an event that is none is kept for a person, a write without an outcome has failed.
 */
import { createHash } from "node:crypto"
import type {
  CallFailure,
  ChannelEvent,
  ListedItem,
  ListedPage,
  Polled,
  Received,
  ShipmentOutcome,
  TicketResult,
  WriteOutcome
} from "./adapter.ts"
import { isObject, type Json } from "./json-body.ts"

const isText = (value: unknown): value is string => typeof value === "string"
const isCount = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value)
const isTextOrNone = (value: unknown): boolean => value === undefined || isText(value)
const isCountOrNone = (value: unknown): boolean => value === undefined || isCount(value)

const FAILURES = new Set<unknown>(["throttled", "unauthorized", "unavailable"])

export const failureIn = (value: unknown): CallFailure | undefined => {
  if (!isObject(value) || !FAILURES.has(value["kind"]) || !isText(value["message"])) return undefined
  return isCountOrNone(value["retryAfterMs"]) ? (value as unknown as CallFailure) : undefined
}

const OUTCOMES: Readonly<Record<string, (outcome: Json) => boolean>> = {
  applied: () => true,
  unsent: () => true,
  accepted: ({ ticket }) => isText(ticket),
  stale: ({ actual }) => isCountOrNone(actual),
  rejected: ({ code, message }) => isText(code) && isText(message),
  failed: ({ message }) => isText(message)
}

const isOutcome = (value: unknown): boolean => isObject(value) && OUTCOMES[String(value["type"])]?.(value) === true

export const outcomesIn = (value: unknown): ReadonlyArray<WriteOutcome> | undefined => {
  if (!Array.isArray(value)) return undefined
  const strange: WriteOutcome = { type: "failed", message: "The adapter's outcome is none that the port knows." }
  return value.map((one: unknown) => (isOutcome(one) ? (one as WriteOutcome) : strange))
}

const isItem = (value: unknown): boolean =>
  isObject(value) && isText(value["listingId"]) && isCount(value["quantity"]) && isTextOrNone(value["sku"])

/** A page with an item that is none is not read: what is missing of it would be taken for a listing that is gone. */
export const pageIn = (value: unknown): ListedPage | undefined => {
  if (!isObject(value) || !Array.isArray(value["items"]) || !isTextOrNone(value["next"])) return undefined
  const items = value["items"] as ReadonlyArray<unknown>
  if (!items.every(isItem)) return undefined
  const next = value["next"] as string | undefined
  return { items: items as ReadonlyArray<ListedItem>, ...(next === undefined ? {} : { next }) }
}

const TICKET_STATES = new Set<unknown>(["pending", "done", "failed"])

const isTicketResult = (value: unknown): boolean => {
  if (!isObject(value) || !isText(value["ticket"]) || !TICKET_STATES.has(value["state"])) return false
  const { rejected = [], message } = value
  const isRejection = (one: unknown) =>
    isObject(one) && isText(one["listingId"]) && isText(one["code"]) && isText(one["message"])
  return isTextOrNone(message) && Array.isArray(rejected) && rejected.every(isRejection)
}

export const ticketsIn = (value: unknown): ReadonlyArray<TicketResult> | undefined =>
  Array.isArray(value) && value.every(isTicketResult) ? (value as ReadonlyArray<TicketResult>) : undefined

export const restoredIn = (value: unknown): { readonly restored: ReadonlyArray<string> } | undefined =>
  isObject(value) && Array.isArray(value["restored"])
    ? { restored: value["restored"].map((what: unknown) => String(what)) }
    : undefined

export const polledIn = (value: unknown): Polled | undefined => {
  if (!isObject(value) || !Array.isArray(value["events"]) || !isText(value["cursor"])) return undefined
  if (!isCountOrNone(value["againMs"])) return undefined
  return { ...(value as unknown as Polled), events: eventsIn(value["events"]) }
}

const UNITS = new Set<unknown>(["sale", "return", "receipt", "count", "adjustment"])

const isEvent = (value: unknown): boolean => {
  if (!isObject(value) || !isText(value["id"]) || value["id"] === "") return false
  const { type, listingId, quantity, shownBy, occurredAt, reference, locationId, reason } = value
  if (type === "unfit") return isText(reason)
  const isOfListing = isText(listingId) && isCount(quantity)
  if (type === "observed") return isOfListing
  return UNITS.has(type) && isOfListing && isCount(shownBy) && [occurredAt, reference, locationId].every(isTextOrNone)
}

const eventsIn = (events: ReadonlyArray<unknown>): ReadonlyArray<ChannelEvent> =>
  events.map((event): ChannelEvent => {
    if (isEvent(event)) return event as ChannelEvent
    const id = `strange:${createHash("sha256").update(textOf(event)).digest("hex")}`
    return { type: "unfit", id, reason: "The adapter made of it what the port does not know.", payload: event }
  })

const textOf = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return "what cannot be written down"
  }
}

export const shipmentOutcomeIn = (value: unknown): ShipmentOutcome | undefined => {
  if (!isObject(value)) return undefined
  const { type, code, message } = value
  if (type === "confirmed") return { type }
  return type === "rejected" && isText(code) && isText(message) ? { type, code, message } : undefined
}

const STATUSES = new Set<unknown>([400, 401, 413])

/** `undefined` for an answer that is none; an adapter that takes no webhooks answers none either. */
export const receivedIn = (value: unknown): Received | undefined => {
  if (!isObject(value)) return undefined
  const { type, events, why, status, message, failure } = value
  if (type === "events" && Array.isArray(events)) return { type, events: eventsIn(events) }
  if (type === "ignored") return { type, why: isText(why) ? why : "no reason given" }
  if (type === "refused" && STATUSES.has(status)) {
    return { type, status: status as 400, message: isText(message) ? message : "no reason given" }
  }
  const known = failureIn(failure)
  return type === "later" && known !== undefined ? { type, failure: known } : undefined
}
