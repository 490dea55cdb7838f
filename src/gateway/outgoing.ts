/**
 * What is said to one socket in one round of the event loop: one message as it is, several as an array, as one frame.
 *
 * Messages are put down as bytes as they come. The memory for it is borrowed while there is something to send, because
 * five thousand sockets that say nothing should hold nothing.
 */
import { fragment, JsonWriter } from "../../streams/json-writer.ts"

const OPEN = fragment("[")
const COMMA = fragment(",")
const CLOSE = fragment("]")

/** A turn's answers to one socket. */
const WRITER_BYTES = 32 * 1024
/** Kept for the next; more sockets than these seldom have something to say in the same round. */
const SPARE_MAX = 64
const spare: Array<JsonWriter> = []

export class Outgoing {
  private writer: JsonWriter | undefined
  private messages = 0

  get isEmpty(): boolean {
    return this.messages === 0
  }

  get sizeBytes(): number {
    return this.writer?.length ?? 0
  }

  /** Where the next message is to be written, whole. */
  next(): JsonWriter {
    this.writer ??= spare.pop() ?? new JsonWriter(WRITER_BYTES)
    this.writer.fragment(this.messages++ === 0 ? OPEN : COMMA)
    return this.writer
  }

  /** The frame; what comes next begins a new one. */
  take(): Uint8Array {
    const { writer } = this
    if (writer === undefined) return new Uint8Array(0)
    if (this.messages > 1) writer.fragment(CLOSE)
    const frame = writer.bytes(this.messages > 1 ? 0 : OPEN.length)
    this.clear()
    return frame
  }

  clear(): void {
    if (this.writer !== undefined && spare.length < SPARE_MAX) {
      this.writer.begin()
      spare.push(this.writer)
    }
    this.writer = undefined
    this.messages = 0
  }
}
