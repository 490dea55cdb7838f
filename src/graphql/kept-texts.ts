/**
 * Values kept by a text, bounded by their number and by the length of the texts; the longest unused go first.
 */
export interface KeptBounds {
  readonly countMax: number
  /** UTF-16 code units of all the texts that are counted. */
  readonly lengthMax: number
}

export class KeptTexts<Value> {
  private readonly kept = new Map<string, { readonly value: Value; readonly length: number }>()
  private readonly bounds: KeptBounds
  private length = 0

  constructor(bounds: KeptBounds) {
    this.bounds = bounds
  }

  get(key: string): Value | undefined {
    const found = this.kept.get(key)
    if (found === undefined) return undefined
    this.kept.delete(key)
    this.kept.set(key, found)
    return found.value
  }

  /** `length`: what it counts for. */
  put(key: string, value: Value, length: number): void {
    this.drop(key)
    this.kept.set(key, { value, length })
    this.length += length
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= this.bounds.countMax && this.length <= this.bounds.lengthMax) return
      this.drop(oldest)
    }
  }

  private drop(key: string): void {
    this.length -= this.kept.get(key)?.length ?? 0
    this.kept.delete(key)
  }
}
