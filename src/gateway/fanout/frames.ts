/**
 * Stock frames as text. Built by hand, because a change is encoded once and sent thousands of times, and encoding is
 * the part of a turn that grows with the rate.
 */
import type { StockEvent } from "../../../actors/sku/events.ts"
import type { SkuState } from "../../../actors/sku/state.ts"

/** A commit's time as the frames of all its changes name it. */
export interface FrameTimes {
  /** ISO 8601. */
  readonly at: string
  /** Microseconds since the epoch when the journal had acknowledged it. */
  readonly ackedAtMicros: number
}

const numbers = (of: { sku: string; version: number; physical: number; allocated: number }): string =>
  `{"op":"stock","sku":${JSON.stringify(of.sku)},"version":${of.version},"available":${of.physical - of.allocated},"physical":${of.physical},"allocated":${of.allocated}`

export const eventFrame = (event: StockEvent, times: FrameTimes): string =>
  `${numbers(event)},"at":"${times.at}","t":${times.ackedAtMicros}}`

/** The present state; its `t` is the commit's own time, since nobody keeps when each SKU's last commit was acknowledged. */
export const stateFrame = (state: SkuState, reset: boolean): string =>
  `${numbers(state)},"at":"${new Date(state.changedAt).toISOString()}","t":${state.changedAt * 1_000}${reset ? ',"reset":true' : ""}}`

/** One message as it is, several as an array. */
export const joinFrames = (messages: ReadonlyArray<string>): string =>
  messages.length === 1 ? (messages[0] as string) : `[${messages.join(",")}]`
