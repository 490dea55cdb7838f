/**
 * How many texts a carrier makes of one, and bills: 160 characters of the GSM alphabet (153 each when it takes several),
 * or 70 (67) UTF-16 units when one character is not in it. 3GPP TS 23.038.
 */

const GSM_BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
/** Behind an escape: two each. */
const GSM_EXTENDED = new Set("\f^{}\\[~]|€")

/** Septets of the GSM alphabet, or `undefined` when it does not do. */
const septets = (text: string): ReadonlyArray<number> | undefined => {
  const lengths: Array<number> = []
  for (const character of text) {
    if (GSM_BASIC.has(character)) lengths.push(1)
    else if (GSM_EXTENDED.has(character)) lengths.push(2)
    else return undefined
  }
  return lengths
}

const split = (lengths: ReadonlyArray<number>, whole: number, part: number): number => {
  const sum = lengths.reduce((total, length) => total + length, 0)
  if (sum <= whole) return 1
  let segments = 1
  let used = 0
  // What takes two is not torn apart.
  for (const length of lengths) {
    if (used + length > part) {
      segments++
      used = 0
    }
    used += length
  }
  return segments
}

export interface Measured {
  readonly alphabet: "GSM" | "UCS-2"
  /** Characters as the alphabet counts them. */
  readonly units: number
  /** From 1. */
  readonly segments: number
}

export const measured = (text: string): Measured => {
  const gsm = septets(text)
  const lengths = gsm ?? Array.from(text, (character) => character.length)
  const units = lengths.reduce((total, length) => total + length, 0)
  return gsm === undefined
    ? { alphabet: "UCS-2", units, segments: split(lengths, 70, 67) }
    : { alphabet: "GSM", units, segments: split(lengths, 160, 153) }
}

/** From 1. */
export const segmentsOf = (text: string): number => measured(text).segments
