/**
 * Numbers by chance from a seed, so that a decision that was drawn can be drawn again.
 */

/** From 0 to below 1. */
export type Random = () => number

/** Mulberry32 (public domain, by Tommy Ettinger): 32 bits of state, ample for the few numbers that a decision draws. */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Box and Muller's. */
const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** Marsaglia and Tsang's, for shapes from 1 on; of a hundred tries two or three are thrown away. */
const gamma = (shape: number, random: Random): number => {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(random)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

/** Both from 1 on. */
export const beta = ({ a, b }: { readonly a: number; readonly b: number }, random: Random): number => {
  const x = gamma(a, random)
  return x / (x + gamma(b, random))
}
