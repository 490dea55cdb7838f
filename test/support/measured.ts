/**
 * Recovery counted the long way, from the records of both journals and nothing else: what the read models must come to.
 */
import { type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import type { Order } from "../../actors/cart/state.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import type { Counted, Grouping } from "../../actors/recovery/attribution.ts"
import type { RecoveryEvent } from "../../actors/recovery/events.ts"
import { meanOf } from "../../actors/recovery/interval.ts"
import type { Groups } from "../../actors/recovery/lift.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import type { Ending, Period } from "../../streams/projections/recovery-figures.ts"

interface Bought {
  readonly customerId: string
  readonly currency: string
  readonly at: number
  readonly order: Order
}

interface Left {
  readonly customerId: string
  readonly abandonmentId: string
  readonly at: number
  readonly arm?: "treated" | "holdout"
  readonly withheld: string | null
  readonly sequence: string
  readonly channel: string
  ended: string | null
  messages: number
}

interface Message {
  readonly attemptId: string
  readonly customerId: string
  readonly names: Readonly<Record<Grouping, string>>
  readonly recovery: Left
  at: number
  hasGone: boolean
  segments: number
  cost?: { readonly microMinor: number; readonly currency: string } | undefined
}

type Commits<R> = ReadonlyArray<StoredCommit<R>>

const ordersIn = (commits: Commits<CartRecord>): ReadonlyArray<Bought> => {
  const carts = new Map<string, { customerId?: string; currency?: string; at?: number; order?: Order }>()
  for (const { at, records } of commits) {
    for (const record of records) {
      if (!isCartEvent(record)) continue
      const cart = carts.get(record.cart) ?? {}
      carts.set(record.cart, cart)
      const { currency, customerId, order } = record.set ?? {}
      if (typeof customerId === "string") cart.customerId = customerId
      if (typeof currency === "string") cart.currency = currency
      if (order === undefined || order === null) continue
      cart.at ??= at
      cart.order = order
    }
  }
  return [...carts.values()].filter(
    (cart): cart is Bought => cart.order !== undefined && cart.order.state !== "cancelled"
  )
}

export class Measured {
  private readonly orders: ReadonlyArray<Bought>
  private readonly lefts = new Map<string, Left>()
  private readonly messages = new Map<string, Message>()
  private readonly begun = new Map<string, Left>()

  constructor(customers: Commits<CustomerRecord>, carts: Commits<CartRecord>) {
    this.orders = ordersIn(carts)
    for (const { records } of customers) for (const record of records) this.take(record)
  }

  private take({ events }: CustomerRecord): void {
    for (const event of events) {
      if (event.type === "recovery-withheld") {
        const { abandonment, channel = "unknown", customerId, reason, sequenceId, sequenceVersion } = event
        const key = `${customerId} ${abandonment.abandonmentId}`
        if (this.lefts.get(key)?.arm !== undefined) continue
        this.lefts.set(key, {
          customerId,
          abandonmentId: abandonment.abandonmentId,
          at: abandonment.at,
          withheld: reason,
          channel,
          sequence: `${sequenceId} v${sequenceVersion}`,
          ...(reason === "holdout" ? { arm: "holdout" as const } : {}),
          ended: null,
          messages: 0
        })
      } else if (event.type === "recovery-started") {
        const { abandonment, channel = "unknown", customerId, sequenceId, sequenceVersion } = event
        const left: Left = {
          customerId,
          abandonmentId: abandonment.abandonmentId,
          at: abandonment.at,
          withheld: null,
          channel,
          sequence: `${sequenceId} v${sequenceVersion}`,
          arm: "treated",
          ended: null,
          messages: 0
        }
        this.lefts.set(`${customerId} ${abandonment.abandonmentId}`, left)
        this.begun.set(event.recoveryId, left)
      } else if ("recoveryId" in event && event.type !== "offer-decided") this.takeOf(event)
    }
  }

  private takeOf(event: RecoveryEvent): void {
    const recovery = this.begun.get(event.recoveryId)
    if (recovery === undefined) return
    if (event.type === "recovery-ended") recovery.ended = event.reason
    if (event.type === "message-intended") {
      const { attemptId, at, channel, customerId, step } = event
      const { sequence } = recovery
      const names = { sequence, step: `${sequence} step ${step + 1}`, channel, offer: "none" }
      this.messages.set(attemptId, { attemptId, at, customerId, names, recovery, hasGone: false, segments: 0 })
    }
    const message = "attemptId" in event ? this.messages.get(event.attemptId) : undefined
    if (message === undefined) return
    if (event.type === "message-retried") message.at = event.at
    if (event.type !== "message-sent" && !(event.type === "message-failed" && !event.isUnsent)) return
    message.hasGone = true
    recovery.messages++
    if (event.type !== "message-sent") return
    message.segments = event.segments ?? 0
    message.cost = event.cost
  }

  private boughtAfter({ at, customerId }: Left, { windowMs }: Period): ReadonlyArray<Bought> {
    return this.orders.filter((one) => one.customerId === customerId && one.at >= at && one.at - at < windowMs)
  }

  counted(period: Period, { by, currency }: { readonly by: Grouping; readonly currency: string }): Counted {
    const firsts = new Map<string, Left>()
    const inPeriod = [...this.lefts.values()]
      .filter(({ arm, at }) => arm !== undefined && at >= period.fromMs && at < period.toMs)
      .sort((left, right) => left.at - right.at || (left.abandonmentId < right.abandonmentId ? -1 : 1))
    for (const left of inPeriod) if (!firsts.has(left.customerId)) firsts.set(left.customerId, left)
    const over = [...firsts.values()].filter(({ at }) => at + period.windowMs <= period.atMs)
    const grouped = (name: (left: Left) => string): ReadonlyMap<string, Groups> => {
      const names = [...new Set(over.map(name))].sort()
      const group = (of: string, arm: string) => {
        const bought = over
          .filter((left) => name(left) === of && left.arm === arm)
          .map((left) => this.boughtAfter(left, period))
        return {
          bought: bought.filter((orders) => orders.length > 0).length,
          revenue: meanOf(bought.map(revenueIn(currency)))
        }
      }
      return new Map(names.map((of) => [of, { treated: group(of, "treated"), holdout: group(of, "holdout") }]))
    }
    const days = grouped(({ at }) => new Date(at).toISOString().slice(0, 10))
    const groups = by === "sequence" || by === "channel" ? grouped((left) => left[by]) : new Map<string, Groups>()
    return {
      earned: this.earned(period, by),
      days: [...days].map(([day, of]) => ({ day, ...of })),
      groups: [...groups].map(([group, of]) => ({ group, ...of })),
      waiting: firsts.size - over.length
    }
  }

  private earned({ fromMs, toMs, windowMs }: Period, by: Grouping): Counted["earned"] {
    const gone = [...this.messages.values()].filter(({ hasGone }) => hasGone)
    const causes = this.orders.map(
      (order) =>
        gone
          .filter(({ at, customerId }) => customerId === order.customerId && at <= order.at && order.at - at < windowMs)
          .sort((left, right) => right.at - left.at || (left.attemptId < right.attemptId ? 1 : -1))[0]
    )
    const own = gone.filter(({ at }) => at >= fromMs && at < toMs)
    return [...new Set(own.map(({ names }) => names[by]))]
      .map((group) => {
        const messages = own.filter(({ names }) => names[by] === group)
        const orders = this.orders.filter((_order, index) => messages.includes(causes[index] as Message))
        const revenueMinor: Record<string, number> = {}
        for (const { currency, order } of orders)
          revenueMinor[currency] = (revenueMinor[currency] ?? 0) + earnedBy(order)
        const costMicroMinor: Record<string, number> = {}
        for (const { cost } of messages) {
          if (cost !== undefined) costMicroMinor[cost.currency] = (costMicroMinor[cost.currency] ?? 0) + cost.microMinor
        }
        const segments = messages.reduce((sum, one) => sum + one.segments, 0)
        return { group, messages: messages.length, segments, conversions: orders.length, revenueMinor, costMicroMinor }
      })
      .sort((left, right) => right.messages - left.messages || (left.group < right.group ? -1 : 1))
  }

  endings(period: Period): ReadonlyArray<Ending> {
    const rows = new Map<string, Ending>()
    for (const left of this.lefts.values()) {
      if (left.at < period.fromMs || left.at >= period.toMs) continue
      const { ended, withheld } = left
      const row = rows.get(`${withheld} ${ended}`) ?? { withheld, ended, count: 0, written: 0, bought: 0 }
      rows.set(`${withheld} ${ended}`, {
        ...row,
        count: row.count + 1,
        written: row.written + (left.messages > 0 ? 1 : 0),
        bought: row.bought + (this.boughtAfter(left, period).length > 0 ? 1 : 0)
      })
    }
    return [...rows.values()]
  }
}

const earnedBy = ({ paidMinor, refundedMinor }: Order): number => Math.max(0, paidMinor - refundedMinor)

const revenueIn =
  (currency: string) =>
  (orders: ReadonlyArray<Bought>): number =>
    orders.filter((one) => one.currency === currency).reduce((sum, { order }) => sum + earnedBy(order), 0)
