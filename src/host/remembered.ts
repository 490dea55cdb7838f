/**
 * Which mutation ids and closed holds are known, and where in the journal each one's answer stands.
 *
 * What is kept of an id is 14 bytes in typed arrays: 64 bits of its hash, the commit and the record in it. The answer
 * itself is read from there, which also settles whether the hash lied. Nothing here is an object a garbage collector
 * has to visit: a million ids cost 25 to 38 MB (tables are between 37 and 75 % full), and ten million cost no pauses.
 *
 * Ids are kept in generations, each sealed after an hour or a million ids. A generation whole beyond the window is
 * dropped; when there are more ids than allowed the oldest generation goes first and `windowMs` tells how far back
 * repeats are still recognised.
 */
import { unitAt } from "../../actors/text.ts"

export interface Position {
  /** The commit's JetStream sequence. */
  readonly sequence: number
  /** The record's place in it. */
  readonly index: number
}

/** 64 bits of an id's hash. */
export interface Fingerprint {
  readonly low: number
  readonly high: number
}

const GENERATION_IDS_MAX = 1_000_000
const GENERATION_MS_MAX = 60 * 60_000
const SHARDS = 256
const SHARD_SLOTS_MIN = 64
const NONE: ReadonlyArray<Position> = []

/** Hashes an id within its scope: `space` tells mutations from holds, `owner` is the SKU (empty: several lines). */
export const fingerprintOf = (space: "m" | "h", owner: string, id: string): Fingerprint => {
  let low = space === "m" ? 0x9e3779b9 : 0x7f4a7c15
  const ownerLength = owner.length
  const idLength = id.length
  let high = 0x85ebca6b ^ ownerLength
  for (let index = 0; index < ownerLength; index++) {
    const unit = unitAt(owner, index)
    low = Math.imul(low ^ unit, 0x85ebca77)
    high = Math.imul(high ^ unit, 0xc2b2ae3d)
  }
  for (let index = 0; index < idLength; index++) {
    const unit = unitAt(id, index)
    low = Math.imul(low ^ unit, 0x27d4eb2f)
    high = Math.imul(high ^ unit, 0x165667b1)
  }
  low = Math.imul(low ^ (low >>> 16) ^ high, 0x21f0aaad)
  high = Math.imul(high ^ (high >>> 15) ^ low, 0x735a2d97)
  return { low: (low ^ (low >>> 15)) >>> 0, high: (high ^ (high >>> 15)) >>> 0 }
}

/** An open-addressing table that doubles when three quarters full. */
class Shard {
  count = 0
  private low = new Uint32Array(SHARD_SLOTS_MIN)
  private high = new Uint32Array(SHARD_SLOTS_MIN)
  /** Relative to the generation's base; 0 is an empty slot. */
  private sequence = new Uint32Array(SHARD_SLOTS_MIN)
  private index = new Uint16Array(SHARD_SLOTS_MIN)

  get slots(): number {
    return this.low.length
  }

  /** False when this very entry is there already. */
  add(low: number, high: number, sequence: number, index: number): boolean {
    if (this.count * 4 >= this.low.length * 3) this.grow()
    const mask = this.low.length - 1
    let slot = low & mask
    while (this.sequence[slot] !== 0) {
      if (
        this.low[slot] === low &&
        this.high[slot] === high &&
        this.sequence[slot] === sequence &&
        this.index[slot] === index
      ) {
        return false
      }
      slot = (slot + 1) & mask
    }
    this.low[slot] = low
    this.high[slot] = high
    this.sequence[slot] = sequence
    this.index[slot] = index
    this.count++
    return true
  }

  find(low: number, high: number, base: number, found: Array<Position> | undefined): Array<Position> | undefined {
    const mask = this.low.length - 1
    let known = found
    for (let slot = low & mask; this.sequence[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.low[slot] !== low || this.high[slot] !== high) continue
      known ??= []
      known.push({ sequence: base + (this.sequence[slot] as number), index: this.index[slot] as number })
    }
    return known
  }

  each(visit: (low: number, high: number, sequence: number, index: number) => void): void {
    for (let slot = 0; slot < this.low.length; slot++) {
      const sequence = this.sequence[slot] as number
      if (sequence === 0) continue
      visit(this.low[slot] as number, this.high[slot] as number, sequence, this.index[slot] as number)
    }
  }

