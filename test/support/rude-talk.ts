/**
 * The client and a stand-in for the hub, fresh for each test, and the words between them.
 */
import assert from "node:assert/strict"
import { afterEach, beforeEach } from "vitest"
import { type ClientOptions, FateUnknown, HoldfastClient } from "../../src/client/holdfast-client.ts"
import type { Answer, StockMessage } from "../../src/gateway/protocol.ts"
import { RudeHub } from "./rude-hub.ts"

export interface RudeTalk {
  hub: RudeHub
  /** What was thrown at the program from outside its own calls; a test that wants it takes it out. */
  readonly uncaught: Array<unknown>
  readonly connect: (options?: ClientOptions) => Promise<HoldfastClient>
  /** A client that follows topics, once the hub has heard so. */
  readonly seenBy: (
    topics: ReadonlyArray<string>,
    options?: ClientOptions
  ) => Promise<{
    readonly client: HoldfastClient
    readonly seen: ReadonlyArray<StockMessage>
    /** As `sku:version`. */
    readonly versions: () => ReadonlyArray<string>
  }>
}

/** To be called where tests are described. */
export const rudeTalk = (): RudeTalk => {
  let clients: Array<HoldfastClient> = []
  const onUncaught = (error: unknown): void => void talk.uncaught.push(error)
  const connect = async (options: ClientOptions = {}): Promise<HoldfastClient> => {
    const client = await HoldfastClient.connect(talk.hub.url, options)
    clients.push(client)
    return client
  }
  const talk: RudeTalk = {
    hub: undefined as unknown as RudeHub,
    uncaught: [],
    connect,
    seenBy: async (topics, options = {}) => {
      const seen: Array<StockMessage> = []
      const client = await connect({ onStock: (message) => void seen.push(message), ...options })
      client.subscribe(topics)
      await talk.hub.hears(1, () => talk.hub.subscriptions)
      return { client, seen, versions: () => seen.map(({ sku, version }) => `${sku}:${version}`) }
    }
  }
  beforeEach(async () => {
    process.on("uncaughtException", onUncaught)
    talk.hub = await RudeHub.start()
  })
  afterEach(async () => {
    for (const client of clients) client.close()
    clients = []
    await talk.hub.stop()
    process.off("uncaughtException", onUncaught)
    assert.deepEqual(talk.uncaught.splice(0), [], "nothing the hub sends is thrown at the program")
  })
  return talk
}

export const reserve = (mutationId: string) =>
  ({ type: "reserve", mutationId, holdId: mutationId, quantity: 1 }) as const

export const held = (version: number): Answer => ({
  ok: true,
  sku: "a",
  version,
  available: 1,
  physical: 2,
  allocated: 1,
  safetyThreshold: 0
})

export const answer = (id: string | undefined, body: unknown) => ({ op: "answer", id, body })

export const change = (sku: string, version: number, more: object = {}) => ({
  op: "stock",
  sku,
  version,
  available: version,
  physical: version,
  allocated: 0,
  at: "2026-01-01T00:00:00.000Z",
  t: 1,
  ...more
})

export const fateUnknown = (promise: Promise<unknown>): Promise<void> =>
  assert.rejects(promise, (error) => error instanceof FateUnknown)
