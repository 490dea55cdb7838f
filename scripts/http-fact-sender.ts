/**
 * Sends facts to the hub over HTTP as a channel without a broker would: arrays for each SKU, one request of a SKU under
 * way at a time, so that its facts keep their order; what gathers meanwhile goes out with the next.
 */
import type { FactBody } from "../src/gateway/protocol.ts"
import type { FactSink } from "./fact-sender.ts"
import { headersOf, type RunFile } from "./run-file.ts"

/** Facts that wait for their answers: the hub's mailbox takes four times as many. */
const FACTS_MAX = 4_096
const REQUESTS_MAX = 64
/** Far below the contract's MiB, whatever a fact carries. */
const ARRAY_MAX = 500
const RETRY_MS = 250
const TRIES_MAX = 240

interface Rejected {
  readonly index: number
  readonly code: string
}

interface Replied {
  readonly status: number
  readonly rejected: ReadonlyArray<Rejected>
  readonly code?: string
  readonly retryAfterMs?: number
}

const isTransient = (code: string | undefined): boolean => code === "overloaded" || code === "unavailable"

export class HttpFactSender implements FactSink {
  sent = 0
  /** What was answered is in the journal already. */
  readonly lastSequence = 0
  readonly refused = new Map<string, number>()
  private readonly run: Pick<RunFile, "hub" | "key">
  private readonly queued = new Map<string, Array<FactBody>>()
  private readonly busy = new Set<string>()
  private underWay = 0
  private waiting: Array<() => void> = []
  private failure: Error | undefined

  /** `hub`: its address, as `http://127.0.0.1:3020`. */
  constructor(run: Pick<RunFile, "hub" | "key">) {
    this.run = run
  }

  async send(sku: string, fact: FactBody): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    while (this.underWay >= FACTS_MAX) await this.change()
    this.underWay++
    const queue = this.queued.get(sku)
    if (queue === undefined) this.queued.set(sku, [fact])
    else queue.push(fact)
    this.start()
  }

  async flush(): Promise<void> {
    while (this.underWay > 0) await this.change()
    if (this.failure !== undefined) throw this.failure
  }

  async close(): Promise<void> {
    await this.flush().catch(() => undefined)
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  private start(): void {
    for (const [sku, facts] of this.queued) {
      if (this.busy.size >= REQUESTS_MAX) return
      if (this.busy.has(sku)) continue
      const some = facts.splice(0, ARRAY_MAX)
      if (facts.length === 0) this.queued.delete(sku)
      this.busy.add(sku)
      void this.post(sku, some)
        .catch((error: unknown) => (this.failure = error as Error))
        .finally(() => this.done(sku, some.length))
    }
  }

  private done(sku: string, facts: number): void {
    this.busy.delete(sku)
    this.underWay -= facts
    if (this.failure === undefined) this.start()
    else this.giveUp()
    const woken = this.waiting
    this.waiting = []
    for (const wake of woken) wake()
  }

  private giveUp(): void {
    for (const facts of this.queued.values()) this.underWay -= facts.length
    this.queued.clear()
  }

  /** Until each fact is stored or refused for good; only what the hub could not take goes out again. */
  private async post(sku: string, facts: ReadonlyArray<FactBody>): Promise<void> {
    let left = facts
    for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
      const reply = await this.postOnce(sku, left)
      const isWhole = isTransient(reply.code) && reply.rejected.length === 0
      const again = isWhole ? left : left.filter((_, index) => isTransient(codeAt(reply, index)))
      if (!isWhole) this.count(left.length, reply)
      if (again.length === 0) return
      left = again
      await new Promise((resolve) => setTimeout(resolve, reply.retryAfterMs ?? RETRY_MS))
    }
    throw new Error(`Facts for ${sku} could not be stored; the hub does not take them.`)
  }

  private async postOnce(sku: string, facts: ReadonlyArray<FactBody>): Promise<Replied> {
    try {
      const response = await fetch(`${this.run.hub}/v1/stock/${encodeURIComponent(sku)}/facts`, {
        method: "POST",
        headers: headersOf(this.run),
        body: JSON.stringify(facts)
      })
      const body = (await response.json()) as Partial<Replied>
      return { ...body, status: response.status, rejected: body.rejected ?? refusedWhole(response.status, body, facts) }
    } catch {
      return { status: 503, code: "unavailable", rejected: [] }
    }
  }

  private count(facts: number, reply: Replied): void {
    this.sent += facts - reply.rejected.length
    for (const { code } of reply.rejected) {
      if (!isTransient(code)) this.refused.set(code, (this.refused.get(code) ?? 0) + 1)
    }
  }
}

const codeAt = (reply: Replied, index: number): string | undefined =>
  reply.rejected.find((one) => one.index === index)?.code

/** The hub refused the array as such, and did not say which facts were at fault: it was all of them. */
const refusedWhole = (
  status: number,
  body: Partial<Replied>,
  facts: ReadonlyArray<FactBody>
): ReadonlyArray<Rejected> =>
  status < 300 || isTransient(body.code) ? [] : facts.map((_, index) => ({ index, code: body.code ?? String(status) }))
