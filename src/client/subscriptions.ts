/**
 * The messages that follow topics from the versions that were seen, each small enough for the hub to take.
 *
 * A hub takes messages of at most 64 KiB and says no to a larger one: whoever follows thousands of SKUs would come back
 * from a lost connection and hear nothing any more. Topics of single SKUs are spread over as many messages as they need;
 * of what `stock.*` brings only as many versions are named as fit, and the others come again.
 */
import { decodeSku } from "../../streams/subjects.ts"

/** The contract's 64 KiB less what stands around topics and versions. */
const ENTRIES_BYTES_MAX = 63 * 1024
const ALL = "stock.*"
const SKU_TOPIC = "stock."

export interface Subscriptions {
  readonly messages: ReadonlyArray<string>
  /**
   * Their versions did not fit. They must be forgotten: the hub marks a lower version (a restored backup) with `reset`
   * only for SKUs that were named.
   */
  readonly leftOut: ReadonlyArray<string>
}

export const subscriptions = (topics: Iterable<string>, have: ReadonlyMap<string, number>): Subscriptions => {
  const messages: Array<string> = []
  const named = new Set<string>()
  const open = new OpenMessage()
  let all = false
  for (const topic of topics) {
    if (topic === ALL) {
      all = true
      continue
    }
    const sku = topic.startsWith(SKU_TOPIC) ? decodeSku(topic.slice(SKU_TOPIC.length)) : undefined
    const version = sku === undefined ? undefined : have.get(sku)
    const entry = { topic: JSON.stringify(topic), version: versionEntry(sku, version) }
    if (sku !== undefined) named.add(sku)
    if (!open.fits(entry)) messages.push(open.take())
    open.add(entry)
  }
  if (!open.isEmpty) messages.push(open.take())
  if (!all) return { messages, leftOut: [] }

  const leftOut: Array<string> = []
  open.add({ topic: JSON.stringify(ALL), version: "" })
  for (const [sku, version] of have) {
    if (named.has(sku)) continue
    const entry = { topic: "", version: versionEntry(sku, version) }
    if (open.fits(entry)) open.add(entry)
    else leftOut.push(sku)
  }
  return { messages: [...messages, open.take()], leftOut }
}

interface Entry {
  readonly topic: string
  readonly version: string
}

/** As text, because a SKU may be called `__proto__`. */
const versionEntry = (sku: string | undefined, version: number | undefined): string =>
  sku === undefined || version === undefined ? "" : `${JSON.stringify(sku)}:${version}`

class OpenMessage {
  private topics: Array<string> = []
  private versions: Array<string> = []
  private bytes = 0

  get isEmpty(): boolean {
    return this.topics.length === 0
  }

  fits(entry: Entry): boolean {
    return this.isEmpty || this.bytes + sizeBytes(entry) <= ENTRIES_BYTES_MAX
  }

  add(entry: Entry): void {
    if (entry.topic !== "") this.topics.push(entry.topic)
    if (entry.version !== "") this.versions.push(entry.version)
    this.bytes += sizeBytes(entry)
  }

  take(): string {
    const message = `{"op":"subscribe","topics":[${this.topics.join(",")}],"have":{${this.versions.join(",")}}}`
    this.topics = []
    this.versions = []
    this.bytes = 0
    return message
  }
}

/** With the commas. */
const sizeBytes = ({ topic, version }: Entry): number => Buffer.byteLength(topic) + Buffer.byteLength(version) + 2