  private grow(): void {
    const { low, high, sequence, index } = this
    const slots = low.length * 2
    this.low = new Uint32Array(slots)
    this.high = new Uint32Array(slots)
    this.sequence = new Uint32Array(slots)
    this.index = new Uint16Array(slots)
    this.count = 0
    for (let slot = 0; slot < low.length; slot++) {
      if (sequence[slot] === 0) continue
      this.add(low[slot] as number, high[slot] as number, sequence[slot] as number, index[slot] as number)
    }
  }
}

export class Generation {
  count = 0
  readonly startedAt: number
  /** One below the first sequence, so that a relative sequence is never 0. */
  readonly base: number
  private readonly shards: Array<Shard> = Array.from({ length: SHARDS }, () => new Shard())

  constructor(startedAt: number, base: number) {
    this.startedAt = startedAt
    this.base = base
  }

  add(id: Fingerprint, position: Position): boolean {
    const shard = this.shards[id.high & (SHARDS - 1)] as Shard
    const added = shard.add(id.low, id.high, position.sequence - this.base, position.index)
    if (added) this.count++
    return added
  }

  find(id: Fingerprint, found: Array<Position> | undefined): Array<Position> | undefined {
    return (this.shards[id.high & (SHARDS - 1)] as Shard).find(id.low, id.high, this.base, found)
  }

  get sizeBytes(): number {
    let slots = 0
    for (const shard of this.shards) slots += shard.slots
    return slots * 14
  }

  /** 14 bytes an id, without the empty slots: how a snapshot keeps it. */
  encode(): Uint8Array {
    const bytes = new Uint8Array(this.count * 14)
    const view = new DataView(bytes.buffer)
    let offset = 0
    for (const shard of this.shards) {
      shard.each((low, high, sequence, index) => {
        view.setUint32(offset, low)
        view.setUint32(offset + 4, high)
        view.setUint32(offset + 8, sequence)
        view.setUint16(offset + 12, index)
        offset += 14
      })
    }
    return bytes
  }

  decode(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let offset = 0; offset + 14 <= bytes.length; offset += 14) {
      const id = { low: view.getUint32(offset), high: view.getUint32(offset + 4) }
      this.add(id, { sequence: this.base + view.getUint32(offset + 8), index: view.getUint16(offset + 12) })
    }
  }
}

export class Remembered {
  private readonly windowMs: number
  private readonly idsMax: number
  /** Newest last; the last takes new ids. */
  generations: Array<Generation> = []
  private total = 0

  constructor(options: { readonly windowMs: number; readonly idsMax: number }) {
    this.windowMs = options.windowMs
    this.idsMax = options.idsMax
  }

  add(id: Fingerprint, position: Position, at: number): void {
    let current = this.generations[this.generations.length - 1]
    if (
      current === undefined ||
      current.count >= Math.min(GENERATION_IDS_MAX, this.idsMax / 4) ||
      at - current.startedAt >= GENERATION_MS_MAX
    ) {
      current = new Generation(at, position.sequence - 1)
      this.generations.push(current)
      this.forget(at)
    }
    if (current.add(id, position)) this.total++
  }

  /** Where the id, or one with the same hash, was seen; oldest first. */
  find(id: Fingerprint): ReadonlyArray<Position> {
    let found: Array<Position> | undefined
    for (const generation of this.generations) found = generation.find(id, found)
    return found ?? NONE
  }

  /** Takes a generation in from a snapshot; they must come oldest first. */
  restore(generation: Generation): void {
    this.generations.push(generation)
    this.total += generation.count
  }

  get count(): number {
    return this.total
  }

  get sizeBytes(): number {
    return this.generations.reduce((sum, generation) => sum + generation.sizeBytes, 0)
  }

  /** How far back from `at` every id is still known, in milliseconds. */
  reachMs(at: number): number {
    const oldest = this.generations[0]
    return oldest === undefined ? this.windowMs : Math.max(0, at - oldest.startedAt)
  }

  private forget(at: number): void {
    for (;;) {
      const [oldest, next] = this.generations
      if (oldest === undefined || next === undefined) return
      // Its youngest id is as old as the generation after it.
      const beyondWindow = at - next.startedAt > this.windowMs
      if (!beyondWindow && this.total <= this.idsMax) return
      this.generations.shift()
      this.total -= oldest.count
    }
  }
}
