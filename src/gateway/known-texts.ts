/**
 * Texts that come again and again, as SKUs do: read from bytes without making a new string each time.
 *
 * A string that was seen before has its hash already, so that looking it up costs less as well. The table forgets: each
 * text has one place, and the newest takes it.
 */
import { unitAt } from "../../actors/text.ts"

/** 8,192 places with names of 20 characters: some 400 KB. */
const PLACES = 8_192

export class KnownTexts {
  private readonly texts: Array<string> = Array.from({ length: PLACES }, () => "")

  /** The plain ASCII text at `start` to `end` (not included). */
  read(bytes: Buffer, start: number, end: number): string {
    let hash = end - start
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1)
    const known = this.texts[place] as string
    if (isSame(known, bytes, start, end)) return known
    const text = bytes.toString("latin1", start, end)
    this.texts[place] = text
    return text
  }
}

const isSame = (text: string, bytes: Buffer, start: number, end: number): boolean => {
  const { length } = text
  if (length !== end - start) return false
  for (let index = 0; index < length; index++) {
    if (unitAt(text, index) !== bytes[start + index]) return false
  }
  return true
}
