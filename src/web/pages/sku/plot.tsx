/**
 * The time slider: how the SKU's numbers went, with the two moments that are looked at. A click or a drag shows another moment,
 * so do the arrow keys; what stands there is said in words below, and as numbers in the list of changes.
 */
import type { KeyboardEvent, PointerEvent } from "react"
import type { Moment, StockLevels } from "../../../gateway/history-protocol.ts"
import { clockTime, units } from "../../app/formats.ts"
import type { Frame } from "../../app/scale.ts"
import { useWidth } from "../../app/use-width.ts"
import { availableOf, type Picture, pictureOf, type Span } from "./picture.ts"

const HEIGHT = 240
/** An amount stands left of its line, at the size that plot.css gives it. */
const CHARACTER_PX = 6.4
const MARK_GAP_PX = 6

export const told = (moment: Moment): string =>
  `${units(availableOf(moment))} available at version ${units(moment.version)}, ${clockTime(Date.parse(moment.at))}: ` +
  `${units(moment.physical)} physical, ${units(moment.allocated)} allocated`

interface PlotProps {
  readonly levels: StockLevels
  readonly span: Span
  /** The moment before, and the one that is shown. */
  readonly from: Moment
  readonly shown: Moment
  readonly onShow: (moment: Moment) => void
}

export const Plot = (props: PlotProps) => {
  const { place, width } = useWidth()
  return (
    <>
      <ul className="legend" aria-label="Lines">
        <li data-line="available">Available</li>
        <li data-line="physical">Physical</li>
        <li data-line="allocated">Allocated</li>
      </ul>
      <div ref={place} className="stock-plot-place">
        {width === 0 ? null : <Drawn {...props} width={width} />}
      </div>
    </>
  )
}

interface DrawnProps extends PlotProps {
  readonly width: number
}

/** The place among the drawn moments that a key leads to. */
const movedBy = (key: string, index: number, count: number): number | undefined => {
  const tenth = Math.max(1, Math.round(count / 10))
  const to = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    PageDown: index - tenth,
    PageUp: index + tenth,
    Home: 0,
    End: count - 1
  }[key]
  return to === undefined ? undefined : Math.max(0, Math.min(count - 1, to))
}

const frameOf = (items: ReadonlyArray<Moment>, width: number): Frame => {
  const widest = Math.max(...items.flatMap((item) => [item.physical, item.allocated, availableOf(item)]), 10)
  const left = (units(widest).length + 1) * CHARACTER_PX + MARK_GAP_PX
  return { width, height: HEIGHT, left, right: 10, top: 12, bottom: 24 }
}

const Drawn = ({ levels: { items }, span, from, shown, onShow, width }: DrawnProps) => {
  const frame = frameOf(items, width)
  const picture = pictureOf(items, span, frame)
  const show = (moment: Moment | undefined): void => {
    if (moment !== undefined && moment.version !== shown.version) onShow(moment)
  }
  const onPointer = (event: PointerEvent<SVGSVGElement>): void => {
    if (event.buttons !== 1) return
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId)
    show(picture.at(event.clientX - event.currentTarget.getBoundingClientRect().left))
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const index = items.findLastIndex(({ version }) => version <= shown.version)
    const to = movedBy(event.key, index, items.length)
    if (to === undefined) return
    event.preventDefault()
    show(items[to])
  }
  return (
    <svg
      className="plot stock-plot"
      width={width}
      height={HEIGHT}
      role="slider"
      tabIndex={0}
      aria-label="Stock over time; left and right show another moment"
      aria-valuemin={items[0]?.version ?? 0}
      aria-valuemax={items.at(-1)?.version ?? 0}
      aria-valuenow={shown.version}
      aria-valuetext={told(shown)}
      onPointerDown={onPointer}
      onPointerMove={onPointer}
      onKeyDown={onKeyDown}
    >
      <Marks picture={picture} frame={frame} span={span} />
      <path className="plot-area" d={picture.area} />
      <path className="plot-physical" d={picture.physical} />
      <path className="plot-allocated" d={picture.allocated} />
      <path className="plot-available" d={picture.available} />
      {from.version === 0 ? null : (
        <MomentLine className="plot-chosen" x={picture.x(Date.parse(from.at))} frame={frame} />
      )}
      <MomentLine className="plot-shown" x={picture.x(Date.parse(shown.at))} frame={frame} />
      <circle className="plot-handle" cx={picture.x(Date.parse(shown.at))} cy={picture.y(availableOf(shown))} r="5" />
    </svg>
  )
}

interface MomentLineProps {
  readonly className: string
  readonly x: number
  readonly frame: Frame
}

const MomentLine = ({ className, x, frame: { top, bottom } }: MomentLineProps) => (
  <line className={className} x1={x} x2={x} y1={top} y2={HEIGHT - bottom} />
)

interface MarksProps {
  readonly picture: Picture
  readonly frame: Frame
  readonly span: Span
}

const Marks = ({ picture, frame: { left, right, width }, span }: MarksProps) => (
  <>
    {picture.marks.map(({ value, y }) => (
      <g key={value}>
        <line className="plot-line" data-zero={value === 0 || undefined} x1={left} x2={width - right} y1={y} y2={y} />
        <text className="plot-label" x={left - MARK_GAP_PX} y={y + 4} textAnchor="end">
          {units(value)}
        </text>
      </g>
    ))}
    <text className="plot-label" x={left} y={HEIGHT - 6}>
      {clockTime(span.fromMs)}
    </text>
    <text className="plot-label" x={width - right} y={HEIGHT - 6} textAnchor="end">
      {clockTime(span.toMs)}
    </text>
  </>
)
