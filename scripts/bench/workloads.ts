/**
 * The loads: closed loops of 256 on a hot SKU, on 10,000 SKUs by Zipf's law, and on three-line carts; and an open loop
 * whose latency counts from the moment a request should have gone out, so that a slow answer hides no other.
 */
import { randomBytes } from "node:crypto"
import { quantilesOf } from "./figures.ts"
import type { Target } from "./target.ts"

export type Workload = "hot" | "zipf" | "carts"

const CONCURRENCY = 256
const SKUS = 10_000
const CART_LINES = 3

/** Cumulative weights 1/rank. */
const zipfTable = (): Float64Array => {
  const table = new Float64Array(SKUS)
  let sum = 0
  for (let rank = 1; rank <= SKUS; rank++) table[rank - 1] = sum += 1 / rank
  for (let rank = 0; rank < SKUS; rank++) table[rank] = (table[rank] as number) / sum
  return table
}

const table = zipfTable()

const zipf = (): number => {
  const wanted = Math.random()
  let low = 0
  let high = SKUS - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((table[middle] as number) < wanted) low = middle + 1
    else high = middle
  }
  return low
}

const skuName = (index: number): string => `sku-${index}`

export const skusOf = (workload: Workload): ReadonlyArray<string> =>
  workload === "hot" ? [skuName(0)] : Array.from({ length: SKUS }, (_, index) => skuName(index))

/** Enough that most requests sell; the hottest SKU of a Zipf load still runs out, so refusals are measured too. */
export const unitsOf = (workload: Workload): number => (workload === "hot" ? 100_000_000 : 20_000)

const cart = (): ReadonlyArray<string> => {
  const skus = new Set<string>()
  while (skus.size < CART_LINES) skus.add(skuName(zipf()))
  return [...skus]
}

const once = (target: Target, workload: Workload, mutationId: string): Promise<boolean> => {
  if (workload === "hot") return target.reserve(skuName(0), mutationId)
  return workload === "zipf" ? target.reserve(skuName(zipf()), mutationId) : target.reserveLines(cart(), mutationId)
}

export interface LoopResult {
  readonly perSecond: number
  readonly held: number
  readonly refused: number
  readonly errors: number
}

/** Runs for so long; what was still under way at the end is waited for and counted. */
export const closedLoop = async (target: Target, workload: Workload, seconds: number): Promise<LoopResult> => {
  const run = randomBytes(4).toString("hex")
  const result = { held: 0, refused: 0, errors: 0 }
  let count = 0
  const startedMs = performance.now()
  const untilMs = startedMs + seconds * 1_000
  const worker = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      try {
        if (await once(target, workload, `${run}-${count++}`)) result.held++
        else result.refused++
      } catch {
        result.errors++
      }
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  const passed = (performance.now() - startedMs) / 1_000
  return { ...result, perSecond: (result.held + result.refused) / passed }
}

export interface OpenResult {
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly errors: number
}

/** A rest that counts against everybody alike: a client that never rests takes one of two cores. */
const aMillisecond = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

/** Requests at a fixed rate on the Zipf SKUs; milliseconds from the intended time to the answer. */
export const openLoop = async (target: Target, perSecond: number, seconds: number): Promise<OpenResult> => {
  const run = randomBytes(4).toString("hex")
  const total = Math.floor(perSecond * seconds)
  // Nothing else of a request is kept: the promises alone made the client's own garbage collections half a millisecond of p99.
  const latencies = new Float64Array(total)
  let answered = 0
  let errors = 0
  const startMs = performance.now() + 10
  for (let sent = 0; sent < total;) {
    const dueNow = Math.min(total, Math.floor(((performance.now() - startMs) * perSecond) / 1_000) + 1)
    for (; sent < dueNow; sent++) {
      const intendedMs = startMs + (sent * 1_000) / perSecond
      void once(target, "zipf", `${run}-${sent}`).then(
        () => void (latencies[answered++] = performance.now() - intendedMs),
        () => void errors++
      )
    }
    await aMillisecond()
  }
  while (answered + errors < total) await aMillisecond()
  const at = quantilesOf([...latencies.subarray(0, answered)])
  return { p50: at(0.5), p99: at(0.99), max: at(1), errors }
}
