/**
 * How far the numbers can be trusted: a badge that is always in sight, and a strip over the page when they cannot.
 */
import { useEffect, useState, useSyncExternalStore } from "react"
import { nowMs } from "../hub/clock.ts"
import { useHub } from "../hub/client.ts"
import type { ConnectionPhase, ConnectionState } from "../hub/socket.ts"
import { clockTime } from "./formats.ts"

const LABELS: Readonly<Record<ConnectionPhase, string>> = {
  connecting: "Connecting",
  live: "Live",
  stale: "Stale",
  offline: "Offline"
}

export const useConnection = (): ConnectionState => {
  const { socket } = useHub()
  return useSyncExternalStore(socket.subscribe, socket.state)
}

/** Only the phase, which is the same string while frames come in. */
export const usePhase = (): ConnectionPhase => {
  const { socket } = useHub()
  return useSyncExternalStore(socket.subscribe, () => socket.state().phase)
}

export const ConnectionBadge = () => {
  const phase = usePhase()
  return (
    <div className="connection" data-phase={phase} role="status" aria-label={`Connection: ${LABELS[phase]}`}>
      <span className="connection-dot" aria-hidden="true" />
      {LABELS[phase]}
    </div>
  )
}

/** Seconds until then, counted down once a second. */
const useSecondsUntil = (atMs: number | undefined): number => {
  const [now, setNow] = useState(nowMs)
  useEffect(() => {
    setNow(nowMs())
    if (atMs === undefined) return undefined
    const timer = setInterval(() => setNow(nowMs()), 1_000)
    return () => clearInterval(timer)
  }, [atMs])
  return atMs === undefined ? 0 : Math.max(0, Math.ceil((atMs - now) / 1_000))
}

const wording = ({ phase, heardAtMs }: ConnectionState): string => {
  const since = heardAtMs === 0 ? "" : ` Numbers are as of ${clockTime(heardAtMs)}.`
  return phase === "offline" ? `The hub cannot be reached.${since}` : `The connection went quiet.${since}`
}

export const ConnectionNotice = () => {
  const { socket } = useHub()
  const state = useConnection()
  const seconds = useSecondsUntil(state.retryAtMs)
  if (state.phase === "live" || state.phase === "connecting") return null
  const waits = state.retryAtMs !== undefined
  return (
    <div className="notice" data-phase={state.phase}>
      <p role="status">{wording(state)}</p>
      <span className="notice-next">{waits && seconds > 0 ? `Next try in ${seconds} s` : "Trying…"}</span>
      <button type="button" className="button" disabled={!waits} onClick={() => socket.retryNow()}>
        Try now
      </button>
    </div>
  )
}
