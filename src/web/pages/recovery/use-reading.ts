/** A reading for as long as something shows it; another path is another reading. */
import { useEffect, useMemo, useSyncExternalStore } from "react"
import { isHidden } from "../../hub/client.ts"
import { nowMs } from "../../hub/clock.ts"
import { getJson } from "../../hub/http.ts"
import { type Read, Reading } from "../../hub/reading.ts"

export const useReading = <Value>(path: string, everyMs: number): Read<Value> => {
  const reading = useMemo(
    () => new Reading<Value>({ read: (signal) => getJson<Value>(path, signal), isHidden, everyMs, nowMs }),
    [path, everyMs]
  )
  useEffect(() => {
    reading.start()
    return () => reading.stop()
  }, [reading])
  return useSyncExternalStore(reading.subscribe, reading.state)
}
