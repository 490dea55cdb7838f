/**
 * Plays sessions against a hub on servers of its own, with the Twilio and the Stripe of this machine, perhaps kills some of
 * them meanwhile, waits until everything has come to its end, and compares all books.
 *
 * Time is compressed: a shop's minutes are fractions of a second, and so are the hub's limits for carts that are left and for
 * holds. What counts in hours and days (the later steps of a sequence, caps) can be too, by a factor of its own.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Pool } from "pg"
import type { RecoverySettings } from "../../actors/recovery/settings.ts"
import type { SettingsView } from "../../src/recovery/protocol.ts"
import { LocalTwilio } from "../carriers/twilio/server.ts"
import { pause, type VictimName, Victims } from "../crash-test/victims.ts"
import { SECRET_KEY, StripeServer, WEBHOOK_SECRET } from "../stripe/server.ts"
import { compareBooks, type Figures } from "./compare-books.ts"
import { type HubBooks, readHubBooks } from "./hub-books.ts"
import { textsBy } from "./hub-files.ts"
import type { Session } from "./sessions.ts"
import { type Shop, Shopper } from "./shopper.ts"
import { withShorterDays } from "./shorter-days.ts"

export interface Kill {
  readonly victim: VictimName
  /** From the kill until a request was answered again. */
  readonly backAfterMs: number
}

export interface RunOptions {
  /** With kills: as many of them as come until the last one is over. */
  readonly sessions: Iterable<Session>
  /** The shop's milliseconds in one of ours. */
  readonly speed: number
  /** Sessions at once. */
  readonly atOnce: number
  /** After so long a message of which nobody knows whether it went is sent again, if Twilio does not list it. */
  readonly graceMs: number
  /** A day is so many times as short: 30000 makes 2.9 seconds of it. Absent: of a sequence the first step is seen. */
  readonly shorterDays?: number
  readonly kills?: ReadonlyArray<VictimName>
  readonly onKill?: (kill: Kill) => void
  readonly onProgress?: (now: Progress) => void
}

export interface Progress {
  readonly played: number
  readonly playing: number
  readonly messages: number
  readonly payments: number
}

export interface RunReport {
  readonly figures: Figures
  /** What is not the same on both sides; empty when all is. */
  readonly wrong: ReadonlyArray<string>
  readonly seconds: number
}

const MINUTE_MS = 60_000
const LOOK_EVERY_MS = 500
const RETRY_MS = 50
/** For PostgreSQL to have caught up. */
const ROWS_MS_MAX = 20_000
const OPENING_UNITS = 100_000
const KILL_EVERY_MS = 4_000
const CALL_MS_MAX = 5_000
/** Beyond the grace time, for everything that is to come to its end. */
const SETTLE_MS_MAX = 60_000
/** In which what should not come would have. */
const AFTER_MS = 1_500

