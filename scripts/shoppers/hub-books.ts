/**
 * What the hub's own journals say of carts and of the messages to their customers: the one side of the books. The other side
 * is the carriers' and Stripe's.
 */
import { Effect } from "effect"
import { type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import type { Order } from "../../actors/cart/state.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import type { EndReason, Refused } from "../../actors/recovery/events.ts"
import type { Abandonment } from "../../actors/recovery/may-reach.ts"
import { journalOf } from "../../streams/journal.nats.ts"
import { Nats } from "../../streams/nats/connection.ts"
import { CART, CUSTOMER, type KindNames } from "../../streams/subjects.ts"
import type { StoredCommit } from "../../streams/codec.ts"

export interface CartAccount {
  customerId: string | undefined
  /** Rises with what is in it. */
  contents: number
  /** How often it came to count as left. */
  left: number
  /** It counts as left now. */
  abandonment: string | undefined
  order: Order | undefined
  orderedAt: number | undefined
  strays: number
  readonly versions: Set<number>
}

export interface AttemptAccount {
  readonly customerId: string
  readonly recoveryId: string
  readonly abandonmentId: string
  readonly step: number
  readonly intendedAt: number
  retried: number
  /** How it ended, each time that it is said to have: once. */
  readonly outcomes: Array<string>
  receipt: string | undefined
}

export interface Skip {
  readonly at: number
  readonly refused: ReadonlyArray<Refused>
}

export interface RecoveryAccount {
  readonly customerId: string
  readonly abandonment: Abandonment
  /** Steps with which nothing went, when that was found, and why. */
  readonly skipped: Map<number, Skip>
  /** Each time that it is said to have ended: once. */
  readonly endings: Array<{ readonly reason: EndReason; readonly at: number }>
}

export interface HubBooks {
  readonly carts: Map<string, CartAccount>
  readonly attempts: Map<string, AttemptAccount>
  readonly recoveries: Map<string, RecoveryAccount>
  /** Abandonments on which something was decided; why nothing was begun. */
  readonly decided: Map<string, string>
  readonly wrong: Array<string>
}

export const readHubBooks = async (natsUrl: string): Promise<HubBooks> => {
  const books: HubBooks = {
    carts: new Map(),
    attempts: new Map(),
    recoveries: new Map(),
    decided: new Map(),
    wrong: []
  }
  await readAll<CartRecord>(natsUrl, CART, ({ at, records }) => {
    for (const record of records) takeCart(books, record, at)
  })
  await readAll<CustomerRecord>(natsUrl, CUSTOMER, ({ records }) => {
    for (const { events } of records) for (const event of events) takeCustomer(books, event)
  })
  return books
}

const readAll = <R>(natsUrl: string, names: KindNames, visit: (commit: StoredCommit<R>) => void): Promise<void> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const nats = yield* Nats
      yield* journalOf<R>(nats, names).scan({ fromSequence: 1, untilSequence: Number.MAX_SAFE_INTEGER }, visit)
    }).pipe(Effect.provide(Nats.layer(natsUrl)))
  )

const takeCart = ({ carts, wrong }: HubBooks, record: CartRecord, at: number): void => {
  if (!isCartEvent(record)) return
  const { cart, contents, set = {}, type, version } = record
  let account = carts.get(cart)
  if (account === undefined) {
    const nothing = { customerId: undefined, abandonment: undefined, order: undefined, orderedAt: undefined }
    carts.set(cart, (account = { ...nothing, contents, left: 0, strays: 0, versions: new Set() }))
  }
  if (account.versions.has(version)) wrong.push(`${cart} has its version ${version} twice`)
  account.versions.add(version)
  account.contents = contents
  if (set.customerId !== undefined) account.customerId = set.customerId ?? undefined
  if (type === "abandoned") account.left++
  if (set.abandoned !== undefined) {
    account.abandonment = set.abandoned === null ? undefined : `${cart}:${contents}:${set.abandoned.at}`
  }
  if (set.strays !== undefined) account.strays = set.strays?.length ?? 0
  if (set.order === undefined) return
  account.order = set.order ?? undefined
  account.orderedAt ??= at
}

const takeCustomer = (books: HubBooks, event: CustomerRecord["events"][number]): void => {
  const { attempts, decided, recoveries, wrong } = books
  switch (event.type) {
    case "recovery-started": {
      const { abandonment, customerId, recoveryId } = event
      decided.set(abandonment.abandonmentId, "started")
      recoveries.set(recoveryId, { customerId, abandonment, skipped: new Map(), endings: [] })
      return
    }
    case "step-skipped":
      recoveries.get(event.recoveryId)?.skipped.set(event.step, { at: event.at, refused: event.refused })
      return
    case "recovery-ended":
      recoveries.get(event.recoveryId)?.endings.push({ reason: event.reason, at: event.at })
      return
    case "recovery-withheld":
      decided.set(event.abandonment.abandonmentId, event.reason)
      return
    case "message-intended": {
      const { abandonmentId, at: intendedAt, attemptId, customerId, recoveryId, step } = event
      if (attempts.has(attemptId)) wrong.push(`the attempt ${attemptId} was intended twice`)
      const account = { abandonmentId, customerId, recoveryId, intendedAt, step }
      attempts.set(attemptId, { ...account, retried: 0, outcomes: [], receipt: undefined })
      return
    }
    case "message-retried": {
      const attempt = attempts.get(event.attemptId)
      if (attempt !== undefined) attempt.retried++
      return
    }
    case "message-sent":
    case "message-failed":
    case "message-skipped": {
      const attempt = attempts.get(event.attemptId)
      if (attempt === undefined) wrong.push(`${event.attemptId} has an outcome and was never intended`)
      attempt?.outcomes.push(event.type)
      if (attempt !== undefined && event.type === "message-sent") attempt.receipt = event.receipt
      return
    }
    default:
  }
}
