/**
 * Every stream and subject name, built and read in one place.
 *
 * A SKU inside a subject is `encodeURIComponent(sku)` with `.` as `%2E`, `*` as `%2A`, and no other change.
 */

export const JOURNAL = "JOURNAL"
export const FACTS = "FACTS"
export const TIMERS = "TIMERS"
export const SNAPSHOTS = "SNAPSHOTS"
export const STOCK_EVENTS = "STOCK_EVENTS"
export const CART_JOURNAL = "CART_JOURNAL"
export const CART_FACTS = "CART_FACTS"
export const CART_EVENTS = "CART_EVENTS"
export const DEAD_LETTERS = "DEAD_LETTERS"
export const CHANNELS = "CHANNELS"
export const ALERTS = "ALERTS"
export const OUTREACH = "OUTREACH"
export const CUSTOMER_JOURNAL = "CUSTOMER_JOURNAL"
export const PAYMENTS = "PAYMENTS"
export const PERSONAL_ACCESS = "PERSONAL_ACCESS"
export const ACCESS = "ACCESS"
/** The audit record. */
export const ACTS = "ACTS"
export const DESK = "DESK"

/** What one kind of actors is kept under. A journal has its stream to itself: its owner foretells the sequences in it. */
export interface KindNames {
  readonly kind: string
  readonly journal: string
  readonly facts: string
  /** All that is in the stream of facts. */
  readonly factSubjects: ReadonlyArray<string>
  /** What its timers are for. */
  readonly timer: string
}

export const STOCK: KindNames = {
  kind: "stock",
  journal: JOURNAL,
  facts: FACTS,
  // The second: of adapters that speak for one channel each, see `ADAPTER_SUBJECTS`.
  factSubjects: ["stock.fact.*", "from.*.stock.fact.*"],
  timer: "hold"
}

export const CART: KindNames = {
  kind: "cart",
  journal: CART_JOURNAL,
  facts: CART_FACTS,
  factSubjects: ["cart.fact.*"],
  timer: "cart"
}

/** What carriers tell is the customers' facts. */
export const CUSTOMER: KindNames = {
  kind: "customer",
  journal: CUSTOMER_JOURNAL,
  facts: OUTREACH,
  factSubjects: ["outreach.fact.*"],
  timer: "customer"
}

export const journalSubject = ({ kind }: KindNames, partition: number): string => `journal.${kind}.${partition}`
export const journalSubjects = ({ kind }: KindNames): string => `journal.${kind}.*`

/** Those of all kinds of actors. */
export const ALL_JOURNALS = "journal.>"

export const partitionOfSubject = (subject: string): number => Number(subject.slice(subject.lastIndexOf(".") + 1))

export const factSubject = (sku: string): string => `stock.fact.${encodeSku(sku)}`
export const REQUEST_SUBJECTS = "stock.request.*"
export const LINES_REQUEST_SUBJECT = "stock.request"
export const EVENT_SUBJECTS = "stock.event.*"
export const eventSubject = (sku: string): string => `stock.event.${encodeSku(sku)}`

/** What adapters publish to that come to NATS by an account of their channel's: the contract's subjects. */
export const ADAPTER_SUBJECTS = ["stock.fact.*", REQUEST_SUBJECTS, LINES_REQUEST_SUBJECT]
/** The same in the hub's account, of `*` all channels': the server puts the channel there, and nobody else can. */
export const subjectOfChannel = (channel: string, subject: string): string => `from.${channel}.${subject}`
/** `undefined`: whoever published it speaks for no channel alone. */
export const channelOfSubject = (subject: string): string | undefined =>
  subject.startsWith("from.") ? subject.split(".", 2)[1] : undefined

/** A cart inside a subject is encoded as a SKU is. */
export const cartFactSubject = (cart: string): string => `cart.fact.${encodeSku(cart)}`
export const CART_REQUEST_SUBJECTS = "cart.request.*"
export const CART_EVENT_SUBJECTS = "cart.event.*"
export const cartEventSubject = (cart: string): string => `cart.event.${encodeSku(cart)}`

export const timerSubject = ({ timer }: KindNames, bucket: number): string => `timer.${timer}.${bucket}`
export const TIMER_SUBJECTS = "timer.>"
export const dueSubject = ({ timer }: KindNames): string => `due.${timer}`
export const DUE_SUBJECTS = "due.*"

