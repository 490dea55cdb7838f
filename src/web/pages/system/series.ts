/** A figure over the last minutes as a picture, as arithmetic: where its line goes, and what lies across it. */
import { type Frame, rounded, stepFor } from "../../app/scale.ts"

interface Timed {
  readonly at: number
}

export interface Drawn {
  readonly lines: ReadonlyArray<string>
  readonly marks: ReadonlyArray<{ readonly value: number; readonly y: number }>
}

const LINES = 3

/** From nothing up, so that a small wobble does not look like a mountain. Where looks are missing the line is broken. */
export const drawn = <Item extends Timed>(
  items: ReadonlyArray<Item>,
  reads: ReadonlyArray<(item: Item) => number>,
  options: { readonly frame: Frame; readonly lastsMs: number; readonly gapMs: number; readonly least: number }
): Drawn => {
  const { frame, gapMs, lastsMs, least } = options
  const most = Math.max(least, ...items.flatMap((item) => reads.map((read) => read(item))))
  const step = stepFor(most, LINES)
  const ceiling = Math.ceil(most / step) * step
  const [across, up] = [frame.width - frame.left - frame.right, frame.height - frame.top - frame.bottom]
  const endsAt = items.at(-1)?.at ?? 0
  const x = (at: number): number => rounded(frame.left + Math.max(0, 1 - (endsAt - at) / lastsMs) * across)
  const y = (value: number): number => rounded(frame.top + (1 - value / ceiling) * up)
  const line = (read: (item: Item) => number): string => {
    let path = ""
    for (const [index, item] of items.entries()) {
      const before = items[index - 1]
      const isBroken = before === undefined || item.at - before.at > gapMs
      path += `${isBroken ? "M" : "L"}${x(item.at)} ${y(read(item))}`
    }
    return path
  }
  const marks = Array.from({ length: Math.round(ceiling / step) + 1 }, (_, index) => index * step)
  return { lines: reads.map(line), marks: marks.map((value) => ({ value, y: y(value) })) }
}
