/**
 * The stand-in hub's stock: numbers that move as a shop's would, from a seed, so that two runs show the same page.
 *
 * It is no twin of the real hub (nothing is decided or kept); it makes messages of the contract's shapes at a pace.
 */
import type { LocationStock, StockMessage, StockNumbers, StockView } from "../../src/gateway/protocol.ts"

export interface StandInSku {
  sku: string
  version: number
  physical: number
  allocated: number
  safetyThreshold: number
  changedAtMs: number
}

/** mulberry32: 32 bits of state are plenty for a page full of numbers. */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const KINDS = ["MUG", "LAMP", "TIN", "BAG", "CLOCK", "TEA", "SIGN", "BOX", "RIBBON", "CANDLE"] as const

const wallClockMs = (): number => performance.timeOrigin + performance.now()

export class StandInStock {
  readonly skus = new Map<string, StandInSku>()
  readonly #names: Array<string> = []
  readonly #random: () => number

  constructor(count: number, seed = 1) {
    this.#random = seededRandom(seed)
    for (let index = 0; index < count; index += 1) {
      const sku = `${KINDS[index % KINDS.length]}-${String(10_000 + index)}`
      const safetyThreshold = index % 3 === 0 ? 0 : 5 + Math.floor(this.#random() * 20)
      const physical = Math.floor(this.#random() ** 2 * 400) + (index % 11 === 0 ? 0 : 12)
      const allocated = Math.floor(this.#random() * Math.min(physical + 1, 30))
      this.add({ sku, version: 1, physical, allocated, safetyThreshold, changedAtMs: wallClockMs() - index * 997 })
    }
  }

  add(entry: StandInSku): void {
    if (!this.skus.has(entry.sku)) this.#names.push(entry.sku)
    this.skus.set(entry.sku, entry)
  }

  /** A change of one SKU, as the hub would tell it. */
  change(sku: string, by: Partial<Pick<StandInSku, "physical" | "allocated" | "version">>): StockMessage {
    const entry = this.skus.get(sku)
    if (entry === undefined) throw new Error(`The stand-in has no SKU ${sku}`)
    Object.assign(entry, { version: entry.version + 1, ...by, changedAtMs: wallClockMs() })
    return this.message(entry)
  }

  /** A hold, a sale, or a delivery when there is little left, of a SKU picked so that some are busier than others. */
  randomChange(): StockMessage {
    const name = this.#names[Math.floor(this.#random() ** 1.5 * this.#names.length)] ?? ""
    const { physical, allocated } = this.skus.get(name) ?? { physical: 0, allocated: 0 }
    const chance = this.#random()
    const many = 1 + Math.floor(this.#random() * 4)
    if (physical - allocated < 4 && chance < 0.06) return this.change(name, { physical: physical + 60 })
    if (allocated >= many && chance < 0.5) {
      return this.change(name, { physical: physical - many, allocated: allocated - many })
    }
    if (physical - allocated > -3 || chance > 0.97) return this.change(name, { allocated: allocated + many })
    return this.change(name, { allocated: Math.max(0, allocated - many) })
  }

  message(entry: StandInSku): StockMessage {
    const at = new Date(entry.changedAtMs).toISOString()
    return { op: "stock", ...this.numbers(entry), at, t: Math.round(entry.changedAtMs * 1_000) }
  }

  numbers({ sku, version, physical, allocated }: StandInSku): StockNumbers {
    return { sku, version, available: physical - allocated, physical, allocated }
  }

  view(entry: StandInSku, withLocations: boolean): StockView {
    const view = { ...this.numbers(entry), safetyThreshold: entry.safetyThreshold }
    return withLocations ? { ...view, locations: this.#locations(entry) } : view
  }

  inOrder(): ReadonlyArray<StandInSku> {
    return [...this.skus.values()].sort((left, right) => (left.sku < right.sku ? -1 : 1))
  }

  #locations({ physical, allocated }: StandInSku): ReadonlyArray<LocationStock> {
    const inShop = Math.min(physical, 8)
    return [
      { locationId: "default", physical: physical - inShop, allocated },
      { locationId: "shop-mitte", physical: inShop, allocated: 0 }
    ]
  }
}
