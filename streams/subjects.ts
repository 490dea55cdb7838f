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
export const DEAD_LETTERS = "DEAD_LETTERS"
export const CHANNELS = "CHANNELS"
export const ALERTS = "ALERTS"

export const journalSubject = (partition: number): string => `journal.stock.${partition}`
export const JOURNAL_SUBJECTS = "journal.>"

export const partitionOfSubject = (subject: string): number => Number(subject.slice(subject.lastIndexOf(".") + 1))

export const FACT_SUBJECTS = "stock.fact.*"
export const factSubject = (sku: string): string => `stock.fact.${encodeSku(sku)}`
export const REQUEST_SUBJECTS = "stock.request.*"
export const LINES_REQUEST_SUBJECT = "stock.request"
export const EVENT_SUBJECTS = "stock.event.*"
export const eventSubject = (sku: string): string => `stock.event.${encodeSku(sku)}`

export const timerSubject = (bucket: number): string => `timer.hold.${bucket}`
export const TIMER_SUBJECTS = "timer.>"
export const DUE_SUBJECT = "due.hold"

export const snapshotSubject = (part: string): string => `snapshot.stock.${part}`
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
