/**
 * Getting a block of facts acknowledged: again and again with growing pauses while whoever takes them is away. One block
 * is under way at a time and nothing is read meanwhile, so that waiting for a day costs no memory.
 */
import { setTimeout as wait } from "node:timers/promises"
import type { ErpFact } from "./facts.ts"

export type Published = { readonly ok: true } | { readonly ok: false; readonly message: string }

/**
 * One outcome per fact, in their order. `ok: false` is for good: the row is rejected with the message. A rejection of
 * the promise means that it is not known what became of them; all are sent again with the same mutation ids.
 */
export type Publish = (facts: ReadonlyArray<ErpFact>) => Promise<ReadonlyArray<Published>>

/** Facts are not taken at the moment. Told once when it begins and once, without a message, when it is over. */
export type OnWaiting = (message: string | undefined) => void

export interface Patience {
  readonly firstMs: number
  readonly mostMs: number
}

export const PATIENCE: Patience = { firstMs: 250, mostMs: 30_000 }

/** Answers `undefined` when it was told to stop while it waited. */
export const published = async (
  publish: Publish,
  facts: ReadonlyArray<ErpFact>,
  options: { readonly signal: AbortSignal; readonly patience: Patience; readonly onWaiting: OnWaiting }
): Promise<ReadonlyArray<Published> | undefined> => {
  const { signal, patience, onWaiting } = options
  for (let attempt = 0; ; attempt++) {
    try {
      const outcomes = await publish(facts)
      if (outcomes.length !== facts.length) {
        throw new Error(`${facts.length} facts were sent and ${outcomes.length} answered`)
      }
      if (attempt > 0) onWaiting(undefined)
      return outcomes
    } catch (error) {
      if (attempt === 0) onWaiting(error instanceof Error ? error.message : String(error))
    }
    const mostMs = Math.min(patience.mostMs, patience.firstMs * 2 ** Math.min(attempt, 30))
    // Half of it by chance, so that several bridges do not come back at the same moment.
    const pauseMs = mostMs * (0.5 + Math.random() / 2)
    await wait(pauseMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return undefined
  }
}
