/**
 * Customers and tills that go on through every crash: each request is repeated with its own mutation id until it has a
 * final answer, each fact until the broker has it, and everything that was acknowledged is written down.
 */
import { HoldfastClient } from "../../src/client/holdfast-client.ts"
import type { Answer, LinesRequestBody, RequestBody } from "../../src/gateway/protocol.ts"
import { FactSender } from "../fact-sender.ts"
import { pause } from "./victims.ts"

export interface Acknowledged {
  /** Empty for several lines. */
  readonly sku: string
  readonly mutationId: string
  readonly ok: boolean
  readonly holdId: string | undefined
  readonly kind: "reserve" | "commit" | "release" | "fact"
}

const SKUS = Array.from({ length: 20 }, (_, index) => `crash-${index}`)
const SHOPPERS = 24
const OPENING_UNITS = 2_000
const RETRY_MS = 100

const anySku = (): string => SKUS[Math.floor(Math.random() * SKUS.length)] as string

export class Shoppers {
  readonly acknowledged: Array<Acknowledged> = []
  private readonly client: HoldfastClient
  private readonly sender: FactSender
  private stopping = false
  private count = 0
  private working: Promise<unknown> = Promise.resolve()

  private constructor(client: HoldfastClient, sender: FactSender) {
    this.client = client
    this.sender = sender
  }

  static async open(hubUrl: string, natsUrl: string): Promise<Shoppers> {
    const client = await HoldfastClient.connect(hubUrl, { timeoutMs: 2_000 })
    const shoppers = new Shoppers(client, await FactSender.open(natsUrl))
    for (const sku of SKUS) await shoppers.fact(sku, OPENING_UNITS)
    return shoppers
  }

  start(): void {
    this.stopping = false
    this.working = Promise.all([...Array.from({ length: SHOPPERS }, () => this.shop()), this.receive()])
  }

  /** Settles when everything that was asked has its answer. */
  async pauseShopping(): Promise<void> {
    this.stopping = true
    await this.working
    await this.sender.flush()
  }

  async close(): Promise<void> {
    this.client.close()
    await this.sender.close()
  }

  private nextId(): string {
    return `c${this.count++}`
  }

  private async shop(): Promise<void> {
    while (!this.stopping) {
      const isCart = Math.random() < 0.3
      const sku = isCart ? "" : anySku()
      const holdId = this.nextId()
      const held = isCart ? await this.holdCart(holdId) : await this.hold(sku, holdId)
      if (!held.ok) continue
      const chance = Math.random()
      // Some are forgotten: their holds must be there after every crash.
      if (chance < 0.1) continue
      await this.finish(sku, holdId, chance < 0.7 ? "commit" : "release")
    }
  }

  private hold(sku: string, holdId: string): Promise<Answer> {
    const body: RequestBody = { type: "reserve", mutationId: `${holdId}-hold`, holdId, quantity: 1, ttlMs: 3_600_000 }
    return this.insist(sku, body, () => this.client.ask(sku, body))
  }

  private holdCart(holdId: string): Promise<Answer> {
    const lines = [anySku(), anySku(), anySku()].map((sku) => ({ sku, quantity: 1 }))
    const body: LinesRequestBody = { type: "reserve", mutationId: `${holdId}-hold`, holdId, ttlMs: 3_600_000, lines }
    return this.insist("", body, () => this.client.askLines(body))
  }

  private finish(sku: string, holdId: string, type: "commit" | "release"): Promise<Answer> {
    const body = { type, mutationId: `${holdId}-${type}`, holdId }
    return this.insist(sku, body, () => (sku === "" ? this.client.askLines(body) : this.client.ask(sku, body)))
  }

  private async insist(
    sku: string,
    body: Exclude<RequestBody, { readonly type: "read" | "configure" }> | LinesRequestBody,
    ask: () => Promise<Answer>
  ): Promise<Answer> {
    for (;;) {
      const answer = await ask().catch(() => undefined)
      const isFinal =
        answer !== undefined && (answer.ok || (answer.code !== "unavailable" && answer.code !== "overloaded"))
      if (answer !== undefined && isFinal) {
        const { mutationId, holdId, type } = body
        this.acknowledged.push({ sku, mutationId, ok: answer.ok, holdId, kind: type })
        return answer
      }
      await pause(RETRY_MS)
    }
  }

  private async receive(): Promise<void> {
    while (!this.stopping) {
      await this.fact(anySku(), 1)
      await pause(2)
    }
  }

  private async fact(sku: string, quantity: number): Promise<void> {
    const mutationId = `${this.nextId()}-fact`
    await this.sender.send(sku, { type: "receipt", mutationId, quantity })
    this.acknowledged.push({ sku, mutationId, ok: true, holdId: undefined, kind: "fact" })
  }
}
