/**
 * An hour of trade, compressed: shops sell the same stock at once, cancel, throttle, fail, hang and fall silent on a
 * seed, the hub is killed in the middle, and in the end every promise is checked against what the shops know they sold.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { AdapterBench, StartBench } from "../adapter-check/bench.ts"
import type { Webhook } from "../../src/channels/adapter.ts"
import { ThrowAwayFolder } from "../../src/servers/servers.ts"
import { pause, Victims } from "../crash-test/victims.ts"
import type { Fault, Order } from "../marketplaces/marketplace.ts"
import { Random } from "../simulate/random.ts"

export interface TradeOptions {
  readonly seed: number
  readonly seconds: number
  /** Orders a second over all shops. */
  readonly ordersPerSecond: number
  readonly skus: number
  readonly unitsEach: number
  readonly kills: number
  /** Shops throttle, fail, hang and fall silent. */
  readonly isTroubled: boolean
  /** A far side and its adapter's kind for each shop. */
  readonly shops: ReadonlyArray<{ readonly name: string; readonly kind: string; readonly start: StartBench }>
  readonly onProgress: (line: string) => void
}

export interface TradeReport {
  readonly orders: number
  readonly cancelled: number
  readonly refusedByShelf: number
  readonly oversoldUnits: number
  readonly incidents: number
  readonly faults: number
  readonly driftFound: number
  /** What was not as promised; empty when all was. */
  readonly wrong: ReadonlyArray<string>
}

const FAULTS: ReadonlyArray<Fault> = ["throttle", "error", "hang", "act-then-hang", "garbage"]
const CALL_MS_MAX = 1_000
const SETTLE_MS_MAX = 60_000
/** An order is cancelled by so many of its buyers. */
const CANCEL_SHARE = 0.08

interface Shop extends AdapterBench {
  readonly name: string
  /** What it could not deliver is found by polling; a shop that cannot be polled delivers it again. */
  readonly isPolled: boolean
  readonly undelivered: Array<Webhook>
}

export const trade = async (options: TradeOptions): Promise<TradeReport> => {
  const folder = new ThrowAwayFolder()
  const file = join(folder.directory, "channels.json")
  const shops: Array<Shop> = []
  for (const { name, start } of options.shops) shops.push(shopOf(name, await start()))
  writeFileSync(
    file,
    JSON.stringify({ channels: options.shops.map(({ kind }, index) => channelOf(shops[index] as Shop, kind)) })
  )
  const victims = await Victims.start(() => ({ CHANNELS_FILE: file }))
  try {
    return await new Trade(options, shops, victims).run()
  } finally {
    await victims.stop()
    for (const { market } of shops) await market.close()
    folder.remove()
  }
}

const shopOf = (name: string, bench: AdapterBench): Shop => {
  const { poll } = bench.module.make({
    channel: name,
    settings: bench.settings,
    fetch,
    nowMs: Date.now,
    newId: () => ""
  })
  return { ...bench, name, isPolled: poll !== undefined, undelivered: [] }
}

/** Waits are shortened as the hour is. */
const channelOf = ({ name, settings }: Shop, kind: string) => ({
  name,
  adapter: kind,
  settings,
  limits: { windowMs: 5 },
  backoff: { baseMs: 50, maxMs: 500 },
  breaker: { restMs: 100, restMsMax: 500 },
  callTimeoutMs: CALL_MS_MAX,
  pollMs: 1_000,
  heartbeatMs: 1_000
})

class Trade {
  private readonly options: TradeOptions
  private readonly shops: ReadonlyArray<Shop>
  private readonly victims: Victims
  private readonly random: Random
  private readonly wrong: Array<string> = []
  /** Units of each SKU that left for good, by what the shops know. */
  private readonly gone = new Map<string, number>()
  private orders = 0
  private cancelled = 0
  private refusedByShelf = 0

  constructor(options: TradeOptions, shops: ReadonlyArray<Shop>, victims: Victims) {
    this.options = options
    this.shops = shops
    this.victims = victims
    this.random = new Random(options.seed)
  }

