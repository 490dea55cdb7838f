/**
 * A stream's messages as a file: compressed, one after another, each with its sequence, time, subject, headers and bytes.
 * Written and read message by message, however large the stream is.
 */
import { createHash } from "node:crypto"
import { createReadStream, createWriteStream } from "node:fs"
import { open } from "node:fs/promises"
import { Readable, Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import { constants, createGunzip, createGzip } from "node:zlib"

export interface CopiedMessage {
  readonly sequence: number
  /** Milliseconds since the epoch, when the server stored it. */
  readonly atMs: number
  readonly subject: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly data: Uint8Array
}

/** The file is not what was written; the message names it. */
export class Damaged extends Error {
  override readonly name = "Damaged"
}

/** Handed to the compression at once: small pieces cost it more than their bytes. */
const CHUNK_BYTES = 256 * 1024
const LENGTHS_BYTES = 8
/** A message is at most 8 MB (`nats-server.conf`), its head a few kilobytes: more is no length. */
const PART_BYTES_MAX = 64 * 1024 * 1024

interface Head {
  readonly q: number
  readonly t: number
  readonly s: string
  readonly h?: CopiedMessage["headers"]
}

const frame = ({ sequence, atMs, subject, headers, data }: CopiedMessage): ReadonlyArray<Uint8Array> => {
  const described: Head = { q: sequence, t: atMs, s: subject, ...(headers.length === 0 ? {} : { h: headers }) }
  const head = Buffer.from(JSON.stringify(described))
  const lengths = Buffer.alloc(LENGTHS_BYTES)
  lengths.writeUInt32BE(head.length, 0)
  lengths.writeUInt32BE(data.length, 4)
  return [lengths, head, data]
}

async function* chunks(messages: AsyncIterable<CopiedMessage>): AsyncGenerator<Buffer> {
  let parts: Array<Uint8Array> = []
  let size = 0
  for await (const message of messages) {
    for (const part of frame(message)) {
      parts.push(part)
      size += part.length
    }
    if (size < CHUNK_BYTES) continue
    yield Buffer.concat(parts)
    parts = []
    size = 0
  }
  yield Buffer.concat(parts)
}

/** Answers the SHA-256 of the file. What it wrote is on the disk when it answers. */
export const writeStreamFile = async (path: string, messages: AsyncIterable<CopiedMessage>): Promise<string> => {
  const hash = createHash("sha256")
  const tap = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk)
      done(null, chunk)
    }
  })
  const compressed = createGzip({ level: constants.Z_BEST_SPEED })
  await pipeline(Readable.from(chunks(messages)), compressed, tap, createWriteStream(path, { mode: 0o600 }))
  const file = await open(path, "r")
  await file.sync()
  await file.close()
  return hash.digest("hex")
}

export const checksumOf = async (path: string): Promise<string> => {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk)
  return hash.digest("hex")
}

/** Fails with `Damaged`. */
export async function* readStreamFile(path: string): AsyncGenerator<CopiedMessage> {
  const damaged = (why: string): Damaged => new Damaged(`${path} is damaged: ${why}.`)
  let rest: Buffer = Buffer.alloc(0)
  const opened = createReadStream(path).pipe(createGunzip()) as AsyncIterable<Buffer>
  for await (const chunk of opened) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (rest.length - at >= LENGTHS_BYTES) {
      const headBytes = rest.readUInt32BE(at)
      const dataBytes = rest.readUInt32BE(at + 4)
      if (headBytes > PART_BYTES_MAX || dataBytes > PART_BYTES_MAX) throw damaged("a length in it is none")
      const end = at + LENGTHS_BYTES + headBytes + dataBytes
      if (rest.length < end) break
      const dataAt = at + LENGTHS_BYTES + headBytes
      const head = JSON.parse(rest.toString("utf8", at + LENGTHS_BYTES, dataAt)) as Head
      yield { sequence: head.q, atMs: head.t, subject: head.s, headers: head.h ?? [], data: rest.subarray(dataAt, end) }
      at = end
    }
    rest = rest.subarray(at)
  }
  if (rest.length > 0) throw damaged("it ends in the middle of a message")
}
