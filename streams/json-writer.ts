/**
 * JSON written straight into bytes, for the few shapes that make up nearly all of what a busy hub writes: a commit's
 * records and the answers to requests.
 *
 * `JSON.stringify` and the conversion to UTF-8 took about a fifth of a request. Most of what is written are names in plain
 * ASCII and numbers, which are put down byte by byte. Everything else goes through `JSON.stringify`, so the text is the
 * same to the letter.
 *
 * W1 `json(value)` adds what `JSON.stringify(value)` gives, in UTF-8. W2 What `bytes()` gave is not written to again.
 */
import { unitAt } from "../actors/text.ts"

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const ZERO = 0x30
/** Nine digits: what fits 32 bits, where integer arithmetic is cheap. */
const BILLION = 1_000_000_000
/** Longest text of a safe integer, sign included. */
const INTEGER_BYTES_MAX = 17
/** UTF-8 needs at most three bytes for a UTF-16 code unit; an escape in JSON (a control character) six. */
const UNIT_BYTES_MAX = 6

/** A text that is written often, ready to be copied: field names and punctuation. ASCII only. */
export const fragment = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

export class JsonWriter {
  private buffer: Buffer
  private end = 0

  constructor(capacityBytes: number) {
    this.buffer = Buffer.allocUnsafeSlow(capacityBytes)
  }

  get length(): number {
    return this.end
  }

  /** Forgets what was written and not taken. */
  begin(): void {
    this.end = 0
  }

  /** What was written, from `start` on; the writer begins anew, with room for as much again. Short ones share memory (`.buffer`). */
  bytes(start = 0): Uint8Array {
    const written = Buffer.allocUnsafe(this.end - start)
    written.set(this.buffer.subarray(start, this.end))
    this.end = 0
    return written
  }

  fragment(ready: Uint8Array): void {
    this.reserve(ready.length)
    const { buffer } = this
    let at = this.end
    for (let index = 0; index < ready.length; index++) buffer[at++] = ready[index] as number
    this.end = at
  }

  /** A string with its quotes. */
  text(value: string): void {
    const { length } = value
    this.reserve(length + 2)
    const { buffer } = this
    let at = this.end
    buffer[at++] = QUOTE
    for (let index = 0; index < length; index++) {
      const unit = unitAt(value, index)
      if (unit < 0x20 || unit > 0x7e || unit === QUOTE || unit === BACKSLASH) return this.raw(JSON.stringify(value))
      buffer[at++] = unit
    }
    buffer[at++] = QUOTE
    this.end = at
  }

  integer(value: number): void {
    if (!Number.isSafeInteger(value)) return this.raw(JSON.stringify(value))
    this.reserve(INTEGER_BYTES_MAX)
    let rest = value
    if (rest < 0) {
      this.buffer[this.end++] = MINUS
      rest = -rest
    }
    if (rest < BILLION) return this.digits(rest, 0)
    const high = Math.floor(rest / BILLION)
    this.digits(high, 0)
    this.digits(rest - high * BILLION, 9)
  }

  /** Whatever has no shape of its own here. */
  json(value: unknown): void {
    this.raw(JSON.stringify(value))
  }

  /** Text that is JSON already. */
  raw(text: string): void {
    this.reserve(text.length * UNIT_BYTES_MAX)
    this.end += this.buffer.write(text, this.end, "utf8")
  }

  /** `value` below a billion; padded with zeros to `width`. */
  private digits(value: number, width: number): void {
    let count = 1
    for (let bound = 10; bound <= value; bound *= 10) count++
    if (count < width) count = width
    const { buffer } = this
    let rest = value | 0
    for (let at = this.end + count - 1; at >= this.end; at--) {
      const tenth = (rest / 10) | 0
      buffer[at] = ZERO + rest - tenth * 10
      rest = tenth
    }
    this.end += count
  }

  private reserve(bytes: number): void {
    if (this.end + bytes <= this.buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.end + bytes))
    larger.set(this.buffer.subarray(0, this.end))
    this.buffer = larger
  }
}
