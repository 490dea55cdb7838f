/** A figure over the last minutes: its line or lines, what they are now in words, and nothing that only the eye can tell. */
import { units } from "../../app/formats.ts"
import { Box } from "../../app/parts.tsx"
import type { Frame } from "../../app/scale.ts"
import { useWidth } from "../../app/use-width.ts"
import type { Sample } from "../../../gateway/system-protocol.ts"
import { drawn } from "./series.ts"

export interface Series {
  readonly name: string
  readonly read: (sample: Sample) => number
}

export interface FigureProps {
  readonly id: string
  readonly title: string
  readonly samples: ReadonlyArray<Sample>
  readonly everyMs: number
  readonly series: ReadonlyArray<Series>
  readonly word: (value: number) => string
  /** The picture reaches at least so high. */
  readonly least: number
}

const HEIGHT = 120
const LASTS_MS = 15 * 60_000
const KINDS = ["first", "second", "third"] as const

const told = ({ samples, series, word }: FigureProps): string => {
  const last = samples.at(-1)
  if (last === undefined) return ""
  const parts = series.map(({ name, read }) => {
    const values = samples.map(read)
    const most = Math.max(...values)
    return `${series.length === 1 ? "" : `${name} `}${word(read(last))}, at most ${word(most)}`
  })
  return parts.join("; ")
}

export const Figure = (props: FigureProps) => {
  const { id, title, samples, series } = props
  const { place, width } = useWidth()
  return (
    <Box id={id} title={title}>
      <div ref={place} className="figure-place">
        {samples.length < 2 ? (
          <p className="quiet">A picture begins after ten seconds.</p>
        ) : width === 0 ? null : (
          <Picture {...props} width={width} />
        )}
      </div>
      {series.length === 1 ? null : (
        <ul className="legend" aria-label="Lines">
          {series.map(({ name }, index) => (
            <li key={name} data-line={KINDS[index]}>
              {name}
            </li>
          ))}
        </ul>
      )}
      <p className="figure-told">{told(props)}</p>
    </Box>
  )
}

const Picture = ({ samples, series, word, everyMs, least, width }: FigureProps & { readonly width: number }) => {
  const frame: Frame = { width, height: HEIGHT, left: 58, right: 6, top: 8, bottom: 20 }
  const options = { frame, lastsMs: LASTS_MS, gapMs: 3 * everyMs, least }
  const { lines, marks } = drawn(
    samples,
    series.map(({ read }) => read),
    options
  )
  return (
    <svg className="plot" width={width} height={HEIGHT} aria-hidden="true" focusable="false">
      {marks.map(({ value, y }) => (
        <g key={value}>
          <line
            className="plot-line"
            data-zero={value === 0 || undefined}
            x1={frame.left}
            x2={width - frame.right}
            y1={y}
            y2={y}
          />
          <text className="plot-label" x={frame.left - 6} y={y + 4} textAnchor="end">
            {word(value)}
          </text>
        </g>
      ))}
      {lines.map((line, index) => (
        <path key={KINDS[index]} className="plot-series" data-line={KINDS[index]} d={line} />
      ))}
      <text className="plot-label" x={frame.left} y={HEIGHT - 4}>
        {units(LASTS_MS / 60_000)} minutes ago
      </text>
      <text className="plot-label" x={width - frame.right} y={HEIGHT - 4} textAnchor="end">
        now
      </text>
    </svg>
  )
}
