/**
 * Frames that hold nothing but reserves, commits and releases in plain text: what a busy socket sends all day, read
 * straight from the bytes.
 *
 * Reading JSON into objects and then checking them field by field was the largest part of a request's cost. Here both are
 * one pass. It knows only what it needs to: no white space, no escapes, no other fields, every value within its limits.
 * At the first byte that is anything else it gives up, nothing has happened, and the frame goes the general way through
 * `decode.ts`, which alone says what is wrong with it. So this reader refuses nothing, and what it accepts is what the
 * general way makes of the same bytes.
 */
import { type CloseHold, type CloseLines, DEFAULT_LOCATION, type Line } from "../../actors/sku/commands.ts"
import type { LinesCommand, Reserve, ReserveLines } from "../../actors/sku/commands.ts"
import type { Mutable } from "../../actors/sku/decide.ts"
import * as Limits from "../../config/limits.ts"
import { KnownTexts } from "./known-texts.ts"

export type ReadRequest =
  | { readonly id: string; readonly sku: string; readonly command: Reserve | CloseHold }
  | { readonly id: string; readonly sku: undefined; readonly command: LinesCommand }

/** `undefined`: the frame holds something else; nothing was done. */
export const readRequests = (frame: ArrayBuffer): ReadonlyArray<ReadRequest> | undefined => {
  if (frame.byteLength < SHORTEST || frame.byteLength > Limits.FRAME_BYTES_MAX) return undefined
  const reader = new RequestReader(Buffer.from(frame))
  const requests = reader.read()
  return reader.hasGivenUp ? undefined : requests
}

/** `{"op":"request","id":"","body":{}}` and something in it. */
const SHORTEST = 40

const [QUOTE, BACKSLASH, COMMA, COLON, OPEN, CLOSE, LIST, END_OF_LIST] = [
  0x22, 0x5c, 0x2c, 0x3a, 0x7b, 0x7d, 0x5b, 0x5d
]
const [ZERO, NINE] = [0x30, 0x39]
/** Fifteen digits are a safe integer. */
const DIGITS_MAX = 15

const names = (...texts: ReadonlyArray<string>) => texts.map((text) => ({ text, bytes: Buffer.from(text) }))
const MESSAGE = names("op", "id", "sku", "body")
const BODY = names("type", "mutationId", "holdId", "quantity", "ttlMs", "lines", "locationId", "channel", "holder")
const LINE = names("sku", "quantity", "locationId")
const TYPES = names("reserve", "commit", "release")
const OPS = names("request")

/** SKUs, locations, channels come again and again; ids do not. */
const known = new KnownTexts()

interface Body {
  type: string | undefined
  mutationId: string | undefined
  holdId: string | undefined
  quantity: number | undefined
  ttlMs: number | undefined
  lines: Array<Line> | undefined
  locationId: string | undefined
  channel: string | undefined
  holder: string | undefined
}

class RequestReader {
  hasGivenUp = false
  private readonly bytes: Buffer
  private at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  read(): Array<ReadRequest> {
    const requests: Array<ReadRequest> = []
    const isList = this.skip(LIST)
    do {
      const request = this.message()
      if (request === undefined || requests.push(request) > Limits.FRAME_MESSAGES_MAX) return this.giveUp(requests)
    } while (isList && this.skip(COMMA))
    if (isList && !this.skip(END_OF_LIST)) return this.giveUp(requests)
    return this.at === this.bytes.length ? requests : this.giveUp(requests)
  }

  private message(): ReadRequest | undefined {
    const start = this.at
    let [op, id, sku]: Array<string | undefined> = []
    let body: Body | undefined
    this.expect(OPEN)
    do {
      switch (this.name(MESSAGE)) {
        case "op":
          op = this.once(op, this.word(OPS))
          break
        case "id":
          id = this.once(id, this.text())
          break
        case "sku":
          sku = this.once(sku, this.knownText())
          break
        case "body":
          body = this.once(body, this.body())
          break
        default:
          return undefined
      }
    } while (this.skip(COMMA))
    this.expect(CLOSE)
    if (this.hasGivenUp || op === undefined || id === undefined || body === undefined) return undefined
    if (this.at - start > Limits.MESSAGE_BYTES_MAX) return undefined
    return sku === undefined ? linesRequest(id, body) : skuRequest(id, sku, body)
  }

  private body(): Body {
    const body: Body = {
      type: undefined,
      mutationId: undefined,
      holdId: undefined,
      quantity: undefined,
      ttlMs: undefined,
      lines: undefined,
      locationId: undefined,
      channel: undefined,
      holder: undefined
    }
    this.expect(OPEN)
    do {
      const name = this.name(BODY)
      if (name === "") break
      else if (name === "type") body.type = this.once(body.type, this.word(TYPES))
      else if (name === "mutationId") body.mutationId = this.once(body.mutationId, this.text())
      else if (name === "holdId") body.holdId = this.once(body.holdId, this.text())
      else if (name === "quantity") body.quantity = this.once(body.quantity, this.integer(1, Limits.QUANTITY_MAX))
      else if (name === "ttlMs") body.ttlMs = this.once(body.ttlMs, this.ttl())
      else if (name === "lines") body.lines = this.once(body.lines, this.lines())
      else if (name === "locationId") body.locationId = this.once(body.locationId, this.knownText())
      else if (name === "channel") body.channel = this.once(body.channel, this.knownText())
      else body.holder = this.once(body.holder, this.text())
    } while (this.skip(COMMA))
    this.expect(CLOSE)
    return body
  }

