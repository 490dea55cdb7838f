/**
 * The wait until the hub has decided on facts: the broker's acknowledgement says only that they are stored.
 */
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import type { HubStatus } from "../src/gateway/protocol.ts"
import { serverOf } from "../streams/nats/connection.ts"
import { FACTS } from "../streams/subjects.ts"
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

/** Waits until the hub has decided on every fact that is stored now, whoever sent it. Fails as `decided` does. */
export const allDecided = async (run: Asked & Pick<RunFile, "nats">, signal: AbortSignal): Promise<void> =>
  decided(run, await factsEnd(run.nats), signal)

/** Sequence of the last fact that is stored; 0 when there is none. */
const factsEnd = async (natsUrl: string): Promise<number> => {
  const connection = await connect({ ...serverOf(natsUrl), noAsyncTraces: true })
  try {
    const { state } = await (await jetstreamManager(connection)).streams.info(FACTS)
    return state.messages === 0 ? 0 : state.last_seq
  } finally {
    await connection.close()
  }
}

const statusOf = async (run: Asked): Promise<HubStatus> =>
  (await fetch(`${run.hub}/v1/status`, { headers: headersOf(run) })).json() as never
