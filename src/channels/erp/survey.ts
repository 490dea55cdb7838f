/**
 * A first look at a file, before any of its rows is begun: what it is (its content's hash), whether it is what the
 * format says, and whether it is whole, where the format has a trailer that tells.
 */
import { createHash } from "node:crypto"
import { type FileHandle, open, stat } from "node:fs/promises"
import { rowReading, trailerCount } from "./facts.ts"
import type { ErpFormat } from "./format.ts"
import { RowReader } from "./rows.ts"

/** As long as it stays the same the file was not written to. */
export interface Stamp {
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly inode: number
}

export const stampOf = async (path: string): Promise<Stamp> => {
  const { size, mtimeMs, ino } = await stat(path)
  return { sizeBytes: size, mtimeMs, inode: ino }
}

export const isSame = (left: Stamp, right: Stamp): boolean =>
  left.sizeBytes === right.sizeBytes && left.mtimeMs === right.mtimeMs && left.inode === right.inode

export interface Survey {
  readonly sha256: string
  readonly stamp: Stamp
}

/** The file is not whole yet, or was cut off: it may be begun when it has changed. */
export class IncompleteErpFile extends Error {
  override readonly name = "IncompleteErpFile"
}

/** Throws `WrongErpFile` and `IncompleteErpFile`. */
export const survey = async (path: string, format: ErpFormat): Promise<Survey> => {
  const stamp = await stampOf(path)
  if (stamp.sizeBytes === 0) throw new IncompleteErpFile("The file is empty; it is begun when something is in it.")
  const file = await open(path, "r")
  try {
    const sha256 = await hashOf(file, stamp.sizeBytes)
    const reader = await RowReader.open(file, stamp.sizeBytes, format)
    rowReading({ format, header: reader.header, sha256 })
    if (format.trailer !== undefined) await checkTrailer(reader, format)
    return { sha256, stamp }
  } finally {
    await file.close()
  }
}

const CHUNK_BYTES = 256 * 1024

const hashOf = async (file: FileHandle, sizeBytes: number): Promise<string> => {
  const hash = createHash("sha256")
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  for (let at = 0; at < sizeBytes;) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, sizeBytes - at), at)
    if (bytesRead === 0) throw new IncompleteErpFile("The file became shorter while it was read.")
    hash.update(chunk.subarray(0, bytesRead))
    at += bytesRead
  }
  return hash.digest("hex")
}

const checkTrailer = async (reader: RowReader, format: ErpFormat): Promise<void> => {
  let rows = 0
  let said: number | undefined
  for (let read = await reader.read(); read.length > 0; read = await reader.read()) {
    for (const { content } of read) {
      if (said !== undefined) throw new IncompleteErpFile("There are rows behind the trailer.")
      said = content.ok ? trailerCount(format, content.value) : undefined
      if (said === undefined) rows++
    }
  }
  if (said === undefined) throw new IncompleteErpFile("The trailer is missing: the file is cut off, or still written.")
  if (Number.isNaN(said)) throw new IncompleteErpFile("The trailer's count cannot be read.")
  if (said !== rows) throw new IncompleteErpFile(`The trailer counts ${said} rows, the file has ${rows}.`)
}
