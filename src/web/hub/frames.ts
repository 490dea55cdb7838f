/**
 * What a socket frame holds, in both directions: reading one message or an array of them, and writing a
 * subscription that fits the contract's limit.
 *
 * A frame that cannot be read is dropped rather than thrown: one bad message must not end a page that shows
 * thousands of good ones. What is dropped is made good by the next resume, because `have` names what did arrive.
 */
import type { ClientMessage, ServerMessage, StockMessage } from "../../gateway/protocol.ts"

/** The contract allows 64 KiB a message; the rest is for the operation, the topics and punctuation. */
export const HAVE_BYTES_MAX = 60 * 1024

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const isStock = (value: Record<string, unknown>): boolean =>
  typeof value["sku"] === "string" &&
  typeof value["version"] === "number" &&
  typeof value["available"] === "number" &&
  typeof value["physical"] === "number" &&
  typeof value["allocated"] === "number" &&
  typeof value["t"] === "number"

const isServerMessage = (value: unknown): value is ServerMessage => {
  if (!isRecord(value)) return false
  if (value["op"] === "stock") return isStock(value)
  return value["op"] === "pong" || value["op"] === "answer" || value["op"] === "error"
}

export const decodeFrame = (text: string): ReadonlyArray<ServerMessage> => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return []
  }
  return (Array.isArray(parsed) ? parsed : [parsed]).filter(isServerMessage)
}

export const isStockMessage = (message: ServerMessage): message is StockMessage => message.op === "stock"

export interface Subscription {
  readonly message: ClientMessage
  /** The SKUs whose version did not fit: the hub sends their present state whatever version the page has. */
  readonly leftOut: ReadonlyArray<string>
}

const encoder = new TextEncoder()

/**
 * A subscription that resumes from `versions`. About 3,000 SKUs fit in `have`; of the others the hub sends the present
 * state anyway, so leaving them out costs bytes and never a change. The caller must then forget their versions:
 * a hub restored from a backup marks a lower version with `reset` only for SKUs that `have` named.
 */
export const subscription = (
  topics: ReadonlyArray<string>,
  versions: Iterable<readonly [string, number]>,
  haveBytesMax = HAVE_BYTES_MAX
): Subscription => {
  // Without a prototype, a SKU called "__proto__" is a key like any other.
  const have: Record<string, number> = Object.create(null)
  const leftOut: Array<string> = []
  let sizeBytes = 0
  for (const [sku, version] of versions) {
    const entryBytes = encoder.encode(JSON.stringify(sku)).length + String(version).length + 2
    if (sizeBytes + entryBytes > haveBytesMax) leftOut.push(sku)
    else {
      have[sku] = version
      sizeBytes += entryBytes
    }
  }
  return { message: sizeBytes === 0 ? { op: "subscribe", topics } : { op: "subscribe", topics, have }, leftOut }
}
