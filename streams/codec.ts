/**
 * A commit as bytes, and back: the one place that knows how the journal is written.
 *
 * A commit is what one turn decided: the records of many actors, and how far the facts had been consumed when it was
 * decided. It is stored whole or not at all. The text is JSON under a schema version; a reader lifts older versions
 * step by step (`upcasters`), so records of every released version stay readable for ever.
 */
import type { JournalRecord } from "../actors/sku/events.ts"
import { fragment, JsonWriter } from "./json-writer.ts"

/** `R`: what the commit's kind of actors records. */
export interface Commit<R = JournalRecord> {
  /** Names the commit, so that its writer can recognise it when an acknowledgement was lost. */
  readonly id: string
  /** Milliseconds since the epoch; never earlier than the commit before it. */
  readonly at: number
  /** Last consumed sequence of the FACTS stream. */
  readonly facts: number
  readonly records: ReadonlyArray<R>
}

/** A commit as it stands in the journal. */
export interface StoredCommit<R = JournalRecord> extends Commit<R> {
  readonly partition: number
  /** JetStream's, over the whole journal. */
  readonly sequence: number
  /** Of its text. */
  readonly sizeBytes: number
}

export const SCHEMA_VERSION = 1

type Raw = Record<string, unknown>

/** `upcasters[n]` lifts a commit of version n to n + 1. Add to it when the version rises; never change an entry. */
export const upcasters: Readonly<Record<number, (commit: Raw) => Raw>> = {}

/** A commit that this program cannot read: written by a newer release, or not by the hub at all. */
export class UnreadableCommit extends Error {
  override readonly name = "UnreadableCommit"
}

const decoder = new TextDecoder()

/** How a record becomes text, where its kind knows better than `JSON.stringify`; the text must read back the same. */
export type WriteRecord<R> = (writer: JsonWriter, record: R) => void

/** A turn's commit under load; it grows to the largest there was, at most a megabyte or two. */
const COMMIT_BYTES = 64 * 1024
const writer = new JsonWriter(COMMIT_BYTES)
const COMMA = fragment(",")
const END = fragment("]}")

export const encodeCommit = <R>(commit: Commit<R>, writeRecord: WriteRecord<R> = writeJson): Uint8Array => {
  writer.begin()
  writer.raw(
    `{"v":${SCHEMA_VERSION},"id":${JSON.stringify(commit.id)},"at":${commit.at},"facts":${commit.facts},"records":[`
  )
  for (let index = 0; index < commit.records.length; index++) {
    if (index > 0) writer.fragment(COMMA)
    writeRecord(writer, commit.records[index] as R)
  }
  writer.fragment(END)
  return writer.bytes()
}

const writeJson = (into: JsonWriter, record: unknown): void => into.json(record)

/** Throws `UnreadableCommit`. */
export const decodeCommit = <R = JournalRecord>(
  bytes: Uint8Array,
  lift: Readonly<Record<number, (commit: Raw) => Raw>> = upcasters,
  current = SCHEMA_VERSION
): Commit<R> => {
  let raw: Raw
  try {
    raw = JSON.parse(decoder.decode(bytes)) as Raw
  } catch {
    throw new UnreadableCommit("The journal holds a message that is not JSON; only the hub may publish to it.")
  }
  for (let version = raw["v"]; version !== current; version = raw["v"]) {
    const step = typeof version === "number" ? lift[version] : undefined
    if (step === undefined) {
      throw new UnreadableCommit(
        `The journal holds a commit of schema version ${String(version)}; this release reads up to ${current}. Run a newer release.`
      )
    }
    raw = step(raw)
  }
  return raw as unknown as Commit<R>
}
