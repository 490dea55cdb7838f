/**
 * Shoppers and shops that never tire: random commands on few SKUs with little stock, repeats of what was asked before,
 * the same id with other content, and a book of every answer they got.
 */
import { fingerprint, linesFingerprint } from "../../actors/sku/fingerprint.ts"
import type { LinesCommand, SkuCommand } from "../../actors/sku/commands.ts"
import type { PartitionHost } from "../../src/host/host.ts"
import type { Asker, StagedAnswers, Staging } from "../../src/host/mail.ts"
import type { Answer } from "../../src/gateway/protocol.ts"
import type { Random } from "./random.ts"

export interface Asked {
  readonly mutationId: string
  readonly sku: string | undefined
  readonly command: SkuCommand | LinesCommand
  /** Every answer that was final; `overloaded` and `unavailable` are not. */
  readonly answers: Array<Answer>
  /** Replies to each time it was asked; each must get one. */
  asked: number
  replied: number
}

const SKUS = ["A", "B", "C", "D"]
const LOCATIONS = ["default", "default", "default", "store-1"]

export class Shoppers implements Asker {
  readonly book: Array<Asked> = []
  /** Answers that were put down before they were sent. */
  sentStaged = 0
  /** Every other request is one whose answer may be put down before. */
  private asks = 0
  /** By the id of the request. */
  private readonly replies: Array<(answer: Answer) => void> = []
  private readonly random: Random
  private readonly holds: Array<{ readonly sku: string | undefined; readonly holdId: string }> = []

  constructor(random: Random) {
    this.random = random
  }

  /** One shopper does one thing. */
  act(host: PartitionHost): void {
    const repeat = this.book.length > 0 && this.random.chance(0.2)
    this.ask(host, repeat ? this.random.pick(this.book) : this.invent())
  }

  /** Asks again whatever has no final answer. */
  insist(host: PartitionHost): void {
    for (const one of this.book) if (one.answers.length === 0) this.ask(host, one)
  }

  private ask(host: PartitionHost, one: Asked): void {
    one.asked++
    const reply = (answer: Answer): void => {
      one.replied++
      if (answer.ok || (answer.code !== "unavailable" && answer.code !== "overloaded")) one.answers.push(answer)
    }
    const received = { receivedAtMs: 0, reply, staging: this.asks++ % 2 === 0 ? this.stagingOf(reply) : undefined }
    if (one.sku === undefined) {
      const command = one.command as LinesCommand
      host.submit({ kind: "lines", command, hash: linesFingerprint(command), ...received })
    } else {
      const command = one.command as SkuCommand
      host.submit({ kind: "command", command, hash: fingerprint(command), factSequence: 0, ...received })
    }
  }

  /** Of whom a turn's answers may be put down before they are sent. */
  private stagingOf(reply: (answer: Answer) => void): Staging {
    const requestId = String(this.replies.push(reply) - 1)
    return { asker: this, requestId }
  }

  newAnswers(): StagedAnswers {
    const staged: Array<() => void> = []
    return {
      stage: (requestId, answer: Answer) => void staged.push(() => this.replies[Number(requestId)]?.(answer)),
      send: () => {
        this.sentStaged += staged.length
        for (const send of staged) send()
      }
    }
  }

  private invent(): Asked {
    const command = this.random.chance(0.35) ? this.cart() : this.single()
    const one: Asked = {
      mutationId: command.mutationId,
      sku: "sku" in command ? command.sku : undefined,
      command,
      answers: [],
      asked: 0,
      replied: 0
    }
    this.book.push(one)
    return one
  }

  private nextId(): string {
    return `m${this.book.length}`
  }

  private single(): SkuCommand {
    const { random } = this
    const sku = random.pick(SKUS)
    const mutationId = this.nextId()
    const locationId = random.pick(LOCATIONS)
    const kind = random.next()
    if (kind < 0.35) {
      const holdId = `h${this.book.length}`
      this.holds.push({ sku, holdId })
      const ttlMs = random.pick([100, 1_000, 60_000])
      return { type: "reserve", sku, mutationId, holdId, quantity: random.integer(1, 3), ttlMs, locationId }
    }
    const hold = this.holds.length === 0 ? undefined : random.pick(this.holds)
    if (kind < 0.7 && hold?.sku !== undefined) {
      return { type: random.pick(["commit", "release"]), sku: hold.sku, mutationId, holdId: hold.holdId }
    }
    if (kind < 0.95) {
      return { type: random.pick(["receipt", "return"]), sku, mutationId, quantity: random.integer(1, 3), locationId }
    }
    return { type: "configure", sku, mutationId, settings: { safetyThreshold: random.integer(0, 4) } }
  }

  private cart(): LinesCommand {
    const { random } = this
    const mutationId = this.nextId()
    const hold = this.holds.findLast((known) => known.sku === undefined && random.chance(0.5))
    if (hold !== undefined && random.chance(0.5)) {
      return { type: random.pick(["commit", "release"]), mutationId, holdId: hold.holdId }
    }
    const holdId = hold !== undefined && random.chance(0.3) ? hold.holdId : `c${this.book.length}`
    this.holds.push({ sku: undefined, holdId })
    const lines = Array.from({ length: random.integer(1, 4) }, () => ({
      sku: random.pick(SKUS),
      quantity: random.integer(1, 2),
      locationId: random.pick(LOCATIONS)
    }))
    return { type: "reserve", mutationId, holdId, ttlMs: random.pick([200, 2_000, 60_000]), lines }
  }
}
