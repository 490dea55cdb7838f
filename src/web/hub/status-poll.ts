/**
 * The hub's own figures (`GET /v1/status`), read every two seconds for whoever listens.
 *
 * One request at a time and none while the page is hidden. When the hub does not answer, the figures are withdrawn
 * rather than left standing: a number that stopped moving must not look like a calm one.
 */
import type { HubStatus } from "../../gateway/protocol.ts"

export const STATUS_EVERY_MS = 2_000

export interface StatusPollOptions {
  readonly fetchStatus: () => Promise<HubStatus>
  readonly isHidden: () => boolean
}

export class StatusPoll {
  readonly #options: StatusPollOptions
  readonly #listeners = new Set<() => void>()
  #status: HubStatus | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #running = false

  constructor(options: StatusPollOptions) {
    this.#options = options
  }

  readonly status = (): HubStatus | undefined => this.#status

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
      const status = await this.#options.fetchStatus().catch(() => undefined)
      if (status !== undefined || this.#status !== undefined) {
        this.#status = status
        for (const listener of this.#listeners) listener()
      }
    }
    if (this.#running) this.#timer = setTimeout(() => void this.#poll(), STATUS_EVERY_MS)
  }
}
