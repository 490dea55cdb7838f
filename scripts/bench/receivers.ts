/**
 * Thousands of sockets that only receive, cheaply enough to share two cores with the server that is measured: the
 * handshake and the frames are handled by hand, and of a frame only its times are read.
 */
import { randomBytes } from "node:crypto"
import { connect, type Socket } from "node:net"

/**
 * The end of the time's field with its first digit, which stays the same until 2033. A search stops at every place that begins
 * like what it looks for, and quotes are far more than this letter.
 */
const TIME = 't":1'
const DIGITS = 16
/** Longest thing that a chunk may cut in two. */
const CARRY = TIME.length - 1 + DIGITS
/** Every socket's chunks are read into the same memory, one after the other; else Node makes 64 KiB anew for each. */
const CHUNK = Buffer.allocUnsafeSlow(64 * 1024)

/** Where sockets are opened, and what each of them says: the first at once, each other when something has come. */
export interface Greeting {
  readonly path: string
  readonly protocol?: string
  readonly says: ReadonlyArray<(socket: number) => string>
}

export const LISTENING: Greeting = { path: "/v1/ws", says: [] }

export class Receivers {
  deliveries = 0
  /** Of a sample: every n-th delivery, so that a million cost no memory. */
  readonly latenciesMs: Array<number> = []
  private readonly sockets: Array<Socket> = []

  async open(port: number, count: number, greeting: Greeting): Promise<void> {
    for (let first = 0; first < count; first += 100) {
      await Promise.all(Array.from({ length: Math.min(100, count - first) }, () => this.connect(port, greeting)))
    }
  }

  reset(): void {
    this.deliveries = 0
    this.latenciesMs.length = 0
  }

  p99(): number {
    const sorted = this.latenciesMs.toSorted((a, b) => a - b)
    return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  private connect(port: number, { path, protocol, says }: Greeting): Promise<void> {
    return new Promise((resolve, reject) => {
      const number = this.sockets.length
      let said = 0
      let carried = ""
      const onread = {
        buffer: CHUNK,
        callback: (length: number): boolean => {
          const say = says[said++]
          if (say !== undefined) socket.write(masked(say(number)))
          else if (said > 1) carried = this.read(carried + CHUNK.toString("latin1", 0, length))
          resolve()
          return true
        }
      }
      const socket = connect({ port, host: "127.0.0.1", noDelay: true, onread })
      this.sockets.push(socket)
      const key = randomBytes(16).toString("base64")
      socket.once("error", reject)
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${protocol === undefined ? "" : `Sec-WebSocket-Protocol: ${protocol}\r\n`}\r\n`
      )
    })
  }

  private read(text: string): string {
    const now = (performance.timeOrigin + performance.now()) * 1_000
    let from = 0
    for (let at = text.indexOf(TIME, from); at >= 0; at = text.indexOf(TIME, from)) {
      if (at + CARRY > text.length) return text.slice(at)
      from = at + CARRY
      if (this.deliveries++ % 7 !== 0) continue
      this.latenciesMs.push((now - Number.parseInt(text.slice(from - DIGITS, from), 10)) / 1_000)
    }
    return text.slice(Math.max(from, text.length - TIME.length + 1))
  }
}

/** A client's frame: masked, as the protocol demands; with a mask of zeros the text stays as it is. */
const masked = (text: string): Buffer => {
  const payload = Buffer.from(text)
  const { length } = payload
  if (length > 0xffff) throw new Error("only short frames are sent here")
  const lengths = length <= 125 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([0x81, ...lengths, 0, 0, 0, 0]), payload])
}