  async run(): Promise<TradeReport> {
    await this.open()
    const kills = this.killer()
    await this.sellAll()
    await kills
    const driftFound = await this.close()
    const oversoldUnits = await this.checkStock()
    const incidents = await this.checkIncidents(oversoldUnits)
    await this.checkShops()
    let faults = 0
    for (const { market } of this.shops) {
      for (const count of Object.values(market.faults.counts)) faults += count
      for (const violation of market.violations.slice(0, 3)) this.wrong.push(`not as described: ${violation}`)
    }
    const { orders, cancelled, refusedByShelf, wrong } = this
    return { orders, cancelled, refusedByShelf, oversoldUnits, incidents, faults, driftFound, wrong }
  }

  private sku(index: number): string {
    return `SKU-${index}`
  }

  private async open(): Promise<void> {
    const { skus, unitsEach } = this.options
    for (let index = 0; index < skus; index++) {
      const fact = { type: "receipt", mutationId: `open-${index}`, quantity: unitsEach }
      await this.post(`/v1/stock/${this.sku(index)}/facts`, fact)
    }
    for (const { name, market, listingId } of this.shops) {
      const mappings = Array.from({ length: skus }, (_, index) => ({
        listingId: listingId(index),
        sku: this.sku(index)
      }))
      for (const { listingId: id, sku } of mappings) market.shelf.put(id, sku, 0)
      await this.post(`/v1/channels/${name}/mappings`, mappings)
    }
    await this.until("every shop shows the opening stock", () =>
      this.shops.every(({ market }) => market.shelf.listings().every(({ quantity }) => quantity === unitsEach))
    )
  }

  /** Deliveries are made at once, some of them twice. */
  private async deliver(shop: Shop): Promise<void> {
    for (const delivery of [...shop.undelivered.splice(0), ...shop.deliveries()]) {
      const times = this.random.chance(0.1) ? 2 : 1
      let isTaken = false
      for (let time = 0; time < times; time++) isTaken = (await this.deliverOne(shop, delivery)) || isTaken
      if (!isTaken && !shop.isPolled) shop.undelivered.push(delivery)
    }
  }

  private async deliverOne(shop: Shop, { headers, body, topic }: Webhook): Promise<boolean> {
    const path = `${this.victims.hubUrl}/v1/channels/${shop.name}/webhooks${topic === "" ? "" : `/${topic}`}`
    try {
      const response = await fetch(path, { method: "POST", headers, body, signal: AbortSignal.timeout(5_000) })
      await response.arrayBuffer()
      return response.ok
    } catch {
      return false
    }
  }

  private async sellAll(): Promise<void> {
    const { seconds, ordersPerSecond } = this.options
    const open: Array<Promise<void>> = []
    const endsAt = performance.now() + seconds * 1_000
    let troubledAt = performance.now()
    while (performance.now() < endsAt) {
      if (this.options.isTroubled && performance.now() >= troubledAt) {
        this.trouble()
        troubledAt = performance.now() + 1_000
      }
      open.push(this.shop())
      await pause(1_000 / ordersPerSecond)
    }
    await Promise.all(open)
  }

  /** Every second another shop has another trouble. */
  private trouble(): void {
    for (const { market } of this.shops) {
      const isSick = this.random.chance(0.4)
      market.faults.set({ seed: this.random.integer(1, 1e9), share: isSick ? 0.4 : 0.02, kinds: FAULTS })
      if ("isSilent" in market) market.isSilent = this.random.chance(0.15)
    }
  }

  private async shop(): Promise<void> {
    const shop = this.random.pick(this.shops)
    const index = this.random.integer(0, this.options.skus - 1)
    const quantity = this.random.integer(1, 3)
    const order = await shop.market.sell([{ listingId: shop.listingId(index), quantity }])
    if (order === undefined) {
      this.refusedByShelf++
      return
    }
    this.orders++
    this.count(index, quantity)
    await this.deliver(shop)
    if (this.random.chance(CANCEL_SHARE)) await this.cancel(shop, order, index, quantity)
  }

  private async cancel(shop: Shop, order: Order, index: number, quantity: number): Promise<void> {
    await pause(this.random.integer(0, 500))
    await shop.market.cancel(order)
    this.cancelled++
    this.count(index, -quantity)
    await this.deliver(shop)
  }

  private count(index: number, units: number): void {
    this.gone.set(this.sku(index), (this.gone.get(this.sku(index)) ?? 0) + units)
  }

