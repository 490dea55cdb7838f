/**
 * Gives facts to a hub over HTTP: an array for each SKU, so that its facts keep their order; what the hub refuses for
 * good is that row's, anything else is for the bridge to try again.
 */
import type { ErpFact } from "./facts.ts"
import type { Publish, Published } from "./publishing.ts"

/** A block has so many SKUs at most a thousand; the hub answers some tens of arrays in the time of one fsync. */
const REQUESTS_MAX = 64
/** Of one array. A character has three bytes at most, so that it stays below the contract's MiB whatever facts carry. */
const ARRAY_LENGTH_MAX = 256 * 1024
const ARRAY_MAX = 500
const ANSWER_MS_MAX = 30_000

interface Refusal {
  readonly index: number
  readonly code: string
  readonly message?: string
}

interface Answer {
  readonly code?: string
  readonly message?: string
  readonly rejected?: ReadonlyArray<Refusal>
}

/** `hub`: its address, as `http://127.0.0.1:3020`; `headers`: credentials, when the hub asks for them. */
export const httpPublish =
  (hub: string, headers: Readonly<Record<string, string>> = {}): Publish =>
  async (facts) => {
    const outcomes: Array<Published> = facts.map(() => ({ ok: true }))
    const waiting = arraysOf(facts)
    const work = async (): Promise<void> => {
      for (let array = waiting.pop(); array !== undefined; array = waiting.pop()) {
        // One SKU's arrays follow each other.
        for (const some of array) {
          for (const { index, message } of await post(hub, headers, some)) {
            const at = some.indexes[index]
            if (at !== undefined) outcomes[at] = { ok: false, message }
          }
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(REQUESTS_MAX, waiting.length) }, work))
    return outcomes
  }

interface FactArray {
  readonly sku: string
  /** Places in what was given. */
  readonly indexes: Array<number>
  readonly texts: Array<string>
  length: number
}

/** Each SKU's facts in their order, in arrays. */
const arraysOf = (facts: ReadonlyArray<ErpFact>): Array<ReadonlyArray<FactArray>> => {
  const bySku = new Map<string, Array<FactArray>>()
  for (const [index, { sku, body }] of facts.entries()) {
    const text = JSON.stringify(body)
    const arrays = bySku.get(sku) ?? []
    bySku.set(sku, arrays)
    let last = arrays[arrays.length - 1]
    if (last === undefined || last.texts.length >= ARRAY_MAX || last.length + text.length > ARRAY_LENGTH_MAX) {
      last = { sku, indexes: [], texts: [], length: 0 }
      arrays.push(last)
    }
    last.indexes.push(index)
    last.texts.push(text)
    last.length += text.length
  }
  return [...bySku.values()]
}

const isTransient = (code: string | undefined): boolean =>
  code === "overloaded" || code === "unavailable" || code === "unauthorized"

/** What was refused for good. Throws when it is not known, or not for good. */
const post = async (
  hub: string,
  headers: Readonly<Record<string, string>>,
  { sku, texts }: FactArray
): Promise<ReadonlyArray<{ readonly index: number; readonly message: string }>> => {
  const response = await fetch(`${hub}/v1/stock/${encodeURIComponent(sku)}/facts`, {
    method: "POST",
    headers,
    body: `[${texts.join(",")}]`,
    signal: AbortSignal.timeout(ANSWER_MS_MAX)
  }).catch((cause: unknown) => {
    throw new Error(`The hub at ${hub} cannot be reached: ${reasonOf(cause)}.`, { cause })
  })
  const {
    code,
    message = code ?? "it does not say why",
    rejected
  } = (await response.json().catch(() => ({}))) as Answer
  const isRefused = response.status === 400 && !isTransient(code)
  if (response.status !== 202 && !isRefused) throw new Error(`The hub answered ${response.status}: ${message}`)
  // Refused as a whole, and it does not say which are at fault: it is all of them.
  if (isRefused && (rejected ?? []).length === 0) return texts.map((_, index) => ({ index, message }))
  const passing = rejected?.find((one) => isTransient(one.code))
  if (passing !== undefined) throw new Error(`The hub takes no facts now: ${passing.message ?? passing.code}`)
  return (rejected ?? []).map((one) => ({ index: one.index, message: one.message ?? one.code }))
}

const reasonOf = (cause: unknown): string => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error ? ((inner as NodeJS.ErrnoException).code ?? inner.message) : String(inner)
}
