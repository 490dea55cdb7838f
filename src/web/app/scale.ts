/** The place of a picture, and where the lines across it stand, as arithmetic. */

/** In pixels: its size, and what is kept free at each side for words. */
export interface Frame {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** 1, 2 or 5 times a power of ten, so that at most `lines` of it reach beyond `most`. */
export const stepFor = (most: number, lines: number): number => {
  const rough = most / lines
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].find((times) => times * power >= rough) ?? 10
  return step * power
}

/** Round numbers from below the least to above the most, nothing among them; whole ones for what is counted. */
export const marksBetween = (least: number, most: number, lines: number): ReadonlyArray<number> => {
  const [low, high] = [Math.min(0, least), Math.max(0, most)]
  const step = Math.max(1, stepFor(Math.max(1, high - low), lines))
  const first = Math.floor(low / step)
  const last = Math.max(first + 1, Math.ceil(high / step))
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step)
}

export const rounded = (value: number): number => Math.round(value * 10) / 10
