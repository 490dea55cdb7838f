/** How one SKU's numbers went, as arithmetic: steps over time, because between two changes nothing moves. */
import type { Moment } from "../../../gateway/history-protocol.ts"
import { type Frame, marksBetween, rounded } from "../../app/scale.ts"

export const availableOf = ({ physical, allocated }: Pick<Moment, "allocated" | "physical">): number =>
  physical - allocated

export interface Picture {
  readonly physical: string
  readonly allocated: string
  readonly available: string
  /** Between what is available and nothing. */
  readonly area: string
  /** What the lines across stand for, and where they are. */
  readonly marks: ReadonlyArray<{ readonly value: number; readonly y: number }>
  readonly x: (atMs: number) => number
  readonly y: (value: number) => number
  /** The last moment at or before this place. */
  readonly at: (x: number) => Moment | undefined
}

export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

const LINES = 4

const within = (atMs: number, { fromMs, toMs }: Span): number => Math.max(fromMs, Math.min(toMs, atMs))

export const pictureOf = (moments: ReadonlyArray<Moment>, span: Span, frame: Frame): Picture => {
  const values = moments.flatMap((moment) => [moment.physical, moment.allocated, availableOf(moment)])
  const marks = marksBetween(Math.min(0, ...values), Math.max(0, ...values), LINES)
  const [least, most] = [marks[0] ?? 0, marks.at(-1) ?? 1]
  const [roomX, roomY] = [frame.width - frame.left - frame.right, frame.height - frame.top - frame.bottom]
  const lasted = Math.max(1, span.toMs - span.fromMs)
  const x = (atMs: number): number => rounded(frame.left + ((within(atMs, span) - span.fromMs) / lasted) * roomX)
  const y = (value: number): number => rounded(frame.top + ((most - value) / Math.max(1, most - least)) * roomY)
  const end = frame.left + roomX
  const line = (read: (moment: Moment) => number): string => {
    let path = ""
    for (const [index, moment] of moments.entries()) {
      path +=
        index === 0
          ? `M${x(Date.parse(moment.at))} ${y(read(moment))}`
          : `H${x(Date.parse(moment.at))}V${y(read(moment))}`
    }
    return path === "" ? "" : `${path}H${end}`
  }
  const available = line(availableOf)
  const [first] = moments
  return {
    physical: line(({ physical }) => physical),
    allocated: line(({ allocated }) => allocated),
    available,
    area: first === undefined ? "" : `${available}V${y(0)}H${x(Date.parse(first.at))}Z`,
    marks: marks.map((value) => ({ value, y: y(value) })),
    x,
    y,
    at: (place) => moments.findLast(({ at }) => x(Date.parse(at)) <= place + 0.5) ?? first
  }
}
