/**
 * Figures that the hub is asked for every two seconds, for whoever listens.
 *
 * One request at a time and none while the page is hidden. When the hub does not answer, the figures are withdrawn
 * rather than left standing: a number that stopped moving must not look like a calm one.
 */
export const POLL_EVERY_MS = 2_000

export interface PollOptions<Value> {
  readonly read: () => Promise<Value>
  readonly isHidden: () => boolean
}

export class Poll<Value> {
  readonly #options: PollOptions<Value>
  readonly #listeners = new Set<() => void>()
  #value: Value | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #running = false

  constructor(options: PollOptions<Value>) {
    this.#options = options
  }

  readonly value = (): Value | undefined => this.#value

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    void this.#poll()
  }

  stop(): void {
    this.#running = false
    clearTimeout(this.#timer)
  }

  async #poll(): Promise<void> {
    if (!this.#options.isHidden()) {
      const value = await this.#options.read().catch(() => undefined)
      if (value !== undefined || this.#value !== undefined) {
        this.#value = value
        for (const listener of this.#listeners) listener()
      }
    }
    if (this.#running) this.#timer = setTimeout(() => void this.#poll(), POLL_EVERY_MS)
  }
}
