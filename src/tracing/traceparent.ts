/**
 * A place in a trace as W3C Trace Context writes it, in HTTP and NATS headers alike: `00-<trace>-<span>-<flags>`.
 */

export const TRACEPARENT = "traceparent"

export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
}

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 0x01

/** `undefined` when there is none, or it is none: then a trace begins here. */
export const readTraceparent = (text: string | undefined): TraceParent | undefined => {
  const [, version, traceId, spanId, flags, more] = FORM.exec(text ?? "") ?? []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined
  // Version ff is none; a later one than ours may say more behind, ours may not.
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 }
}

export const writeTraceparent = ({ traceId, spanId, isSampled }: TraceParent): string =>
  `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`
