/**
 * Whether a mutation was applied twice within the time for which the hub remembers ids: in bounded memory.
 *
 * Ids are kept as 53-bit numbers in two generations of an open-addressed table: when the younger is full the older is
 * dropped. So at least the last `GENERATION_IDS` mutations are compared, and `reachMs` tells how far back that was when
 * it was least. Two ids may have one number (once in a thousand audits of four million events): what looks like a repeat
 * is a suspicion, which the caller confirms by reading again with the ids in full.
 */

/** 2 million ids at 16 bytes, half of the slots empty: 64 MiB a generation, two of them. */
const GENERATION_IDS = 2 ** 21
const SLOTS_MIN = 2 ** 12

class Generation {
  count = 0
  firstAt = Infinity
  private keys = new Float64Array(SLOTS_MIN)
  private times = new Float64Array(SLOTS_MIN)

  get(key: number): number | undefined {
    const slot = slotOf(this.keys, key)
    return this.keys[slot] === key ? this.times[slot] : undefined
  }

  set(key: number, at: number): void {
    this.firstAt = Math.min(this.firstAt, at)
    const slot = slotOf(this.keys, key)
    if (this.keys[slot] !== key) this.count++
    this.keys[slot] = key
    this.times[slot] = at
    if (this.count * 2 > this.keys.length) this.grow()
  }

  private grow(): void {
    const { keys, times } = this
    this.keys = new Float64Array(keys.length * 2)
    this.times = new Float64Array(keys.length * 2)
    for (const [index, key] of keys.entries()) {
      if (key === 0) continue
      const slot = slotOf(this.keys, key)
      this.keys[slot] = key
      this.times[slot] = times[index] as number
    }
  }
}

/** The slot that has the key, or the empty one where it belongs. 0 is never a key. */
const slotOf = (keys: Float64Array, key: number): number => {
  const mask = keys.length - 1
  let slot = Math.imul(key % 2 ** 32, 0x9e3779b1) & mask
  while (keys[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & mask
  return slot
}

export const mutationNumber = (sku: string, scope: string, mutationId: string): number => {
  let low = 0x811c9dc5
  let high = 0x9747b28c
  const mix = (text: string): void => {
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index)
      low = Math.imul(low ^ unit, 0x01000193)
      high = Math.imul(high ^ unit, 0x85ebca6b) ^ (high >>> 13)
    }
    // Where one text ends and the next begins.
    low = Math.imul(low ^ 0x10000, 0x01000193)
    high = Math.imul(high ^ 0x10000, 0x85ebca6b)
  }
  mix(sku)
  mix(scope)
  mix(mutationId)
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0) + 1
}

export class Mutations {
  /** Milliseconds for which ids are remembered. */
  private readonly windowMs: number
  private younger = new Generation()
  private older = new Generation()
  private leastReachMs = Infinity

  constructor(windowMs: number) {
    this.windowMs = windowMs
  }

  /** True when this mutation seems to have been applied within the window before. */
  isRepeat(sku: string, scope: string, mutationId: string, at: number): boolean {
    const key = mutationNumber(sku, scope, mutationId)
    const before = this.younger.get(key) ?? this.older.get(key)
    this.younger.set(key, at)
    if (this.younger.count >= GENERATION_IDS) {
      if (this.older.count > 0) this.leastReachMs = Math.min(this.leastReachMs, at - this.younger.firstAt)
      this.older = this.younger
      this.younger = new Generation()
    }
    return before !== undefined && at - before < this.windowMs
  }

  /** How far back every id was compared, when it was least; `Infinity` when nothing had to be dropped. */
  get reachMs(): number {
    return this.leastReachMs
  }
}
