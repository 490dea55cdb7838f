/**
 * An answer of the hub that is asked for again and again, for a page to show: what it was last, when that was, and why there
 * is no newer one.
 *
 * One request at a time and none while the page is hidden. An answer that grew old stays, and says how old it is: a list
 * that is a minute behind is better than none, as long as nobody takes it for now.
 */
import { messageOf } from "./http.ts"

export interface Read<Value> {
  readonly value?: Value
  /** When it was read, in milliseconds since the epoch. */
  readonly atMs: number
  /** Why the last try brought nothing; absent when it did. */
  readonly failure?: string
}

export interface ReadingOptions<Value> {
  readonly read: (signal: AbortSignal) => Promise<Value>
  readonly isHidden: () => boolean
  readonly everyMs: number
  readonly nowMs: () => number
}

export class Reading<Value> {
  readonly #options: ReadingOptions<Value>
  readonly #listeners = new Set<() => void>()
  #state: Read<Value> = { atMs: 0 }
  #timer: ReturnType<typeof setTimeout> | undefined
  #leave: AbortController | undefined

  constructor(options: ReadingOptions<Value>) {
    this.#options = options
  }

  readonly state = (): Read<Value> => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start(): void {
    if (this.#leave !== undefined) return
    this.#leave = new AbortController()
    void this.#again(this.#leave.signal)
  }

  stop(): void {
    this.#leave?.abort()
    this.#leave = undefined
    clearTimeout(this.#timer)
  }

  async #again(signal: AbortSignal): Promise<void> {
    const { everyMs, isHidden, nowMs, read } = this.#options
    if (!isHidden()) {
      try {
        const value = await read(signal)
        if (!signal.aborted) this.#tell({ value, atMs: nowMs() })
      } catch (error) {
        if (!signal.aborted) this.#tell({ ...this.#state, failure: messageOf(error) })
      }
    }
    if (!signal.aborted) this.#timer = setTimeout(() => void this.#again(signal), everyMs)
  }

  #tell(state: Read<Value>): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}
