/**
 * Which message an order is put down to, and what each sequence, step, channel and offer brought in.
 *
 * An order is put down to the last message that its customer got before it, within the window. That says which message
 * came before a purchase, not that it caused it: what would have been bought anyway is in here too, and `lift.ts` says how
 * much more it was.
 *
 * A1 An order is put down to one message at most, so the rows of a table add up to its total. A2 What was refunded was not
 * earned. A3 Currencies are not added up.
 */
import type { Channel } from "./channel.ts"

export interface Delivered {
  readonly attemptId: string
  readonly customerId: string
  readonly sequenceId: string
  readonly sequenceVersion: number
  readonly step: number
  readonly channel: Channel
  /** The offer's name in the catalogue, or `none`. */
  readonly arm: string
  readonly at: number
}

export interface Order {
  readonly orderId: string
  readonly customerId: string
  readonly at: number
  readonly paidMinor: number
  readonly refundedMinor: number
  readonly currency: string
}

export const ATTRIBUTION_WINDOW_MS_DEFAULT = 7 * 24 * 60 * 60_000

export const earned = ({ paidMinor, refundedMinor }: Order): number => Math.max(0, paidMinor - refundedMinor)

export const byCustomer = <A extends { readonly customerId: string }>(
  rows: ReadonlyArray<A>
): ReadonlyMap<string, ReadonlyArray<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const row of rows) {
    const group = groups.get(row.customerId)
    if (group === undefined) groups.set(row.customerId, [row])
    else group.push(row)
  }
  return groups
}

/** The message that each order is put down to. */
export const attribute = (
  messages: ReadonlyArray<Delivered>,
  orders: ReadonlyArray<Order>,
  windowMs: number
): ReadonlyMap<string, Delivered> => {
  const ofCustomer = byCustomer(messages)
  const causes = new Map<string, Delivered>()
  for (const { orderId, customerId, at } of orders) {
    let last: Delivered | undefined
    for (const message of ofCustomer.get(customerId) ?? []) {
      const isBefore = message.at <= at && at - message.at < windowMs
      if (isBefore && (last === undefined || message.at > last.at)) last = message
    }
    if (last !== undefined) causes.set(orderId, last)
  }
  return causes
}

export type Grouping = "sequence" | "step" | "channel" | "offer"

const groupOf: Readonly<Record<Grouping, (message: Delivered) => string>> = {
  sequence: ({ sequenceId, sequenceVersion }) => `${sequenceId} v${sequenceVersion}`,
  step: ({ sequenceId, sequenceVersion, step }) => `${sequenceId} v${sequenceVersion} step ${step + 1}`,
  channel: ({ channel }) => channel,
  offer: ({ arm }) => arm
}

export interface Earnings {
  readonly group: string
  readonly messages: number
  readonly conversions: number
  /** By currency, refunds taken off. */
  readonly revenueMinor: Readonly<Record<string, number>>
}

/** A row for each group that sent anything, those with most messages first. */
export const earnings = (
  messages: ReadonlyArray<Delivered>,
  orders: ReadonlyArray<Order>,
  { by, windowMs }: { readonly by: Grouping; readonly windowMs: number }
): ReadonlyArray<Earnings> => {
  const name = groupOf[by]
  const rows = new Map<string, { messages: number; conversions: number; revenueMinor: Record<string, number> }>()
  for (const message of messages) {
    const row = rows.get(name(message)) ?? { messages: 0, conversions: 0, revenueMinor: {} }
    row.messages++
    rows.set(name(message), row)
  }
  const causes = attribute(messages, orders, windowMs)
  for (const order of orders) {
    const cause = causes.get(order.orderId)
    const row = cause === undefined ? undefined : rows.get(name(cause))
    if (row === undefined) continue
    row.conversions++
    row.revenueMinor[order.currency] = (row.revenueMinor[order.currency] ?? 0) + earned(order)
  }
  return [...rows]
    .map(([group, row]) => ({ group, ...row }))
    .sort((left, right) => right.messages - left.messages || (left.group < right.group ? -1 : 1))
}
