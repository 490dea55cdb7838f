/**
 * A queue as SQS is one: what was received and not deleted is handed out again after a while; on a seed a message comes
 * twice, and never in a promised order.
 */
import { Random } from "../../simulate/random.ts"
import type { HttpAnswer } from "../marketplace.ts"

interface Message {
  readonly id: number
  readonly body: string
  hiddenUntil: number
}

export class Notifications {
  /** What was received comes again after so long. */
  visibilityMs = 500
  duplicateShare = 0
  private readonly random: Random
  private readonly nowMs: () => number
  private messages: Array<Message> = []
  private count = 0

  constructor(seed: number, nowMs: () => number) {
    this.random = new Random(seed)
    this.nowMs = nowMs
  }

  get length(): number {
    return this.messages.length
  }

  put(content: object): void {
    const times = this.random.chance(this.duplicateShare) ? 2 : 1
    for (let time = 0; time < times; time++) {
      this.messages.push({ id: this.count++, body: JSON.stringify(content), hiddenUntil: 0 })
    }
  }

  handle(action: string, request: Readonly<Record<string, unknown>>): HttpAnswer {
    if (action === "ReceiveMessage") return this.receive(Number(request["MaxNumberOfMessages"] ?? 1))
    if (action !== "DeleteMessageBatch") return { status: 400, body: { __type: "InvalidAction" } }
    const entries = request["Entries"] as ReadonlyArray<{ readonly Id: string; readonly ReceiptHandle: string }>
    const receipts = new Set(entries.map(({ ReceiptHandle }) => ReceiptHandle))
    this.messages = this.messages.filter(({ id }) => !receipts.has(`receipt-${id}`))
    return { status: 200, body: { Successful: entries.map(({ Id }) => ({ Id })), Failed: [] } }
  }

  private receive(max: number): HttpAnswer {
    const now = this.nowMs()
    const visible = this.messages.filter(({ hiddenUntil }) => hiddenUntil <= now)
    visible.sort(() => this.random.next() - 0.5)
    const taken = visible.slice(0, max)
    for (const message of taken) message.hiddenUntil = now + this.visibilityMs
    const messages = taken.map(({ id, body }) => ({
      MessageId: String(id),
      ReceiptHandle: `receipt-${id}`,
      Body: body
    }))
    return { status: 200, body: messages.length === 0 ? {} : { Messages: messages } }
  }
}