  private async killer(): Promise<void> {
    const { kills, seconds } = this.options
    for (let kill = 0; kill < kills; kill++) {
      await pause((seconds * 1_000) / (kills + 1))
      await this.victims.crash("hub")
      this.options.onProgress(`the hub was killed and is back`)
    }
  }

  /** The troubles end; one reconciliation of each shop, and what it found. */
  private async close(): Promise<number> {
    for (const shop of this.shops) {
      shop.market.faults.set({ seed: 1, share: 0, kinds: [] })
      await this.deliver(shop)
      await this.post(`/v1/channels/${shop.name}/resume`, {})
    }
    await pause(2 * CALL_MS_MAX)
    let driftFound = 0
    for (const { name } of this.shops) {
      const report = await this.patiently(`/v1/channels/${name}/reconcile`, {})
      driftFound += report["driftCount"] as number
      await this.post(`/v1/channels/${name}/dead-letters/redrive`, { all: true })
    }
    await this.until("every shop is in step", async () => {
      const { channels } = (await this.get("/v1/channels")) as {
        readonly channels: ReadonlyArray<{ readonly behind: number }>
      }
      return channels.every(({ behind }) => behind === 0)
    })
    return driftFound
  }

  /** Nothing lost, nothing twice: what is left is what was there less what the shops sold. */
  private async checkStock(): Promise<number> {
    let oversold = 0
    for (let index = 0; index < this.options.skus; index++) {
      const sku = this.sku(index)
      const { physical } = (await this.get(`/v1/stock/${sku}`)) as { readonly physical: number }
      const expected = this.options.unitsEach - (this.gone.get(sku) ?? 0)
      if (physical !== expected) this.wrong.push(`${sku}: ${physical} in the hub, ${expected} by what the shops sold`)
      oversold += Math.max(0, -physical)
    }
    return oversold
  }

  /** Units that were sold and not there are incidents: at least those that are short in the end. */
  private async checkIncidents(oversoldUnits: number): Promise<number> {
    const { items } = (await this.get("/v1/incidents?limit=1000")) as {
      readonly items: ReadonlyArray<{ readonly kind: string; readonly units: number }>
    }
    const units = items.filter(({ kind }) => kind === "oversell").reduce((sum, one) => sum + one.units, 0)
    if (units < oversoldUnits) this.wrong.push(`${oversoldUnits} units oversold, ${units} of them incidents`)
    return items.length
  }

  private async checkShops(): Promise<void> {
    for (const { name, market } of this.shops) {
      for (const { listingId, sku, quantity } of market.shelf.listings()) {
        const { available } = (await this.get(`/v1/stock/${sku}`)) as { readonly available: number }
        if (quantity === Math.max(0, available)) continue
        this.wrong.push(`${name} shows ${quantity} of ${listingId}, the hub has ${available}`)
      }
      const report = await this.patiently(`/v1/channels/${name}/reconcile`, { dryRun: true })
      if (report["driftCount"] !== 0)
        this.wrong.push(`${name}: drift after a reconciliation: ${JSON.stringify(report["drift"])}`)
      const { items } = (await this.get(`/v1/channels/${name}/dead-letters`)) as {
        readonly items: ReadonlyArray<unknown>
      }
      if (items.length > 0) this.wrong.push(`${name}: ${items.length} listings given up`)
    }
  }

  private async post(path: string, body: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.victims.hubUrl}${path}`, { method: "POST", body: JSON.stringify(body) })
    const answer = (await response.json()) as Record<string, unknown>
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`)
    return answer
  }

  /** A shop may still be throttling. */
  private async patiently(path: string, body: unknown): Promise<Record<string, unknown>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.post(path, body)
      } catch (error) {
        if (attempt === 10) throw error
        await pause(500)
      }
    }
  }

  private async get(path: string): Promise<unknown> {
    return (await fetch(`${this.victims.hubUrl}${path}`)).json()
  }

  private async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + SETTLE_MS_MAX
    while (!(await holds())) {
      if (performance.now() > deadline) {
        this.wrong.push(`not within ${SETTLE_MS_MAX / 1_000} s: ${what}`)
        return
      }
      await pause(50)
    }
  }
}