export const runSessions = async (options: RunOptions): Promise<RunReport> => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-sessions-"))
  const twilio = await LocalTwilio.start()
  const stripe = await StripeServer.start({ isPrompt: true })
  const { graceMs } = options
  const victims = await Victims.start((hubUrl) => {
    stripe.webhookUrl = `${hubUrl}/v1/payments/stripe/webhooks`
    const patience = { callMsMax: CALL_MS_MAX }
    return {
      ...textsBy({ folder, publicUrl: hubUrl, twilioUrl: twilio.url, patience, recovery: { graceMs } }),
      STRIPE_SECRET_KEY: SECRET_KEY,
      STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      STRIPE_API_URL: stripe.url,
      PUBLIC_URL: hubUrl
    }
  })
  try {
    return await new Run(options, { victims, twilio, stripe }).report()
  } finally {
    await victims.stop()
    await Promise.all([twilio.close(), stripe.close()])
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Servers {
  readonly victims: Victims
  readonly twilio: LocalTwilio
  readonly stripe: StripeServer
}

class Run {
  private readonly options: RunOptions
  private readonly servers: Servers
  private readonly shop: Shop
  private readonly shoppers: Array<Shopper> = []
  private readonly stocked = new Set<string>()
  private readonly stopped = new AbortController()
  private taken = 0
  private played = 0
  private isKilling: boolean

  constructor(options: RunOptions, servers: Servers) {
    this.options = options
    this.servers = servers
    this.isKilling = (options.kills?.length ?? 0) > 0
    const { speed } = options
    const [idleMs, checkoutMs] = [(15 * MINUTE_MS) / speed, (5 * MINUTE_MS) / speed]
    this.shop = { hubUrl: servers.victims.hubUrl, speed, idleMs, checkoutMs, signal: this.stopped.signal }
  }

  async report(): Promise<RunReport> {
    const startedMs = performance.now()
    const { checkoutMs, idleMs } = this.shop
    const policy = { mutationId: "p", idleCartMs: idleMs, leftCheckoutMs: checkoutMs, checkoutHoldMs: idleMs }
    await this.insist("/v1/cart-policy", policy)
    const settings = await this.settings()
    const around = setInterval(() => this.lookAround(), LOOK_EVERY_MS)
    try {
      await Promise.all([this.killAll(), this.playAll()])
      await pause(idleMs + AFTER_MS)
      for (const shopper of this.shoppers) shopper.end()
      const books = await this.settled(settings)
      const { stripe, twilio } = this.servers
      const isKilled = this.options.kills !== undefined
      const isPlayedOut = this.options.shorterDays !== undefined
      const sides = { books, twilio, stripe, shoppers: this.shoppers, settings, isPlayedOut, isKilled }
      const { figures, wrong } = compareBooks(sides)
      const derived = [...(await this.compareStock()), ...(await this.compareRows(books))]
      return { figures, wrong: [...wrong, ...derived], seconds: (performance.now() - startedMs) / 1_000 }
    } finally {
      clearInterval(around)
      this.stopped.abort()
    }
  }

  /** By which the hub writes to customers: its own, perhaps with shorter days. */
  private async settings(): Promise<RecoverySettings> {
    const { shorterDays } = this.options
    const { settings, version } = (await (await fetch(`${this.shop.hubUrl}${SETTINGS}`)).json()) as SettingsView
    if (shorterDays === undefined) return settings
    const shorter = withShorterDays(settings, shorterDays)
    await this.insist(SETTINGS, { mutationId: "days", expectedVersion: version, by: "sessions", settings: shorter })
    return shorter
  }

  /** Messages move on and webhooks that were not taken come again, as they do at their senders. */
  private lookAround(): void {
    const { stripe, twilio } = this.servers
    void twilio.settle().catch(() => undefined)
    if (stripe.deliveries.waiting.length > 0) void stripe.deliveries.flush()
    const payments = [...stripe.account.intents.values()].filter(({ status }) => status === "succeeded").length
    const { played, shoppers } = this
    const playing = shoppers.length - played
    this.options.onProgress?.({ played, playing, messages: twilio.sent().length, payments })
  }

  private async playAll(): Promise<void> {
    const source = this.options.sessions[Symbol.iterator]()
    const playOthers = async (): Promise<void> => {
      for (;;) {
        const next = source.next()
        if (next.done === true || (this.options.kills !== undefined && !this.isKilling)) return
        // As the sessions come, whichever is stocked first: the number says whose payment is declined.
        const number = this.taken++
        await this.stock(next.value)
        const shopper = new Shopper(this.shop, next.value, number)
        this.shoppers.push(shopper)
        await shopper.play()
        this.played++
      }
    }
    await Promise.all(Array.from({ length: this.options.atOnce }, playOthers))
  }

  private async stock({ events }: Session): Promise<void> {
    for (const { sku } of events) {
      if (this.stocked.has(sku)) continue
      this.stocked.add(sku)
      await this.insist(`/v1/stock/${sku}/facts`, { type: "receipt", mutationId: "open", quantity: OPENING_UNITS })
    }
  }

  private async killAll(): Promise<void> {
    for (const [index, victim] of (this.options.kills ?? []).entries()) {
      await pause(KILL_EVERY_MS)
      const killedMs = performance.now()
      await this.servers.victims.crash(victim)
      await this.insist("/v1/customers/probe/requests", { type: "settings", mutationId: `k${index}`, country: "GB" })
      this.options.onKill?.({ victim, backAfterMs: performance.now() - killedMs })
    }
    await pause(KILL_EVERY_MS)
    this.isKilling = false
  }

  /** Every message has its outcome, every left cart its decision, every sequence that may end its end; or time is up. */
  private async settled({ sequences }: RecoverySettings): Promise<HubBooks> {
    const isPlayedOut = this.options.shorterDays !== undefined
    const playedMs = isPlayedOut ? Math.max(...sequences.map(({ expiresMs }) => expiresMs)) : 0
    const givenUpAt = performance.now() + this.options.graceMs + playedMs + SETTLE_MS_MAX
    for (;;) {
      const books = await readHubBooks(this.servers.victims.url("nats"))
      const isOpen =
        this.servers.stripe.deliveries.waiting.length > 0 ||
        [...books.attempts.values()].some(({ outcomes }) => outcomes.length === 0) ||
        (isPlayedOut && [...books.recoveries.values()].some(({ endings }) => endings.length === 0)) ||
        [...books.carts.values()].some(({ abandonment: one }) => one !== undefined && !books.decided.has(one))
      if (isOpen && performance.now() < givenUpAt) await pause(LOOK_EVERY_MS)
      else {
        await pause(AFTER_MS)
        return readHubBooks(this.servers.victims.url("nats"))
      }
    }
  }

  /** What is left on the shelves is what was there less what was bought. */
  private async compareStock(): Promise<ReadonlyArray<string>> {
    const bought = new Map<string, number>()
    for (const shopper of this.shoppers) {
      for (const sku of shopper.bought) bought.set(sku, (bought.get(sku) ?? 0) + 1)
    }
    const wrong: Array<string> = []
    for (const sku of this.stocked) {
      const { physical } = (await (await fetch(`${this.shop.hubUrl}/v1/stock/${sku}`)).json()) as Record<
        string,
        unknown
      >
      const expected = OPENING_UNITS - (bought.get(sku) ?? 0)
      if (physical !== expected) wrong.push(`${sku}: ${String(physical)} in the hub, ${expected} by what was bought`)
    }
    return wrong
  }

  /** PostgreSQL has every cart as its journal has it. */
  private async compareRows({ carts }: HubBooks): Promise<ReadonlyArray<string>> {
    const pool = new Pool({ connectionString: this.servers.victims.url("postgres"), max: 1 })
    const differing = async (): Promise<ReadonlyArray<string>> => {
      const { rows } = await pool.query<{ cart: string; version: string; status: string }>(ROWS)
      const wrong =
        rows.length === carts.size ? [] : [`${rows.length} carts in PostgreSQL, ${carts.size} in the journal`]
      for (const { cart, status, version } of rows) {
        const account = carts.get(cart)
        const isSame =
          account?.versions.size === Number(version) && (account.order === undefined || status === "ordered")
        if (!isSame)
          wrong.push(`${cart} is at version ${version} in PostgreSQL, ${account?.versions.size} in the journal`)
      }
      return wrong
    }
    try {
      const givenUpAt = performance.now() + ROWS_MS_MAX
      for (;;) {
        const wrong = await differing()
        if (wrong.length === 0 || performance.now() > givenUpAt) return wrong
        await pause(LOOK_EVERY_MS)
      }
    } finally {
      await pool.end()
    }
  }

  private async insist(path: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    for (;;) {
      const request = { method: "POST", body: JSON.stringify(body), signal: AbortSignal.timeout(CALL_MS_MAX) }
      const status = await fetch(`${this.shop.hubUrl}${path}`, request).then(
        async (response) => {
          await response.arrayBuffer()
          return response.status
        },
        () => 503
      )
      if (status < 300) return
      if (status < 429) throw new Error(`${path} was answered ${status}`)
      await pause(RETRY_MS)
    }
  }
}

const SETTINGS = "/v1/recovery/settings"
const ROWS = "SELECT cart, version, status FROM carts"
