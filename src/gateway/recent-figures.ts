/**
 * How the hub did over the last quarter of an hour, a look every five seconds: for a page that was opened just now.
 */
import { performance as perf } from "node:perf_hooks"
import { Effect } from "effect"
import type { HubStatus } from "./protocol.ts"
import type { Sample } from "./system-protocol.ts"

export const SAMPLE_EVERY_MS = 5_000
/** A quarter of an hour; 180 samples are 50 KB. */
const SAMPLES_MAX = 180

export class RecentFigures {
  private readonly read: () => HubStatus
  private readonly nowMs: () => number
  private samples: ReadonlyArray<Sample> = []
  private loop = perf.eventLoopUtilization()

  constructor(read: () => HubStatus, nowMs: () => number) {
    this.read = read
    this.nowMs = nowMs
  }

  get items(): ReadonlyArray<Sample> {
    return this.samples
  }

  readonly run: Effect.Effect<never> = Effect.forever(
    Effect.andThen(
      Effect.sleep(SAMPLE_EVERY_MS),
      Effect.sync(() => this.look())
    )
  )

  look(): void {
    const { answerMs, appendMs, changesPerSecond, commandsPerSecond, projections, sockets } = this.read()
    const loop = perf.eventLoopUtilization()
    const { heapUsed, rss } = process.memoryUsage()
    const sample: Sample = {
      at: this.nowMs(),
      commandsPerSecond,
      changesPerSecond,
      answerMs,
      appendMs,
      lagSeconds: Math.max(0, ...projections.map(({ lagSeconds }) => lagSeconds)),
      sockets,
      rssBytes: rss,
      heapBytes: heapUsed,
      loopShare: perf.eventLoopUtilization(loop, this.loop).utilization
    }
    this.loop = loop
    this.samples = [...this.samples, sample].slice(-SAMPLES_MAX)
  }
}
