/**
 * Customers who were erased, as the tokens that stand for them: a list that outlives the backups, so that who was erased after
 * one was made is erased again when it is restored. A token is an HMAC; without the master key it says of nobody who they are.
 */
import { existsSync, readFileSync } from "node:fs"
import type { NatsShape } from "../../streams/nats/connection.ts"
import { bucketStream, bucketSubject, PERSONAL_INDEX_BUCKET, PERSONAL_KEYS_BUCKET } from "../../streams/subjects.ts"
import { writeDurably } from "../../src/durable-file.ts"
import { readStream } from "./read-stream.ts"
import { type CopiedMessage, Damaged } from "./stream-file.ts"

const TOKEN = /^[A-Za-z0-9_-]{22}$/
const OPERATION = "KV-Operation"
const KEYS = bucketStream(PERSONAL_KEYS_BUCKET)
const INDEX = bucketStream(PERSONAL_INDEX_BUCKET)
const PREFIX = bucketSubject(PERSONAL_KEYS_BUCKET, "")

/** The token of a key that was destroyed; `undefined`: it is another message. */
export const erasedIn = ({ subject, headers }: CopiedMessage): string | undefined => {
  const isGone = headers.some(([name, value]) => name === OPERATION && value !== "PUT")
  const token = subject.slice(PREFIX.length)
  return isGone && TOKEN.test(token) ? token : undefined
}

/** Those that the server knows now. */
export const erasedNow = async (nats: NatsShape): Promise<ReadonlyArray<string>> => {
  const { state } = await nats.manager.streams.info(KEYS)
  const found: Array<string> = []
  const copied = { stream: KEYS, subjects: ">", untilCut: false }
  for await (const message of readStream(nats, copied, state.last_seq, () => true)) {
    const token = erasedIn(message)
    if (token !== undefined) found.push(token)
  }
  return found
}

/** One token a line. Fails with `Damaged` when a line is none. */
export const readErased = (path: string): ReadonlySet<string> => {
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
  const wrong = lines.find((line) => !TOKEN.test(line))
  if (wrong !== undefined) throw new Damaged(`${path} has a line that is no customer's token; make the list again.`)
  return new Set(lines)
}

/** Nobody is ever taken off the list, not by a disk that is full either. Answers how many are on it. */
export const addErased = (path: string, tokens: ReadonlyArray<string>): number => {
  const known = existsSync(path) ? readErased(path) : new Set<string>()
  const all = new Set([...known, ...tokens])
  writeDurably(path, [...all].map((token) => `${token}\n`).join(""))
  return all.size
}

/** What is restored in the message's place; `undefined`: nothing. */
export const withoutErased = (
  stream: string,
  message: CopiedMessage,
  erased: ReadonlySet<string>
): CopiedMessage | undefined => {
  const token = message.subject.slice(message.subject.lastIndexOf(".") + 1)
  if (!erased.has(token)) return message
  if (stream === INDEX) return undefined
  if (stream !== KEYS) return message
  // As the bucket itself marks a key that was destroyed: there will be no other under the same token.
  const headers = [
    [OPERATION, "PURGE"],
    ["Nats-Rollup", "sub"]
  ] as const
  return { ...message, headers, data: new Uint8Array() }
}
