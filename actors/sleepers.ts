/**
 * Actors of a kind in memory: one that nobody asked for in a while sleeps as a packed text and is unpacked when somebody
 * asks; nothing has to be read for it.
 */

/** `S`: an actor's state, which is never changed in place. */
export class Sleepers<S> {
  /** Asked for since the last sweep, asked for before it, and asleep. */
  private young = new Map<string, S>()
  private old = new Map<string, S>()
  private readonly asleep = new Map<string, string>()
  private readonly pack: (state: S) => string
  private readonly unpack: (name: string, packed: string) => S

  constructor(pack: (state: S) => string, unpack: (name: string, packed: string) => S) {
    this.pack = pack
    this.unpack = unpack
  }

  find(name: string): S | undefined {
    const young = this.young.get(name)
    if (young !== undefined) return young
    const state = this.peek(name)
    if (state !== undefined) this.put(name, state)
    return state
  }

  /** The state without waking the actor: for whoever passes over many. */
  peek(name: string): S | undefined {
    const awake = this.young.get(name) ?? this.old.get(name)
    if (awake !== undefined) return awake
    const packed = this.asleep.get(name)
    return packed === undefined ? undefined : this.unpack(name, packed)
  }

  put(name: string, state: S): void {
    this.old.delete(name)
    this.asleep.delete(name)
    this.young.set(name, state)
  }

  /** Takes in what a snapshot has of it. */
  lay(name: string, packed: string): void {
    this.asleep.set(name, packed)
  }

  drop(name: string): void {
    for (const some of [this.young, this.old, this.asleep]) some.delete(name)
  }

  packed(name: string): string | undefined {
    const awake = this.young.get(name) ?? this.old.get(name)
    return awake === undefined ? this.asleep.get(name) : this.pack(awake)
  }

  get size(): number {
    return this.young.size + this.old.size + this.asleep.size
  }

  get awakeCount(): number {
    return this.young.size + this.old.size
  }

  *names(): IterableIterator<string> {
    for (const some of [this.young, this.old, this.asleep]) yield* some.keys()
  }

  /** Of those asleep; goes on over changes in between. */
  packedOnes(): IterableIterator<readonly [name: string, packed: string]> {
    return this.asleep.entries()
  }

  /**
   * Puts actors to sleep that nobody asked for since the generation before last began; at most `max`, so that a sweep
   * never holds up a turn. True when there are more. `mayTurn`: the young generation becomes the old one, once the old one is empty.
   */
  sweep(max: number, mayTurn: boolean): boolean {
    let packed = 0
    for (const [name, state] of this.old) {
      if (packed++ === max) return true
      this.old.delete(name)
      this.asleep.set(name, this.pack(state))
    }
    if (!mayTurn) return false
    this.old = this.young
    this.young = new Map()
    return this.old.size > 0
  }
}
