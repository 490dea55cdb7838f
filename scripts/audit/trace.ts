/**
 * One SKU's history, step by step: the command that was decided, the event that it made, the state after it.
 */
import { isStockEvent } from "../../actors/sku/events.ts"
import { StockBook } from "../../actors/stock/book.ts"
import type { StoredCommit } from "../../streams/codec.ts"

export interface Step {
  readonly sequence: number
  readonly at: string
  readonly command: string
  readonly event: Readonly<Record<string, unknown>>
  readonly state: Readonly<Record<string, unknown>>
}

/** Up to a version (a number) or a moment (milliseconds since the epoch). */
export interface Until {
  readonly version?: number
  readonly atMs?: number
}

export class Trace {
  readonly steps: Array<Step> = []
  private readonly book = new StockBook()
  private readonly sku: string
  private readonly until: Until

  constructor(sku: string, until: Until) {
    this.sku = sku
    this.until = until
  }

  /** False when there is nothing more to see. */
  visit(commit: StoredCommit): boolean {
    if (this.until.atMs !== undefined && commit.at > this.until.atMs) return false
    for (const record of commit.records) {
      if (!isStockEvent(record) || record.sku !== this.sku) continue
      if (this.until.version !== undefined && record.version > this.until.version) return false
      this.book.apply(record, commit.at)
      const state = this.book.peek(this.sku)
      const { mutationId, scope, type, ...event } = record
      this.steps.push({
        sequence: commit.sequence,
        at: new Date(commit.at).toISOString(),
        command: `${type} ${mutationId}${scope === undefined ? "" : ` (by ${scope})`}`,
        event,
        state: {
          version: state?.version,
          physical: state?.physical,
          allocated: state?.allocated,
          available: (state?.physical ?? 0) - (state?.allocated ?? 0),
          locations: state?.locations.map((place) => ({ ...place })),
          openHolds: [...(state?.holds?.values() ?? [])].map(({ holdId, quantity }) => ({ holdId, quantity }))
        }
      })
    }
    return true
  }
}

export const stepText = (step: Step): string =>
  [
    `${step.at}  commit ${step.sequence}`,
    `  command  ${step.command}`,
    `  event    ${JSON.stringify(step.event)}`,
    `  state    ${JSON.stringify(step.state)}`
  ].join("\n")
