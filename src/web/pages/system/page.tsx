/** How the hub does: what it answers and how soon, how far what is derived is behind, its actors, and the servers it stands on. */
import type { Sample } from "../../../gateway/system-protocol.ts"
import { ConnectionNotice } from "../../app/connection.tsx"
import { milliseconds, units } from "../../app/formats.ts"
import { Ready } from "../../app/parts.tsx"
import { useReading } from "../../app/use-reading.ts"
import { Figure, type FigureProps, type Series } from "./figure.tsx"
import { Kinds, Lags, Now, Servers } from "./tables.tsx"
import { bytesWords } from "./words.ts"

const RECENT_EVERY_MS = 5_000
const NOW_EVERY_MS = 3_000

const percentilesOf = (read: (sample: Sample) => Sample["answerMs"]): ReadonlyArray<Series> => [
  { name: "p50", read: (sample) => read(sample).p50 },
  { name: "p95", read: (sample) => read(sample).p95 },
  { name: "p99", read: (sample) => read(sample).p99 }
]

const perSecond = (value: number): string => `${units(Math.round(value))}/s`
const inMs = (value: number): string => `${milliseconds(value)} ms`

type Pictured = Omit<FigureProps, "samples" | "everyMs">

const FIGURES: ReadonlyArray<Pictured> = [
  {
    id: "throughput",
    title: "Commands answered, and changes",
    series: [
      { name: "commands", read: ({ commandsPerSecond }) => commandsPerSecond },
      { name: "changes", read: ({ changesPerSecond }) => changesPerSecond }
    ],
    word: perSecond,
    least: 10
  },
  {
    id: "answers",
    title: "From a command to its answer",
    series: percentilesOf(({ answerMs }) => answerMs),
    word: inMs,
    least: 5
  },
  {
    id: "appends",
    title: "From an append to the disk",
    series: percentilesOf(({ appendMs }) => appendMs),
    word: inMs,
    least: 5
  },
  {
    id: "lag",
    title: "How far what is derived is behind",
    series: [{ name: "lag", read: ({ lagSeconds }) => lagSeconds }],
    word: (value) => `${value.toFixed(1)} s`,
    least: 1
  },
  {
    id: "loop",
    title: "Work of the hub’s own thread",
    series: [{ name: "work", read: ({ loopShare }) => loopShare * 100 }],
    word: (value) => `${Math.round(value)} %`,
    least: 100
  },
  {
    id: "memory",
    title: "Memory",
    series: [
      { name: "process", read: ({ rssBytes }) => rssBytes },
      { name: "heap of the hub’s thread", read: ({ heapBytes }) => heapBytes }
    ],
    word: bytesWords,
    least: 1_000_000
  }
]

export const SystemPage = () => {
  const recent = useReading("/v1/system/recent", {}, RECENT_EVERY_MS)
  const system = useReading("/v1/system", {}, NOW_EVERY_MS)
  return (
    <div className="page">
      <h1 className="visually-hidden">System</h1>
      <ConnectionNotice />
      <Now system={system.value} sample={recent.value?.items.at(-1)} />
      <div className="page-body system-body">
        <Ready of={recent} what="the last minutes">
          {({ everyMs, items }) =>
            FIGURES.map((figure) => <Figure key={figure.id} {...figure} samples={items} everyMs={everyMs} />)
          }
        </Ready>
        <Ready of={system} what="the hub">
          {(value) => (
            <>
              <Servers servers={value.servers} />
              <Kinds kinds={value.kinds} />
              <Lags projections={value.projections} />
            </>
          )}
        </Ready>
      </div>
    </div>
  )
}
