/**
 * Publishes facts to the hub's FACTS stream as a channel adapter would: many on their way, each acknowledged, each tried
 * again with the same mutation id until it is stored.
 */
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { jetstream, type JetStreamClient } from "@nats-io/jetstream"
import { serverOf } from "../streams/nats/connection.ts"
import type { FactBody } from "../src/gateway/protocol.ts"
import { factSubject } from "../streams/subjects.ts"

/** Where facts go: to the broker, or to the hub over HTTP. */
export interface FactSink {
  /** Facts that are stored. */
  readonly sent: number
  /** Facts that were refused for good, by the refusal's code. */
  readonly refused: ReadonlyMap<string, number>
  /** The FACTS sequence behind which everything is stored that was sent so far; 0 when it did not go there. */
  readonly lastSequence: number
  /** Settles when there is room for more, not when the fact is stored. Facts of one SKU keep their order. */
  readonly send: (sku: string, fact: FactBody) => Promise<void>
  /** Settles when every fact is stored or refused. */
  readonly flush: () => Promise<void>
  readonly close: () => Promise<void>
}

/** A facts stream that fsyncs takes 7,000 a second with 64 under way and no more with 1,024. */
const UNDER_WAY_MAX = 256
const ACK_TIMEOUT_MS = 5_000
const RETRY_MS = 200
/** Half a minute of a broker that refuses, a quarter of an hour of one that does not answer. */
const TRIES_MAX = 150

export class FactSender implements FactSink {
  sent = 0
  lastSequence = 0
  /** The broker refuses nothing for good: what the hub cannot take goes to its dead letters. */
  readonly refused: ReadonlyMap<string, number> = new Map()
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
    return new FactSender(await connect({ ...serverOf(url), noAsyncTraces: true, maxReconnectAttempts: -1 }))
  }

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
        const { seq } = await this.stream.publish(factSubject(sku), body, { timeout: ACK_TIMEOUT_MS })
        this.lastSequence = Math.max(this.lastSequence, seq)
        this.sent++
        return
      } catch (error) {
        if (attempt === TRIES_MAX) throw new Error(`A fact for ${sku} could not be stored.`, { cause: error })
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}
