/**
 * Channels that only tell: tills and an app. They sell from a shelf of their own, which nobody fills but a test.
 */
import { Faults, type Marketplace, type Order, Shelf } from "../marketplace.ts"

/** How an order, or its cancellation, is told. */
export type Telling = (order: Order, isCancelled: boolean, atMs: number) => object

export class TellingChannel implements Marketplace {
  readonly url = ""
  readonly shelf = new Shelf()
  readonly faults = new Faults()
  readonly violations: ReadonlyArray<string> = []
  readonly undelivered: Array<string> = []
  private readonly telling: Telling
  private nextId = 1

  constructor(telling: Telling) {
    this.telling = telling
  }

  readonly calls = (): number => 0

  async sell(
    lines: ReadonlyArray<{ readonly listingId: string; readonly quantity: number }>
  ): Promise<Order | undefined> {
    if (!lines.every(({ listingId, quantity }) => (this.shelf.quantity(listingId) ?? 0) >= quantity)) return undefined
    for (const { listingId, quantity } of lines) this.shelf.take(listingId, quantity)
    const id = `T-${this.nextId++}`
    const order = { id, lines: lines.map((line, index) => ({ ...line, lineId: String(index + 1) })) }
    this.undelivered.push(JSON.stringify(this.telling(order, false, Date.now())))
    return order
  }

  async cancel(order: Order): Promise<void> {
    this.undelivered.push(JSON.stringify(this.telling(order, true, Date.now())))
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}
