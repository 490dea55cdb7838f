/**
 * Signed webhooks as Stripe sends them: in any order, some twice, some late, again until they are taken.
 */
import { createHmac } from "node:crypto"
import type { Random } from "../simulate/random.ts"
import type { StripeEvent } from "./account.ts"

export interface Disorder {
  /** Share of the events, from 0 to 1, that come twice. */
  readonly twice: number
  /** Share of the events that come only after all others. */
  readonly late: number
}

const TRIES_MAX = 20
const CALL_MS_MAX = 5_000

export const stripeSignature = (body: string, secret: string, nowMs: number): string => {
  const at = Math.floor(nowMs / 1_000)
  return `t=${at},v1=${createHmac("sha256", secret).update(`${at}.${body}`).digest("hex")}`
}

export class Deliveries {
  readonly waiting: Array<StripeEvent> = []
  /** Deliveries that were taken, repeats among them. */
  taken = 0
  /** Deliveries that were answered otherwise than by 2xx, or not at all. */
  failed = 0
  private readonly options: {
    readonly url: () => string | undefined
    readonly secret: string
    readonly random: Random
    readonly nowMs: () => number
  }

  constructor(options: Deliveries["options"]) {
    this.options = options
  }

  /** Sends everything that waits, one after another, until it is taken or has been tried often enough. */
  async flush({ twice, late }: Disorder = { twice: 0, late: 0 }): Promise<void> {
    const { random } = this.options
    const events = this.waiting.splice(0)
    const shuffled = twice + late > 0 ? this.shuffled(events) : events
    const isLate = shuffled.map(() => random.chance(late))
    const inOrder = [
      ...shuffled.filter((_, index) => isLate[index] !== true),
      ...shuffled.filter((_, index) => isLate[index] === true)
    ]
    const repeats = inOrder.filter(() => random.chance(twice))
    for (const event of [...inOrder, ...this.shuffled(repeats)]) await this.deliver(event)
  }

  /** One event, all at the same moment so many times. */
  async deliverAtOnce(event: StripeEvent, times: number): Promise<void> {
    await Promise.all(Array.from({ length: times }, () => this.deliver(event)))
  }

  private async deliver(event: StripeEvent): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      if (await this.post(event)) {
        this.taken++
        return
      }
      this.failed++
    }
    this.waiting.push(event)
  }

  private async post(event: StripeEvent): Promise<boolean> {
    const { url, secret, nowMs } = this.options
    const to = url()
    if (to === undefined) return false
    const body = JSON.stringify(event, undefined, 2)
    const headers = {
      "content-type": "application/json; charset=utf-8",
      "stripe-signature": stripeSignature(body, secret, nowMs())
    }
    try {
      const response = await fetch(to, { method: "POST", headers, body, signal: AbortSignal.timeout(CALL_MS_MAX) })
      await response.arrayBuffer()
      return response.ok
    } catch {
      return false
    }
  }

  private shuffled(events: ReadonlyArray<StripeEvent>): ReadonlyArray<StripeEvent> {
    const { random } = this.options
    return events
      .map((event) => ({ event, place: random.next() }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ event }) => event)
  }
}
