/**
 * Exact arithmetic for money estimates: a decimal number as its shortest text says it, as a fraction of integers.
 *
 * Products of doubles fall on the wrong side of a half: 0.145 × 100 is 14.499999999999998. Here it is 14.5.
 */
export interface Fraction {
  readonly over: bigint
  /** Above 0. */
  readonly under: bigint
}

/** The number as it is written in its shortest form: 0.02 is 2/100. It must be finite. */
export const fractionOf = (value: number): Fraction => {
  const [digits = "0", exponent = "0"] = value.toExponential().split("e")
  const [whole = "0", decimals = ""] = digits.split(".")
  const power = Number(exponent) - decimals.length
  const over = BigInt(whole + decimals)
  return power >= 0 ? { over: over * 10n ** BigInt(power), under: 1n } : { over, under: 10n ** BigInt(-power) }
}

export const times = (left: Fraction, right: Fraction): Fraction => ({
  over: left.over * right.over,
  under: left.under * right.under
})

export const dividedBy = (left: Fraction, right: Fraction): Fraction => ({
  over: left.over * right.under,
  under: left.under * right.over
})

/** To the nearest integer, a half upwards; for fractions that are not negative. */
export const rounded = ({ over, under }: Fraction): bigint => (2n * over + under) / (2n * under)

/** The nearest double, or one beside it. */
export const numberOf = ({ over, under }: Fraction): number => {
  const whole = over / under
  // 18 decimals are beyond what a double tells apart next to 1; small ones are scaled so that they keep their digits.
  const scale = 10n ** (18n + BigInt(Math.max(0, under.toString().length - over.toString().length)))
  return whole > 2n ** 60n ? Number(whole) : Number(`${(over * scale) / under}e-${scale.toString().length - 1}`)
}
