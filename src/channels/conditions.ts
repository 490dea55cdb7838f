/**
 * What about a channel somebody should know of, from how it is now.
 */
import type { Condition } from "../../actors/alert/alert.ts"
import type { ChannelHealth } from "./protocol.ts"

const LATENCY_WARN_MS = 2_000
const LATENCY_P99_MAX_MS = 5_000
/** One poll that fails is made good by the next. */
const POLLS_FAILED_MAX = 3
/** Under it AI buying agents begin to skip listings. */
const FRESH_MIN = 0.8

export const conditionsOf = (health: ChannelHealth): ReadonlyArray<Condition> => {
  const { name, syncedMs, freshness } = health
  const found: Array<Condition> = []
  const add = (kind: string, severity: Condition["severity"], summary: string) =>
    found.push({ key: `channel:${name}:${kind}`, severity, summary: `The channel ${name} ${summary}` })
  if (health.state === "suspended")
    add("suspended", "critical", `waits for you: ${health.message ?? "it is not let in."}`)
  if (health.state === "down")
    add("down", "critical", `does not answer: ${health.lastFailure?.message ?? "no reason known"}`)
  const { pollFailure } = health
  if (pollFailure !== undefined && (pollFailure.kind === "unauthorized" || pollFailure.count >= POLLS_FAILED_MAX)) {
    add("orders", "critical", `cannot be asked for its orders: ${pollFailure.message}`)
  }
  if (syncedMs.p99 > LATENCY_P99_MAX_MS) add("p99", "critical", `takes ${Math.round(syncedMs.p99)} ms at p99.`)
  else if (syncedMs.p95 > LATENCY_WARN_MS) add("latency", "warning", `takes ${Math.round(syncedMs.p95)} ms at p95.`)
  if (health.state !== "shadow" && health.listings > 0 && freshness.least < FRESH_MIN) {
    add("stale", "warning", `has a listing that may be stale: freshness ${freshness.least.toFixed(2)}.`)
  }
  if (health.deadLetters > 0)
    add("dead-letters", "warning", `has not taken ${health.deadLetters} listings; see its dead letters.`)
  if (health.stuck > 0) add("stuck", "critical", `has accepted ${health.stuck} quantities and not carried them out.`)
  if (health.held > 0)
    add("held", "warning", `told ${health.held} happenings that cannot be applied; see what is held.`)
  return found
}