  private lines(): Array<Line> {
    const lines: Array<Line> = []
    this.expect(LIST)
    do lines.push(this.line())
    while (!this.hasGivenUp && lines.length < Limits.LINES_MAX && this.skip(COMMA))
    this.expect(END_OF_LIST)
    return lines
  }

  private line(): Line {
    let [sku, locationId]: Array<string | undefined> = []
    let quantity: number | undefined
    this.expect(OPEN)
    do {
      const name = this.name(LINE)
      if (name === "") break
      else if (name === "sku") sku = this.once(sku, this.knownText())
      else if (name === "quantity") quantity = this.once(quantity, this.integer(1, Limits.QUANTITY_MAX))
      else locationId = this.once(locationId, this.knownText())
    } while (this.skip(COMMA))
    this.expect(CLOSE)
    if (sku === undefined || quantity === undefined) this.hasGivenUp = true
    return { sku: sku ?? "", quantity: quantity ?? 0, locationId: locationId ?? DEFAULT_LOCATION }
  }

  private ttl(): number {
    return this.integer(Limits.HOLD_TTL_MS_MIN, Limits.HOLD_TTL_MS_MAX)
  }

  /** The last of two fields of one name would win the general way. */
  private once<A>(before: A | undefined, value: A): A {
    if (before !== undefined) this.hasGivenUp = true
    return value
  }

  /** A field's name and its colon; empty when it is none of these. */
  private name(expected: ReturnType<typeof names>): string {
    const name = this.word(expected)
    this.expect(COLON)
    return this.hasGivenUp ? "" : name
  }

  private word(expected: ReturnType<typeof names>): string {
    const { bytes } = this
    const start = this.at + 1
    if (bytes[this.at] === QUOTE) {
      for (const { text, bytes: wanted } of expected) {
        if (bytes[start + wanted.length] !== QUOTE || bytes[start] !== wanted[0]) continue
        let same = 1
        while (same < wanted.length && bytes[start + same] === wanted[same]) same++
        if (same < wanted.length) continue
        this.at = start + wanted.length + 1
        return text
      }
    }
    this.hasGivenUp = true
    return ""
  }

  private text(): string {
    const start = this.passText()
    return start < 0 ? "" : this.bytes.toString("latin1", start, this.at - 1)
  }

  private knownText(): string {
    const start = this.passText()
    return start < 0 ? "" : known.read(this.bytes, start, this.at - 1)
  }

  /** Passes over a string and tells where its text starts; -1 when it is not plain or has not 1 to 128 characters. */
  private passText(): number {
    const { bytes } = this
    const start = this.at + 1
    let end = start
    if (bytes[this.at] === QUOTE) {
      for (let unit = bytes[end] as number; unit >= 0x20 && unit < 0x7f; unit = bytes[++end] as number) {
        if (unit === BACKSLASH) break
        if (unit !== QUOTE) continue
        const length = end - start
        if (length === 0 || length > Limits.ID_LENGTH_MAX) break
        this.at = end + 1
        return start
      }
    }
    this.hasGivenUp = true
    return -1
  }

  private integer(min: number, max: number): number {
    const { bytes } = this
    const start = this.at
    let value = 0
    for (let unit = bytes[this.at] as number; unit >= ZERO && unit <= NINE; unit = bytes[++this.at] as number) {
      value = value * 10 + unit - ZERO
    }
    const digits = this.at - start
    const isPlain = digits > 0 && digits <= DIGITS_MAX && (bytes[start] !== ZERO || digits === 1)
    const next = bytes[this.at]
    if (!isPlain || value < min || value > max || (next !== COMMA && next !== CLOSE)) this.hasGivenUp = true
    return value
  }

  private skip(byte: number): boolean {
    if (this.bytes[this.at] !== byte) return false
    this.at++
    return true
  }

  private expect(byte: number): void {
    if (!this.skip(byte)) this.hasGivenUp = true
  }

  private giveUp(requests: Array<ReadRequest>): Array<ReadRequest> {
    this.hasGivenUp = true
    return requests
  }
}

/** `undefined`: the general way has something to say about it. Fields that the type has no use for are passed over. */
const skuRequest = (id: string, sku: string, body: Body): ReadRequest | undefined => {
  const { type, mutationId, holdId, quantity } = body
  if (type === undefined || mutationId === undefined || holdId === undefined) return undefined
  if (type !== "reserve") return { id, sku, command: { type: type as "commit" | "release", sku, mutationId, holdId } }
  if (quantity === undefined) return undefined
  const command: Mutable<Reserve> = {
    type,
    sku,
    mutationId,
    holdId,
    quantity,
    ttlMs: body.ttlMs ?? Limits.HOLD_TTL_MS_DEFAULT,
    locationId: body.locationId ?? DEFAULT_LOCATION
  }
  return { id, sku, command: withHoldFields(command, body) }
}

const linesRequest = (id: string, body: Body): ReadRequest | undefined => {
  const { type, mutationId, holdId, lines } = body
  if (type === undefined || mutationId === undefined || holdId === undefined) return undefined
  if (type !== "reserve") {
    const command: CloseLines = { type: type as "commit" | "release", mutationId, holdId }
    return { id, sku: undefined, command }
  }
  if (lines === undefined) return undefined
  const ttlMs = body.ttlMs ?? Limits.HOLD_TTL_MS_DEFAULT
  const command: Mutable<ReserveLines> = { type, mutationId, holdId, ttlMs, lines }
  return { id, sku: undefined, command: withHoldFields(command, body) }
}

const withHoldFields = <A extends Mutable<Pick<Reserve, "channel" | "holder">>>(command: A, body: Body): A => {
  if (body.channel !== undefined) command.channel = body.channel
  if (body.holder !== undefined) command.holder = body.holder
  return command
}
