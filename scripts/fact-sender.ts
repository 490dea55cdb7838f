/**
 * Publishes facts to the hub's FACTS stream as a channel adapter would: many on their way, each acknowledged, each tried
 * again with the same mutation id until it is stored.
 */
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { jetstream, type JetStreamClient } from "@nats-io/jetstream"
import type { FactBody } from "../src/gateway/protocol.ts"
import { factSubject } from "../streams/subjects.ts"

const UNDER_WAY_MAX = 256
const RETRY_MS = 200
const TRIES_MAX = 150

export class FactSender {
  sent = 0
  private readonly connection: NatsConnection
  private readonly stream: JetStreamClient
  private underWay = 0
  private waiting: Array<() => void> = []
  private failure: Error | undefined

  private constructor(connection: NatsConnection) {
    this.connection = connection
    this.stream = jetstream(connection)
  }

  static async open(url: string): Promise<FactSender> {
    return new FactSender(await connect({ servers: url, noAsyncTraces: true, maxReconnectAttempts: -1 }))
  }

  /** Settles when there is room for more, not when the fact is stored. */
  async send(sku: string, fact: FactBody): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    while (this.underWay >= UNDER_WAY_MAX) await new Promise<void>((resolve) => this.waiting.push(resolve))
    this.underWay++
    void this.publish(sku, fact).then(
      () => this.done(),
      (error: unknown) => {
        this.failure = error as Error
        this.done()
      }
    )
  }

  /** Settles when every fact is stored. */
  async flush(): Promise<void> {
    while (this.underWay > 0) await new Promise<void>((resolve) => this.waiting.push(resolve))
    if (this.failure !== undefined) throw this.failure
  }

  async close(): Promise<void> {
    await this.connection.close()
  }

  private done(): void {
    this.underWay--
    const woken = this.waiting
    this.waiting = []
    for (const wake of woken) wake()
  }

  private async publish(sku: string, fact: FactBody): Promise<void> {
    const body = JSON.stringify(fact)
    for (let attempt = 1; ; attempt++) {
      try {
        await this.stream.publish(factSubject(sku), body, { timeout: 5_000 })
        this.sent++
        return
      } catch (error) {
        if (attempt === TRIES_MAX) throw new Error(`A fact for ${sku} could not be stored.`, { cause: error })
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}
