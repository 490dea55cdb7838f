/**
 * Keeps safety thresholds fresh by reading `GET /v1/stock` page by page: every 30 s, and soon after a new SKU shows up.
 *
 * Politely: one page at a time, a pause between pages, never two rounds at once, none while the page is hidden. A page
 * that fails ends the round; the next round starts from the beginning.
 */
import type { StockPage, StockView } from "../../gateway/protocol.ts"
import { SKUS_MAX } from "./store.ts"

export const PAGE_SKUS = 1_000

export const REFRESH = {
  everyMs: 30_000,
  /** New SKUs come in crowds (an opening stock being loaded): waiting gathers them into one round. */
  afterNewSkuMs: 1_500,
  /** Even while SKUs keep on coming, rounds start no closer than this. */
  apartMs: 5_000,
  betweenPagesMs: 50
} as const

/** No round asks for more than the page can hold, whatever `next` says. */
const PAGES_MAX = SKUS_MAX / PAGE_SKUS

export interface ThresholdsOptions {
  readonly fetchPage: (query: PageAsked) => Promise<StockPage>
  readonly onView: (view: StockView) => void
  readonly isHidden: () => boolean
  readonly now: () => number
}

interface PageAsked {
  readonly limit: number
  readonly after?: string
}

export class Thresholds {
  readonly #options: ThresholdsOptions
  #timer: ReturnType<typeof setTimeout> | undefined
  #dueAtMs = Number.POSITIVE_INFINITY
  #startedAtMs = Number.NEGATIVE_INFINITY
  #reading = false
  #running = false

  constructor(options: ThresholdsOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = true
    this.#startBy(this.#options.now())
  }

  stop(): void {
    this.#running = false
    clearTimeout(this.#timer)
  }

  /** A SKU whose threshold the page has not read yet. */
  skuAppeared(): void {
    if (!this.#running) return
    const now = this.#options.now()
    this.#startBy(Math.max(now + REFRESH.afterNewSkuMs, this.#startedAtMs + REFRESH.apartMs))
  }

  /** The earlier of two wishes wins. */
  #startBy(atMs: number): void {
    if (atMs >= this.#dueAtMs) return
    this.#dueAtMs = atMs
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#round(), Math.max(0, atMs - this.#options.now()))
  }

  async #round(): Promise<void> {
    this.#dueAtMs = Number.POSITIVE_INFINITY
    if (!this.#reading && !this.#options.isHidden()) {
      this.#reading = true
      this.#startedAtMs = this.#options.now()
      await this.#readPages().catch(() => undefined)
      this.#reading = false
    }
    if (this.#running) this.#startBy(this.#options.now() + REFRESH.everyMs)
  }

  async #readPages(): Promise<void> {
    let after: string | undefined
    for (let read = 0; read < PAGES_MAX && this.#running; read += 1) {
      const page = await this.#options.fetchPage({ limit: PAGE_SKUS, ...(after === undefined ? {} : { after }) })
      for (const view of page.items) this.#options.onView(view)
      if (page.next === undefined || page.next === after) return
      after = page.next
      await new Promise((resolve) => setTimeout(resolve, REFRESH.betweenPagesMs))
    }
  }
}
