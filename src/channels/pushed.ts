/**
 * One call that tells a channel what to show, and its place in the traces of what it tells.
 */
import { Effect } from "effect"
import { current } from "../tracing/tracing.ts"
import type { Adapter, QuantityWrite, Result, WriteOutcome } from "./adapter.ts"
import { outcomesIn } from "./answers.ts"
import { askAdapter } from "./ask-adapter.ts"

export interface Push {
  readonly adapter: Pick<Adapter, "push">
  readonly channel: string
  readonly writes: ReadonlyArray<QuantityWrite>
  readonly timeoutMs: number
}

export const pushed = (of: Push): Effect.Effect<Result<ReadonlyArray<WriteOutcome>>> => {
  const { adapter, channel, writes, timeoutMs } = of
  const traced = current()?.call(channel, writes)
  if (traced === undefined) return askAdapter((signal) => adapter.push(writes, signal), timeoutMs, outcomesIn)
  const call = (signal: AbortSignal) => traced.run(() => adapter.push(writes, signal))
  return Effect.map(askAdapter(call, timeoutMs, outcomesIn), (result) => {
    traced.end(result.ok ? "ok" : result.failure.kind)
    return result
  })
}
