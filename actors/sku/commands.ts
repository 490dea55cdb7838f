/**
 * What can be asked of a SKU, already read and checked: every default is filled in, every limit kept.
 *
 * A fact happened elsewhere and is never refused for the stock it meets. A request has somebody waiting and may be
 * refused. Whatever a decision needs from outside (the time) arrives beside the command, never from a clock.
 */

export const DEFAULT_LOCATION = "default"

export type FactType = "sale" | "receipt" | "return" | "count" | "adjustment" | "transfer"

export interface Fact {
  readonly type: FactType
  readonly sku: string
  readonly mutationId: string
  /** Units; positive, but an adjustment's may be negative and a count's is the counted total. */
  readonly quantity: number
  readonly locationId: string
  /** Where a transfer's units go. */
  readonly toLocationId?: string
  readonly channel?: string
  readonly occurredAt?: string
  readonly reference?: string
  readonly reason?: string
}

export interface Reserve {
  readonly type: "reserve"
  readonly sku: string
  readonly mutationId: string
  readonly holdId: string
  readonly quantity: number
  readonly ttlMs: number
  readonly locationId: string
  readonly channel?: string
  /** Whose hold it is; the cap on open holds counts by it. */
  readonly holder?: string
}

export interface CloseHold {
  readonly type: "commit" | "release"
  readonly sku: string
  readonly mutationId: string
  readonly holdId: string
}

export interface Configure {
  readonly type: "configure"
  readonly sku: string
  readonly mutationId: string
  readonly settings: SettingsChange
}

/** What one channel may see and sell. */
export interface ChannelRule {
  /** Units held back from the channel. */
  readonly buffer: number
  /** The most units shown at any moment; absent: no cap. */
  readonly cap?: number
  /** Units only this channel may take, until it has taken them. */
  readonly ringFenced: number
}

export interface Component {
  readonly sku: string
  readonly quantity: number
}

export interface Settings {
  readonly safetyThreshold: number
  /** Units that may be promised beyond what is there; `Number.MAX_SAFE_INTEGER` is no limit. */
  readonly backorderLimit: number
  readonly backorderKind: "backorder" | "preorder"
  readonly channels: Readonly<Record<string, ChannelRule>>
  /** A bundle's parts; empty for a plain SKU. */
  readonly components: ReadonlyArray<Component>
}

export type SettingsChange = Partial<Settings>

/** Units asked of one SKU at one location. */
export interface Line {
  readonly sku: string
  readonly quantity: number
  readonly locationId: string
}

export interface ReserveLines {
  readonly type: "reserve"
  readonly mutationId: string
  readonly holdId: string
  readonly ttlMs: number
  readonly channel?: string
  readonly holder?: string
  readonly lines: ReadonlyArray<Line>
}

export interface CloseLines {
  readonly type: "commit" | "release"
  readonly mutationId: string
  readonly holdId: string
}

export type SkuCommand = Fact | Reserve | CloseHold | Configure
export type LinesCommand = ReserveLines | CloseLines

export const isFact = (command: SkuCommand): command is Fact =>
  command.type !== "reserve" && command.type !== "commit" && command.type !== "release" && command.type !== "configure"
