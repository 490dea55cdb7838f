/** The system page's figures of now: tiles on top, the servers, each kind of actors, and what is derived from their journals. */
import { useSyncExternalStore } from "react"
import type { KindFigures, Sample, ServerFigures, SystemFigures } from "../../../gateway/system-protocol.ts"
import { milliseconds, UNKNOWN, units } from "../../app/formats.ts"
import { Box, ofNumbers, Table } from "../../app/parts.tsx"
import { useHub } from "../../hub/client.ts"
import { nowMs } from "../../hub/clock.ts"
import { bytesWords, lastedWords } from "./words.ts"

interface NowProps {
  readonly system: SystemFigures | undefined
  readonly sample: Sample | undefined
}

/** Nothing was measured lately where it is 0. */
const lately = (ms: number | undefined): string | undefined =>
  ms === undefined || ms === 0 ? undefined : `${milliseconds(ms)} ms`

/** Keep their place while nothing is read. */
export const Now = ({ system, sample }: NowProps) => {
  const { status: poll } = useHub()
  const status = useSyncExternalStore(poll.subscribe, poll.value)
  const away = Object.values(system?.servers ?? {}).filter(({ isThere }) => !isThere).length
  const tiles: ReadonlyArray<readonly [label: string, value: string | undefined, note: string | undefined]> = [
    [
      "Answers",
      status && `${units(Math.round(status.commandsPerSecond))}/s`,
      status && `${units(status.changesPerSecond)} changes/s`
    ],
    ["Answered within, p99", lately(status?.answerMs.p99), status && `p50 ${lately(status.answerMs.p50) ?? UNKNOWN}`],
    ["On disk within, p99", lately(status?.appendMs.p99), status && `p50 ${lately(status.appendMs.p50) ?? UNKNOWN}`],
    ["Sockets", status && units(status.sockets), status && `${units(status.conflatedSockets)} were slow`],
    [
      "Memory",
      sample && bytesWords(sample.rssBytes),
      sample && `${Math.round(sample.loopShare * 100)} % of a core at work`
    ],
    [
      "Up for",
      system && lastedWords(nowMs() - Date.parse(system.startedAt)),
      system && (away === 0 ? "all servers answer" : `${away} of 3 servers do not answer`)
    ]
  ]
  return (
    <dl className="tiles system-tiles" aria-label="Figures now">
      {tiles.map(([label, value, note]) => (
        <div key={label} className="tile" data-tone={label === "Up for" && away > 0 ? "oversold" : undefined}>
          <dt className="tile-label">{label}</dt>
          <dd className="tile-value">{value ?? UNKNOWN}</dd>
          <dd className="tile-under">{note ?? "\u00a0"}</dd>
        </div>
      ))}
    </dl>
  )
}

const SERVERS = [
  ["nats", "NATS", "the journal"],
  ["redis", "Redis", "the register"],
  ["postgres", "PostgreSQL", "the ledger"]
] as const

const SERVER_COLUMNS = ["Server", "Keeps", "State", "Version", ...ofNumbers("Answered in", "Holds")]
const STREAM_COLUMNS = ["Stream", ...ofNumbers("Messages", "Holds")]

export const Servers = ({ servers }: { readonly servers: SystemFigures["servers"] }) => {
  const { nats } = servers
  return (
    <Box id="servers" title="Servers" isWide={true}>
      <Table label="Servers" columns={SERVER_COLUMNS}>
        {SERVERS.map(([key, name, keeps]) => (
          <tr key={key}>
            <th scope="row">{name}</th>
            <td>{keeps}</td>
            <Server server={servers[key]} />
          </tr>
        ))}
      </Table>
      {nats.isThere && nats.streams !== undefined ? (
        <details>
          <summary>What NATS keeps, stream by stream</summary>
          <Table label="Streams" columns={STREAM_COLUMNS}>
            {nats.streams.map(({ name, messages, bytes }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="number">{units(messages)}</td>
                <td className="number">{bytesWords(bytes)}</td>
              </tr>
            ))}
          </Table>
        </details>
      ) : null}
    </Box>
  )
}

const Server = ({ server }: { readonly server: ServerFigures }) =>
  server.isThere ? (
    <>
      <td>
        <span className="channel-state">Answers</span>
      </td>
      <td>{server.version}</td>
      <td className="number">{milliseconds(server.answeredMs)} ms</td>
      <td className="number">{bytesWords(server.bytes)}</td>
    </>
  ) : (
    <>
      <td>
        <span className="channel-state" data-state="down">
          Away
        </span>
      </td>
      <td className="words" colSpan={3}>
        {server.message}
      </td>
    </>
  )

const KIND_COLUMNS = ["Actors", ...ofNumbers("Partitions", "Known", "Awake", "Waiting", "Turns", "Journal"), "State"]

export const Kinds = ({ kinds }: { readonly kinds: ReadonlyArray<KindFigures> }) => (
  <Box id="kinds" title="Actors">
    <Table label="Actors" columns={KIND_COLUMNS}>
      {kinds.map(({ awake, isStalled, kind, known, partitions, sequence, turns, waiting }) => (
        <tr key={kind}>
          <th scope="row">{kind}</th>
          <td className="number">{units(partitions)}</td>
          <td className="number">{units(known)}</td>
          <td className="number">{units(awake)}</td>
          <td className="number">{units(waiting)}</td>
          <td className="number">{units(turns)}</td>
          <td className="number">{units(sequence)}</td>
          <td>
            <span className="channel-state" data-state={isStalled ? "down" : undefined}>
              {isStalled ? "Stalled" : "Takes turns"}
            </span>
          </td>
        </tr>
      ))}
    </Table>
  </Box>
)

const LAG_COLUMNS = ["Projection", ...ofNumbers("Events", "Seconds")]

export const Lags = ({ projections }: Pick<SystemFigures, "projections">) => (
  <Box id="projections" title="Behind the journal">
    <Table label="Behind the journal" columns={LAG_COLUMNS}>
      {projections.map(({ name, lagEvents, lagSeconds }) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td className="number">{units(lagEvents)}</td>
          <td className="number">{lagSeconds.toFixed(1)}</td>
        </tr>
      ))}
    </Table>
  </Box>
)
