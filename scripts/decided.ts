/**
 * The wait until the hub has decided on facts: the broker's acknowledgement says only that they are stored.
 */
import type { HubStatus } from "../src/gateway/protocol.ts"
import { headersOf, type RunFile } from "./run-file.ts"

type Asked = Pick<RunFile, "hub" | "key">

const ASK_MS = 100
/** A hub that decides nothing for so long has stopped. */
const STANDSTILL_MS = 60_000

/** Waits until the hub has decided on every fact up to `factsSequence`. Fails when it stops doing so. */
export const decided = async (run: Asked, factsSequence: number, signal: AbortSignal): Promise<void> => {
  let reached = 0
  let movedAtMs = performance.now()
  while (reached < factsSequence && !signal.aborted) {
    const now = await statusOf(run).then(
      (status) => status.factsSequence,
      () => reached
    )
    if (now > reached) movedAtMs = performance.now()
    reached = Math.max(reached, now)
    if (reached >= factsSequence) return
    if (performance.now() - movedAtMs > STANDSTILL_MS) {
      throw new Error(`The hub has decided facts up to ${reached} of ${factsSequence} and does not go on.`)
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS))
  }
}

const statusOf = async (run: Asked): Promise<HubStatus> =>
  (await fetch(`${run.hub}/v1/status`, { headers: headersOf(run) })).json() as never
