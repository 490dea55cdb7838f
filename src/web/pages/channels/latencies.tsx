/** How long writes of one channel took, from the change to its answer: as many as fell into each stretch of time, since the start. */
import type { ChannelHealth } from "../../../channels/protocol.ts"
import { milliseconds, percent, UNKNOWN, units } from "../../app/formats.ts"
import { Box } from "../../app/parts.tsx"

const BAR = { width: 100, height: 8 } as const

const untilWords = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`)

export const Latencies = ({ channel: { name, syncedCounts, syncedMs } }: { readonly channel: ChannelHealth }) => {
  const total = syncedCounts.reduce((sum, { count }) => sum + count, 0)
  const most = Math.max(1, ...syncedCounts.map(({ count }) => count))
  const lately =
    syncedMs.p99 === 0
      ? UNKNOWN
      : `p50 ${milliseconds(syncedMs.p50)}, p95 ${milliseconds(syncedMs.p95)}, p99 ${milliseconds(syncedMs.p99)} ms`
  return (
    <Box id="latencies" title={`How soon ${name} shows a change`} note={`lately ${lately}`}>
      {total === 0 ? (
        <p className="quiet">Nothing was written since the hub started.</p>
      ) : (
        <ul className="latencies" aria-label="Writes by how long they took">
          {syncedCounts.map(({ count, untilMs }, index) => (
            <li key={untilMs ?? "more"}>
              <span>
                {untilMs === null
                  ? `longer than ${untilWords(syncedCounts[index - 1]?.untilMs ?? 0)}`
                  : `up to ${untilWords(untilMs)}`}
              </span>
              <svg viewBox={`0 0 ${BAR.width} ${BAR.height}`} preserveAspectRatio="none" aria-hidden="true">
                <rect className="stage-track" width={BAR.width} height={BAR.height} />
                <rect className="stage-share" width={(count / most) * BAR.width} height={BAR.height} />
              </svg>
              <span className="number">{units(count)}</span>
              <span className="number quiet">{percent(count / total)}</span>
            </li>
          ))}
        </ul>
      )}
    </Box>
  )
}
