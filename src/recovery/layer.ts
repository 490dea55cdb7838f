/**
 * Customers and the recovery of their carts as a service: their host on a journal of its own, the carts that it watches,
 * the reactor that carries messages, and what carriers tell.
 */
import { Context, Effect, FiberSet, Layer } from "effect"
import type { CustomerBook } from "../../actors/customer/book.ts"
import type { CustomerCommand } from "../../actors/customer/commands.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import { FATE_POLICY_DEFAULT, type FatePolicy } from "../../actors/recovery/attempt-fate.ts"
import type { CartNow } from "../../actors/recovery/may-reach.ts"
import { LEFT_AT_ONCE_MAX, type RecoveryConfig } from "../../config/recovery.ts"
import { DeadLetters } from "../../streams/dead-letters.ts"
import { purgeFacts, readFacts } from "../../streams/facts.ts"
import { journalOf } from "../../streams/journal.nats.ts"
import { Nats } from "../../streams/nats/connection.ts"
import { RecentCommits } from "../../streams/recent-commits.ts"
import { snapshotsOf } from "../../streams/snapshots.ts"
import { CUSTOMER } from "../../streams/subjects.ts"
import { timersOf } from "../../streams/timers.ts"
import { availableIn, Carts, type CartsShape } from "../carts/layer.ts"
import type { AvailableOf } from "../carts/turn.ts"
import type { PartitionHost } from "../host/host.ts"
import { acquireHost, StockHost } from "../host/layer.ts"
import type { HostOptions } from "../host/options.ts"
import { hubsCommand } from "../host/owner-mail.ts"
import { OutreachDesk } from "../outreach/layer.ts"
import { PersonalDataService } from "../personal-data/layer.ts"
import type { PersonalData } from "../personal-data/personal-data.ts"
import { type Addresses, sealedAddresses } from "./addresses.ts"
import { cartUrlOf } from "./compose.ts"
import { follow, openOf, recoveryDesk } from "./desk.ts"
import { hearing } from "./hearing.ts"
import { OfferErrands } from "./errands.ts"
import { customerKind } from "./kind.ts"
import { type CheckoutLinkSettings, LinkDesk } from "./link-desk.ts"
import type { CustomerAnswer, CustomerMail } from "./mail.ts"
import { offeringOf } from "./offering.ts"
import { Reactor } from "./reactor.ts"
import { seedOf, WrongSeed } from "./seed.ts"
import type { Surroundings } from "./turn.ts"
import { CartWatch } from "./watch.ts"

export type CustomerPartitions = PartitionHost<CustomerRecord, CustomerMail, CustomerBook>

export interface RecoveryShape {
  readonly host: CustomerPartitions
  readonly recent: RecentCommits<CustomerRecord>
  readonly addresses: Addresses
  readonly personal: PersonalData
  /** What a message's link is; `undefined`: nobody is written to. */
  readonly linkOf: ((cartId: string, attemptId: string, code?: string) => string) | undefined
  /** That link can carry the code of an offer. */
  readonly hasCodePlace: boolean
  /** Messages that were decided and have no outcome yet. */
  readonly carried: () => number
  /** `undefined`: messages lead to the shop's own page. */
  readonly links: LinkDesk | undefined
  readonly shopName: string | undefined
}

export interface RecoveryOptions {
  readonly host: HostOptions
  /** `undefined`: customers are known, and nobody is written to. */
  readonly config: RecoveryConfig | undefined
  /** `undefined`: there are no payments that a link could lead to. */
  readonly checkoutLinks: CheckoutLinkSettings | undefined
}

export class Recovery extends Context.Service<Recovery, RecoveryShape>()("holdfast/src/recovery/Recovery") {
  static readonly layer = (options: RecoveryOptions) => Layer.effect(Recovery, acquire(options))
}

const acquire = Effect.fnUntraced(function* (options: RecoveryOptions) {
  const nats = yield* Nats
  const carts = yield* Carts
  const available = availableIn(yield* StockHost)
  const personal = yield* PersonalDataService
  const addresses = sealedAddresses(personal)
  const { config } = options
  const cartOf = (cartId: string) => carts.host.book.peek(cartId)
  const offering = config === undefined ? undefined : offeringOf({ cartOf, available })
  const surroundings = (): Surroundings => ({
    offering,
    cartNow: (cartId) => cartNow(carts, available, cartId),
    // Who has the cart open that they would be written to about.
    isPresent: (customerId) => {
      const cart = carts.host.book.cartOf(customerId)
      return cart !== undefined && carts.followers.isFollowed(cart)
    }
  })
  const recent = new RecentCommits<CustomerRecord>()
  const host = yield* acquireHost({
    kind: customerKind(surroundings),
    options: options.host,
    ports: {
      journal: journalOf<CustomerRecord>(nats, CUSTOMER),
      recent,
      timers: yield* timersOf(nats, CUSTOMER),
      deadLetters: yield* DeadLetters
    },
    snapshots: snapshotsOf(nats, CUSTOMER)
  })
  yield* seeding(host, config)
  const links = linksOf(options, { host, carts, available })
  // Where it leads to the shop, it is the shop's page that takes the code of an offer.
  const linkOf = (cart: string, attempt: string, offer?: string): string =>
    links?.linkOf(attempt) ?? cartUrlOf(config?.cartUrl ?? "", { cart, attempt, offer })
  const watch = new CartWatch({ carts: carts.host.book, customers: host, isWriting: config !== undefined })
  const later = (ms: number, act: () => void): void => void setTimeout(act, ms).unref()
  const say = (command: CustomerCommand): void => watch.say(command)
  const errands = new OfferErrands({ customers: host, carts: carts.host, say, later })
  const reactor = yield* carrying({ host, addresses, carts, surroundings, config, errands, linkOf })
  host.onCommits((commits) => errands.onCustomers(commits))
  carts.host.onCommits((commits) => {
    watch.onCommits(commits)
    errands.onCarts(commits)
  })
  errands.start()
  yield* Effect.forkScoped(tellAll(watch))
  const heard = (attemptId: string, messageId: string): void => reactor?.heard(attemptId, messageId)
  yield* Effect.forkScoped(readFacts(nats, CUSTOMER, hearing({ host, personal, heard })))
  const purge = Effect.suspend(() => purgeFacts(nats, CUSTOMER, host.standing.facts))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep("1 minute"), purge)))
  return Recovery.of({
    host,
    recent,
    addresses,
    personal,
    linkOf: config === undefined ? undefined : linkOf,
    hasCodePlace: config?.cartUrl.includes("{offer}") ?? true,
    links,
    shopName: options.config?.shopName,
    carried: () => reactor?.depth ?? 0
  })
})

