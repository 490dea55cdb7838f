/**
 * An alert: something that somebody should know of, raised once for each episode and cleared when it is over.
 */
import { incidentId, type JournalRecord } from "../sku/events.ts"

export interface Alert {
  /** Unique; telling the same alert again has the same. */
  readonly id: string
  readonly kind: "low-stock" | "incident" | "channel" | "order" | "payment"
  readonly state: "raised" | "cleared"
  /** The same for the raised and the cleared of one episode. */
  readonly episode: string
  /** The SKU, the channel or the cart. */
  readonly subject: string
  readonly severity: "info" | "warning" | "critical"
  /** One sentence for a person. */
  readonly summary: string
  readonly details: Readonly<Record<string, string | number>>
  /** ISO 8601. */
  readonly at: string
}

/** The alert that a record of the journal is, or `undefined`. */
export const alertOf = (record: JournalRecord, at: string): Alert | undefined => {
  if (record.type === "alert") {
    const { sku, version, state, available, safetyThreshold } = record
    const isLow = state === "raised"
    return {
      id: `low-stock:${sku}:${version}:${state}`,
      kind: "low-stock",
      state,
      episode: `low-stock:${sku}`,
      subject: sku,
      severity: isLow ? "warning" : "info",
      summary: isLow
        ? `${sku} is low: ${available} left, the threshold is ${safetyThreshold}.`
        : `${sku} is no longer low: ${available} available.`,
      details: { sku, version, available, safetyThreshold },
      at
    }
  }
  if (record.type === "incident") {
    const { sku, version, units, locationId, channel } = record
    const id = incidentId(record)
    return {
      id: `incident:${id}:raised`,
      kind: "incident",
      state: "raised",
      episode: `incident:${id}`,
      subject: sku,
      severity: "critical",
      summary: `${units} of ${sku} were sold and are not there (${record.kind.replaceAll("_", " ")}${channel === undefined ? "" : ` on ${channel}`}).`,
      details: { incidentId: id, kind: record.kind, sku, version, units, locationId },
      at
    }
  }
  if (record.type !== "resolution") return undefined
  const { incidentId: id, outcome } = record
  return {
    id: `incident:${id}:cleared`,
    kind: "incident",
    state: "cleared",
    episode: `incident:${id}`,
    subject: decodeURIComponent(id.split(":")[1] ?? ""),
    severity: "info",
    summary: `The incident ${id} is dealt with: ${outcome}.`,
    details: { incidentId: id, outcome },
    at
  }
}

/** What one sink is sent of a batch that waited. */
export type Delivery =
  | { readonly type: "one"; readonly alert: Alert }
  | { readonly type: "digest"; readonly alerts: ReadonlyArray<Alert> }

/** So many may be sent one by one; more come as one digest, because nobody reads a thousand mails. */
export const DIGEST_ABOVE = 10

/** What was raised and is over by now is not told at all; the order within an episode stays. */
export const plan = (waiting: ReadonlyArray<Alert>): ReadonlyArray<Delivery> => {
  const left: Array<Alert> = []
  for (const alert of waiting) {
    const raised = left.findLastIndex(({ episode }) => episode === alert.episode)
    if (alert.state === "cleared" && left[raised]?.state === "raised") left.splice(raised, 1)
    else left.push(alert)
  }
  if (left.length > DIGEST_ABOVE) return [{ type: "digest", alerts: left }]
  return left.map((alert) => ({ type: "one", alert }))
}

/** A condition that holds now: the same key is the same episode for as long as it is there. */
export interface Condition {
  readonly key: string
  readonly severity: Alert["severity"]
  readonly summary: string
}

/**
 * Which conditions are new and which are over; each is told once. One must have been there, or gone, `steadyLooks` times
 * in a row, so that a figure that swings around its limit does not call somebody each time.
 */
export class Episodes {
  private readonly steadyLooks: number
  private readonly open = new Map<string, Condition>()
  /** How often in a row a condition was not as it is known. */
  private readonly changed = new Map<string, number>()

  constructor(steadyLooks: number) {
    this.steadyLooks = steadyLooks
  }

  look(now: ReadonlyArray<Condition>): {
    readonly raised: ReadonlyArray<Condition>
    readonly cleared: ReadonlyArray<Condition>
  } {
    const present = new Map(now.map((condition) => [condition.key, condition]))
    const raised = now.filter(({ key }) => !this.open.has(key) && this.isSteady(key))
    const cleared = [...this.open.values()].filter(({ key }) => !present.has(key) && this.isSteady(key))
    for (const key of this.changed.keys()) if (this.open.has(key) === present.has(key)) this.changed.delete(key)
    for (const condition of raised) this.open.set(condition.key, condition)
    for (const { key } of cleared) this.open.delete(key)
    return { raised, cleared }
  }

  private isSteady(key: string): boolean {
    const looks = (this.changed.get(key) ?? 0) + 1
    this.changed.set(key, looks)
    if (looks < this.steadyLooks) return false
    this.changed.delete(key)
    return true
  }
}