export const snapshotSubject = ({ kind }: KindNames, part: string): string => `snapshot.${kind}.${part}`
/** How far one sink of alerts is; beside the stock's parts, which are pruned. */
export const alertPlaceSubject = (sink: string): string => `snapshot.alerts.${sink}`
export const SNAPSHOT_SUBJECTS = "snapshot.>"

export const DEAD_SUBJECTS = "dead.>"
/** `source`: what it is a letter of; `token`: the last of the subject that it came by. */
export const deadSubject = (source: string, token: string): string => `dead.${source}.${token}`

/** A channel's name is a plain token: `channels.ts` of the settings sees to it. */
export const channelLogSubject = (channel: string): string => `channel.log.${channel}`
export const CHANNEL_SUBJECTS = "channel.log.*"

export const ALERT_SUBJECTS = "alert.>"
export const alertSubject = (kind: string, subject: string): string => `alert.${kind}.${encodeSku(subject)}`

/** What a carrier told; its name is a plain token: `config/outreach.ts` sees to it. */
export const outreachFactSubject = (carrier: string): string => `outreach.fact.${carrier}`
export const PAYMENT_SUBJECTS = "payment.*.*"
/** What Stripe told of one payment, by its PaymentIntent. */
export const paymentSubject = (paymentIntent: string): string => `payment.event.${encodeSku(paymentIntent)}`
/** How a payment that bought nothing goes back. */
export const repaymentSubject = (paymentIntent: string): string => `payment.repayment.${encodeSku(paymentIntent)}`
export const REPAYMENT_SUBJECTS = "payment.repayment.*"
/** The checkout links of one cart. */
export const checkoutLinkSubject = (cartId: string): string => `payment.link.${encodeSku(cartId)}`
export const CHECKOUT_LINK_SUBJECTS = "payment.link.*"
/** What a payment means for a cart: paid, expired, payment-failed, refunded. */
export const PAYMENT_FACT_SUBJECTS = "payment.fact.*"
export const paymentFactSubject = (cartId: string): string => `payment.fact.${encodeSku(cartId)}`

/** What people decided: about a SKU's low-stock alert, a dead letter by its id, and by what order proposals are made. */
export const DESK_SUBJECTS = "desk.*.*"
export const alertDeskSubject = (sku: string): string => `desk.alert.${encodeSku(sku)}`
export const reorderForAllSubject = "desk.reorder-for-all.skus"
export const reorderSubject = (sku: string): string => `desk.reorder.${encodeSku(sku)}`
export const letterDeskSubject = (id: number): string => `desk.letter.${id}`

/** The customer as a token: see `src/personal-data/`. */
export const personalAccessSubject = (token: string): string => `personal.access.${token}`
export const PERSONAL_ACCESS_SUBJECTS = "personal.access.*"

/** Users and keys; sessions; when a key was last used. */
export const ACCESS_SUBJECTS = "access.>"
export const ACCESS_EVENT_SUBJECT = "access.event"
export const accessSessionSubject = (session: string): string => `access.session.${session}`
export const accessUsedSubject = (key: string): string => `access.used.${key}`
/** What somebody did to the hub. */
export const ACT_SUBJECT = "act.done"

/** Key-value buckets, and the streams that they are. */
export const PERSONAL_KEYS_BUCKET = "personal-keys"
export const PERSONAL_INDEX_BUCKET = "personal-index"
export const bucketStream = (bucket: string): string => `KV_${bucket}`
export const bucketSubject = (bucket: string, key: string): string => `$KV.${bucket}.${key}`

export const encodeSku = (sku: string): string => encodeURIComponent(sku).replaceAll(".", "%2E").replaceAll("*", "%2A")

/** `undefined` when the token is no encoded SKU. */
export const decodeSku = (token: string): string | undefined => {
  try {
    return decodeURIComponent(token)
  } catch {
    return undefined
  }
}

/** The last token of `stock.fact.<sku>` and the like, decoded. */
export const skuOfSubject = (subject: string): string | undefined =>
  decodeSku(subject.slice(subject.lastIndexOf(".") + 1))