/** Before anybody is written to: by which words and rules is in the journal first. */
const seeding = Effect.fnUntraced(function* (host: CustomerPartitions, config: RecoveryConfig | undefined) {
  const command = yield* Effect.try({
    try: () => seedOf(host.book.settings, config),
    catch: (cause) => (cause instanceof WrongSeed ? cause : new WrongSeed(String(cause)))
  })
  if (command === undefined) return
  const answer = yield* Effect.callback<CustomerAnswer>((resume) => {
    host.submit(hubsCommand(command, (said) => resume(Effect.succeed(said))))
  })
  if (!answer.ok) return yield* Effect.fail(new WrongSeed(`The first settings were not taken: ${answer.message}`))
})

const linksOf = (
  { checkoutLinks: settings, config }: RecoveryOptions,
  by: { readonly host: CustomerPartitions; readonly carts: CartsShape; readonly available: AvailableOf }
): LinkDesk | undefined => {
  const { host, carts, available } = by
  if (config === undefined || settings === undefined || carts.links === undefined || config.link === "cart") {
    return undefined
  }
  return new LinkDesk({
    settings,
    config,
    customers: host,
    carts: carts.host,
    requests: carts.requests,
    links: carts.links,
    availableOf: available,
    followed: (customerId, attemptId) => followed(host, customerId, attemptId),
    nowMs: Date.now
  })
}

/** Told once; one that is lost with the hub is one click fewer in what is counted. */
const followed = (host: CustomerPartitions, customerId: string, attemptId: string): void =>
  host.submit(
    hubsCommand({ type: "link-followed", customerId, mutationId: `followed:${attemptId}`, attemptId }, () => undefined)
  )

interface Carrying {
  readonly host: CustomerPartitions
  readonly addresses: Addresses
  readonly carts: CartsShape
  readonly surroundings: () => Surroundings
  readonly config: RecoveryConfig | undefined
  readonly linkOf: (cartId: string, attemptId: string, code?: string) => string
  readonly errands: OfferErrands
}

const carrying = Effect.fnUntraced(function* (services: Carrying) {
  const { addresses, carts, config, errands, host, linkOf, surroundings } = services
  if (config === undefined) return undefined
  const { outreach } = yield* OutreachDesk
  const run = yield* FiberSet.makeRuntime<never>()
  const reactor = new Reactor({
    desk: recoveryDesk({
      host,
      surroundings,
      nowMs: Date.now,
      addresses,
      carts: carts.host,
      linkOf,
      errands
    }),
    outreach,
    policy: fatePolicyOf(config),
    nowMs: Date.now,
    run: (effect) => void run(effect)
  })
  host.onCommits((commits) => follow(reactor, host.book, commits))
  for (const customerId of host.book.open) {
    const open = openOf(host.book, customerId)
    if (open !== undefined) reactor.resume(open)
  }
  return reactor
})

/** A short grace time is of no use when nobody looks within it. */
const fatePolicyOf = ({ graceMs = FATE_POLICY_DEFAULT.graceMs }: RecoveryConfig): FatePolicy => ({
  ...FATE_POLICY_DEFAULT,
  graceMs,
  lookUpEveryMs: Math.min(FATE_POLICY_DEFAULT.lookUpEveryMs, graceMs / 4)
})

const tellAll = Effect.fnUntraced(function* (watch: CartWatch) {
  let count = 0
  for (const command of watch.untold()) {
    watch.say(command)
    if (++count % LEFT_AT_ONCE_MAX === 0) yield* Effect.sleep("10 millis")
  }
})

const cartNow = (carts: CartsShape, available: ReturnType<typeof availableIn>, cartId: string): CartNow | undefined => {
  const state = carts.host.book.peek(cartId)
  if (state === undefined) return undefined
  return {
    cartVersion: state.contents,
    ...(state.sameSince === undefined ? {} : { sameSince: state.sameSince }),
    isEmpty: state.lines.length === 0 || state.status === "merged",
    isBought: state.status === "ordered",
    isSoldOut: state.lines.length > 0 && state.lines.every((line) => (available(line) ?? 1) <= 0)
  }
}
