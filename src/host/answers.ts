/**
 * Wire answers from what a decision left: the same record gives the same answer, now and when its mutation id comes
 * back, so nothing but the record has to be kept.
 */
import type { CloseEvent, JournalRecord, LinesRecord, RecordedAnswer, StockEvent } from "../../actors/sku/events.ts"
import { isStockEvent } from "../../actors/sku/events.ts"
import { isoTime } from "../../actors/iso-time.ts"
import { available, type SkuState } from "../../actors/sku/state.ts"
import { LINES_SCOPE } from "../../actors/stock/stock.ts"
import type { Answer, LinesAnswer, Refusal, SkuAnswer, StockNumbers, StockView } from "../gateway/protocol.ts"

export const eventAnswer = (event: StockEvent): SkuAnswer => {
  const answer: { -readonly [K in keyof SkuAnswer]: SkuAnswer[K] } = {
    ok: true,
    sku: event.sku,
    version: event.version,
    available: available(event),
    physical: event.physical,
    allocated: event.allocated,
    safetyThreshold: event.safetyThreshold ?? 0
  }
  if (event.type === "reserve") {
    answer.holdId = event.holdId
    answer.expiresAt = isoTime(event.expiresAt)
  } else if (isClose(event)) answer.holdId = event.holdId
  return answer
}

/** As whatever else is outside the bounds of who asks: it is not told whose the hold is. */
export const otherChannelsHold = (holdId: string): Refusal => ({
  ok: false,
  code: "unauthorized",
  message: `The hold ${holdId} is not of a channel that you may act for; use another holdId.`,
  holdId
})

const isClose = (event: StockEvent): event is CloseEvent =>
  event.type === "commit" || event.type === "release" || event.type === "expiry"

/** A several-lines answer names the numbers of each SKU that was asked for, as its events in the same turn left them. */
export const linesAnswer = (record: LinesRecord, records: Iterable<JournalRecord>): LinesAnswer => {
  const changes: Array<Numbers> = []
  for (const event of records) {
    if (isStockEvent(event) && event.scope === LINES_SCOPE && event.mutationId === record.mutationId)
      changes.push(event)
  }
  if (record.elsewhere !== undefined) changes.push(...record.elsewhere)
  const lines: Array<StockNumbers> = []
  for (const sku of record.asked) {
    const change = changes.findLast((one) => one.sku === sku)
    if (change !== undefined) lines.push(numbersOf(change))
  }
  return {
    ok: true,
    holdId: record.holdId,
    ...(record.expiresAt === undefined ? {} : { expiresAt: isoTime(record.expiresAt) }),
    lines
  }
}

type Numbers = Omit<StockNumbers, "available">

const numbersOf = (numbers: Numbers): StockNumbers => ({
  sku: numbers.sku,
  version: numbers.version,
  available: available(numbers),
  physical: numbers.physical,
  allocated: numbers.allocated
})

export const stateView = (state: SkuState, withLocations: boolean): StockView => ({
  ...numbersOf(state),
  safetyThreshold: state.settings.safetyThreshold,
  ...(withLocations
    ? {
        locations: state.locations.map(({ locationId, physical, allocated }) => ({ locationId, physical, allocated }))
      }
    : {})
})

export const stateAnswer = (state: SkuState, withLocations: boolean): SkuAnswer => ({
  ok: true,
  ...stateView(state, withLocations)
})

/** An accepted command that changed nothing: the numbers as they are. */
export const unchangedAnswer = (
  holdId: string,
  states: ReadonlyArray<SkuState>,
  single: boolean
): SkuAnswer | LinesAnswer => {
  const [only] = states
  if (single && only !== undefined) return { ...stateAnswer(only, false), holdId }
  return { ok: true, holdId, lines: states.map(numbersOf) }
}

export const recordedAnswer = (answer: RecordedAnswer): Answer => answer as unknown as Answer

export const replayed = (answer: Answer): Answer => ({ ...answer, replayed: true })

export const conflict = (mutationId: string, sku: string | undefined): Refusal => ({
  ok: false,
  code: "mutation_conflict",
  message: `The mutation id ${mutationId} was used for something else; repeat the first request unchanged, or take a new id.`,
  ...(sku === undefined ? {} : { sku })
})

export const overloaded = (retryAfterMs: number): Refusal => ({
  ok: false,
  code: "overloaded",
  message: `The hub has as much to do as it can keep in order; try again in ${retryAfterMs} ms with the same mutation id.`,
  retryAfterMs
})

export const unavailable = (why: string): Refusal => ({
  ok: false,
  code: "unavailable",
  message: `${why} It is not known whether the request took effect; repeat it with the same mutation id.`
})
