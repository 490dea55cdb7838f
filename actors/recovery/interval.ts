/**
 * Confidence intervals for the difference between two groups, at 95 %.
 *
 * Shares: Newcombe's hybrid of two Wilson intervals ("Interval estimation for the difference between independent
 * proportions", 1998, method 10), which holds its promise also for small groups and shares near nothing, where the textbook
 * interval does not. Means: Welch's, for groups of unlike size and spread.
 */

export interface Interval {
  readonly difference: number
  readonly low: number
  readonly high: number
}

/** The standard normal distribution's 97.5 % point. */
const Z = 1.959963984540054

export interface Share {
  readonly hits: number
  /** From 1. */
  readonly of: number
}

export const wilson = ({ hits, of }: Share): { readonly low: number; readonly high: number } => {
  const share = hits / of
  const middle = (hits + (Z * Z) / 2) / (of + Z * Z)
  const half = (Z / (of + Z * Z)) * Math.sqrt(of * share * (1 - share) + (Z * Z) / 4)
  // Exactly nothing and exactly all are bounds that rounding must not miss.
  return { low: hits === 0 ? 0 : middle - half, high: hits === of ? 1 : middle + half }
}

/** `left` less `right`. */
export const shareDifference = (left: Share, right: Share): Interval => {
  const [p, q] = [left.hits / left.of, right.hits / right.of]
  const [first, second] = [wilson(left), wilson(right)]
  const difference = p - q
  return {
    difference,
    low: difference - Math.hypot(p - first.low, second.high - q),
    high: difference + Math.hypot(first.high - p, q - second.low)
  }
}

export interface Mean {
  readonly count: number
  readonly sum: number
  readonly sumOfSquares: number
}

export const meanOf = (values: Iterable<number>): Mean => {
  let [count, sum, sumOfSquares] = [0, 0, 0]
  for (const value of values) {
    count++
    sum += value
    sumOfSquares += value * value
  }
  return { count, sum, sumOfSquares }
}

/** `left` less `right`; `undefined` when one has fewer than two values, or nothing varies. */
export const meanDifference = (left: Mean, right: Mean): Interval | undefined => {
  if (left.count < 2 || right.count < 2) return undefined
  const [a, b] = [spread(left), spread(right)]
  if (a + b === 0) return undefined
  const degrees = (a + b) ** 2 / (a ** 2 / (left.count - 1) + b ** 2 / (right.count - 1))
  const half = studentPoint(degrees) * Math.sqrt(a + b)
  const difference = left.sum / left.count - right.sum / right.count
  return { difference, low: difference - half, high: difference + half }
}

/** The variance of the mean. */
const spread = ({ count, sum, sumOfSquares }: Mean): number =>
  Math.max(0, sumOfSquares - (sum * sum) / count) / (count - 1) / count

/**
 * Student's 97.5 % point by its expansion around the normal one (Abramowitz and Stegun 26.7.5): right to a tenth of a
 * percent from four degrees of freedom on; below, it is too narrow, and groups are too few to be shown anyway.
 */
const studentPoint = (degrees: number): number => {
  const z2 = Z * Z
  const terms = [
    (z2 + 1) / 4,
    (5 * z2 ** 2 + 16 * z2 + 3) / 96,
    (3 * z2 ** 3 + 19 * z2 ** 2 + 17 * z2 - 15) / 384,
    (79 * z2 ** 4 + 776 * z2 ** 3 + 1482 * z2 ** 2 - 1920 * z2 - 945) / 92_160
  ]
  return Z * (1 + terms.reduce((sum, term, index) => sum + term / degrees ** (index + 1), 0))
}
