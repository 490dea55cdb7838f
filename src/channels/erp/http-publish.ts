/**
 * Gives facts to a hub over HTTP: an array for each SKU, so that its facts keep their order; what the hub refuses for
 * good is that row's, anything else is for the bridge to try again.
 */
import type { ErpFact } from "./facts.ts"
import type { Publish, Published } from "./publishing.ts"

/** A block has so many SKUs at most a thousand; the hub answers some tens of arrays in the time of one fsync. */
const REQUESTS_MAX = 64
/** Far below the contract's MiB, whatever a fact carries. */
const ARRAY_MAX = 200
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
        for (const indexes of array) {
          const sent = indexes.map((index) => facts[index] as ErpFact)
          for (const { index, code, message } of await post(hub, headers, sent)) {
            const at = indexes[index]
            if (at !== undefined) outcomes[at] = { ok: false, message: message ?? code }
          }
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(REQUESTS_MAX, waiting.length) }, work))
    return outcomes
  }

/** Of each SKU its facts' indexes, in arrays. */
const arraysOf = (facts: ReadonlyArray<ErpFact>): Array<ReadonlyArray<ReadonlyArray<number>>> => {
  const bySku = new Map<string, Array<Array<number>>>()
  for (const [index, { sku }] of facts.entries()) {
    const arrays = bySku.get(sku) ?? []
    bySku.set(sku, arrays)
    const last = arrays[arrays.length - 1]
    if (last === undefined || last.length >= ARRAY_MAX) arrays.push([index])
    else last.push(index)
  }
  return [...bySku.values()]
}

const isTransient = (code: string | undefined): boolean =>
  code === "overloaded" || code === "unavailable" || code === "unauthorized"

const post = async (
  hub: string,
  headers: Readonly<Record<string, string>>,
  facts: ReadonlyArray<ErpFact>
): Promise<ReadonlyArray<Refusal>> => {
  const response = await fetch(`${hub}/v1/stock/${encodeURIComponent((facts[0] as ErpFact).sku)}/facts`, {
    method: "POST",
    headers,
    body: JSON.stringify(facts.map(({ body }) => body)),
    signal: AbortSignal.timeout(ANSWER_MS_MAX)
  }).catch((cause: unknown) => {
    throw new Error(`The hub at ${hub} cannot be reached: ${reasonOf(cause)}.`, { cause })
  })
  const answer = (await response.json().catch(() => ({}))) as Answer
  const rejected = answer.rejected ?? []
  const isJudged = response.status === 202 || (response.status === 400 && rejected.length > 0)
  if (!isJudged) throw new Error(`The hub answered ${response.status}: ${answer.message ?? "it does not say why"}`)
  const passing = rejected.find(({ code }) => isTransient(code))
  if (passing !== undefined) throw new Error(`The hub takes no facts now: ${passing.message ?? passing.code}`)
  return rejected
}

const reasonOf = (cause: unknown): string => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error ? ((inner as NodeJS.ErrnoException).code ?? inner.message) : String(inner)
}
