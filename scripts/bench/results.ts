/**
 * What was measured, set against what was to be reached.
 */
import type { FanoutLoad, FanoutResult } from "./fanout.ts"
import type { ReplayRate } from "./replay-rate.ts"
import type { Workload } from "./workloads.ts"

export interface BenchResults {
  readonly machine: string
  readonly rounds: number
  readonly seconds: number
  readonly loops: Array<{
    readonly workload: Workload
    readonly name: string
    readonly perSecond: number
    readonly all: ReadonlyArray<number>
  }>
  readonly open: Array<{ readonly rate: number; readonly name: string; readonly p50Ms: number; readonly p99Ms: number }>
  readonly fanout: Array<FanoutLoad & { readonly bare: FanoutResult; readonly hub: FanoutResult }>
  /** Oversold, lost or failed: any of these makes the run worthless. */
  readonly wrong: Array<string>
  replay?: ReplayRate & { readonly idleActorBytes: number }
}

export interface Judged {
  readonly target: string
  readonly measured: string
  readonly met: boolean
}

const HUB = "holdfast"

export const judge = (results: BenchResults): ReadonlyArray<Judged> => [
  ...results.loops.filter(({ name }) => name !== HUB).map((peer) => judgeLoop(results, peer)),
  ...results.open
    .filter(({ name, rate }) => name === HUB && rate === 3_000)
    .map(({ p99Ms }) => ({
      target: "open loop 3,000/s: p99 under 3 ms",
      measured: `${p99Ms.toFixed(2)} ms`,
      met: p99Ms < 3
    })),
  ...results.fanout.flatMap(judgeFanout),
  ...(results.replay === undefined
    ? []
    : [
        {
          target: "journal replay at 250,000 events/s",
          measured: `${Math.round(results.replay.eventsPerSecond)} events/s (${results.replay.events} events)`,
          met: results.replay.eventsPerSecond >= 250_000
        },
        {
          target: "idle actor under 1 KB",
          measured: `${Math.round(results.replay.idleActorBytes)} bytes`,
          met: results.replay.idleActorBytes < 1_024
        }
      ]),
  {
    target: "zero oversold, zero errors",
    measured: results.wrong.length === 0 ? "none" : results.wrong.join("; "),
    met: results.wrong.length === 0
  }
]

const judgeLoop = (results: BenchResults, peer: BenchResults["loops"][number]): Judged => {
  const hub = results.loops.find(({ name, workload }) => name === HUB && workload === peer.workload)
  const ratio = (hub?.perSecond ?? 0) / peer.perSecond
  const wanted = (peer.name === "redis always" && peer.workload === "hot") || peer.name === "postgres batched" ? 1.5 : 1
  return {
    target: `${peer.workload}: ${wanted} x ${peer.name}`,
    measured: `${ratio.toFixed(2)} x`,
    met: ratio >= wanted
  }
}

const judgeFanout = ({
  sockets,
  changesPerSecond,
  bare,
  hub
}: BenchResults["fanout"][number]): ReadonlyArray<Judged> => {
  const load = `${sockets} sockets x ${changesPerSecond}/s`
  if (changesPerSecond === 2_000)
    return [{ target: `${load}: p99 under 50 ms`, measured: `${hub.p99Ms.toFixed(1)} ms`, met: hub.p99Ms < 50 }]
  const p99 = hub.p99Ms / bare.p99Ms
  const cpu = hub.cpuSecondsPerMillion / bare.cpuSecondsPerMillion
  return [
    { target: `${load}: p99 within 1.15 x bare`, measured: `${p99.toFixed(2)} x`, met: p99 <= 1.15 },
    { target: `${load}: CPU within 1.15 x bare`, measured: `${cpu.toFixed(2)} x`, met: cpu <= 1.15 }
  ]
}

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n")

export const markdown = (results: BenchResults): string =>
  [
    "# Benchmark",
    `${results.machine}; ${results.rounds} rounds of ${results.seconds} s, interleaved, medians. Journal, PostgreSQL and "redis always" fsync before they answer.`,
    table(
      ["load", "who", "a second", "hub is"],
      results.loops.map(({ workload, name, perSecond }) => {
        const hub =
          results.loops.find((loop) => loop.name === HUB && loop.workload === workload)?.perSecond ?? Number.NaN
        return [workload, name, String(Math.round(perSecond)), `${(hub / perSecond).toFixed(2)} x`]
      })
    ),
    table(
      ["open loop", "who", "p50 ms", "p99 ms"],
      results.open.map(({ rate, name, p50Ms, p99Ms }) => [`${rate}/s`, name, p50Ms.toFixed(2), p99Ms.toFixed(2)])
    ),
    table(
      ["fan-out", "who", "p99 ms", "deliveries/s", "CPU s a million"],
      results.fanout.flatMap(({ sockets, changesPerSecond, bare, hub }) =>
        (
          [
            ["bare", bare],
            [HUB, hub]
          ] as const
        ).map(([who, result]) => [
          `${sockets} x ${changesPerSecond}/s`,
          who,
          result.p99Ms.toFixed(1),
          String(Math.round(result.deliveriesPerSecond)),
          result.cpuSecondsPerMillion.toFixed(2)
        ])
      )
    ),
    table(
      ["target", "measured", "met"],
      judge(results).map(({ target, measured, met }) => [target, measured, met ? "yes" : "NO"])
    )
  ].join("\n\n")
