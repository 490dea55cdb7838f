/** The path of a small line chart, as arithmetic: a step at every change, newest at the right edge. */

export interface ChartSize {
  readonly width: number
  readonly height: number
  /** Room for the stroke at the top and bottom. */
  readonly padding: number
}

const rounded = (value: number): number => Math.round(value * 10) / 10

/** From a value to its height in the chart; all values equal lie in the middle. */
export const scaleOf = (values: ReadonlyArray<number>, size: ChartSize): ((value: number) => number) => {
  const low = Math.min(...values)
  const high = Math.max(...values)
  const room = size.height - 2 * size.padding
  if (high === low) return () => rounded(size.height / 2)
  return (value) => rounded(size.padding + ((high - value) / (high - low)) * room)
}

/**
 * `slots` values fill the width; fewer begin further right, so that a step is as wide in every row. Another scale can
 * be brought along when something else (zero, a threshold) needs a place in the picture.
 */
export const stepPath = (
  values: ReadonlyArray<number>,
  slots: number,
  size: ChartSize,
  y: (value: number) => number = scaleOf(values, size)
): string => {
  if (values.length === 0) return ""
  const step = (size.width - size.padding) / Math.max(1, slots)
  const left = size.width - size.padding - values.length * step
  let path = `M${rounded(left)} ${y(values[0] ?? 0)}`
  for (const [index, value] of values.entries()) {
    if (index > 0) path += `V${y(value)}`
    path += `H${rounded(left + (index + 1) * step)}`
  }
  return path
}
