/** A reading for as long as something shows it; another path is another reading. */
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react"
import { isHidden } from "../hub/client.ts"
import { nowMs } from "../hub/clock.ts"
import type { PatternOf } from "../../client/http-client.ts"
import { type AnswerOf, type AskedOf, get } from "../hub/http.ts"
import { type Read, Reading } from "../hub/reading.ts"

/** `round`: when it is another, it is read again at once; what was read stays until then. */
export const useReading = <P extends PatternOf<"get">>(
  pattern: P,
  asked: AskedOf<P>,
  everyMs: number,
  round: unknown = 0
): Read<AnswerOf<P>> => {
  // Made anew by every rendering, what is asked is the same while it says the same.
  const text = JSON.stringify(asked)
  const reading = useMemo(() => {
    const read = (signal: AbortSignal) => get(pattern, { ...(JSON.parse(text) as AskedOf<P>), signal })
    return new Reading<AnswerOf<P>>({ read, isHidden, everyMs, nowMs })
  }, [pattern, text, everyMs])
  useEffect(() => {
    reading.start()
    return () => reading.stop()
  }, [reading, round])
  return useSyncExternalStore(reading.subscribe, reading.state)
}

/** Until another address has answered, what the one before it said: nothing jumps while somebody moves through time. */
export const useLasting = <Value>(read: Read<Value>): Read<Value> => {
  const last = useRef(read)
  const isSaid = read.value !== undefined || read.failure !== undefined
  useEffect(() => {
    if (isSaid) last.current = read
  }, [read, isSaid])
  return isSaid ? read : last.current
}
