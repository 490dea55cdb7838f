/**
 * Carts that are left together, and the message to each of their customers: whether it comes, how often, and how late.
 *
 * Late is a message by the time from the moment at which its cart counts as left to the moment at which Twilio has it. The
 * Twilio of this machine answers at once and limits nothing, so that it is the hub that is measured; it lives in this process.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Agent, request } from "undici"
import { LANE_STEPS_MAX } from "../../config/recovery.ts"
import { startBenchHub } from "../bench/servers.ts"
import { TwilioDescription } from "../carriers/twilio/description.ts"
import { LocalTwilio } from "../carriers/twilio/server.ts"
import { introductions, isLeftAlone, linkIn, textsBy } from "../shoppers/hub-files.ts"
import { askAll, type CartAsk, watchLeft } from "./hub-carts.ts"

export interface MessagesOptions {
  readonly carts: number
  /** All are left within so many seconds. */
  readonly seconds: number
  /** After so long without a change a cart counts as left. */
  readonly leftAfterMs: number
  readonly say: (text: string) => void
}

export interface Messages {
  readonly lateMs: ReadonlyArray<number>
  /** From the first cart's moment to the last message. */
  readonly tookMs: number
  readonly wrong: ReadonlyArray<string>
}

/** Calls to one carrier at once, as many as may be set; the hub looks after `LANE_STEPS_MAX` of a channel at once. */
const CONCURRENCY = 256
/** Introductions under way. */
const MEETING = 64
/** The window in which a cart's customer must have heard. */
const WINDOW_MS = 5 * 60_000
/** So long after the last one a second message would have come. */
const AFTER_MS = 5_000

interface Shopper {
  readonly number: number
  readonly cart: string
  readonly customerId: string
}

/** Customers who are not left alone so that lift can be measured. */
const shoppersOf = (count: number): ReadonlyArray<Shopper> => {
  const shoppers: Array<Shopper> = []
  for (let number = 0; shoppers.length < count; number++) {
    const customerId = `customer-${number}`
    if (!isLeftAlone(customerId)) shoppers.push({ number, customerId, cart: `left-${number}` })
  }
  return shoppers
}

export const messagesOf = async ({ carts, leftAfterMs, say, seconds }: MessagesOptions): Promise<Messages> => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"))
  const twilio = await LocalTwilio.start()
  TwilioDescription.get().warm()
  const patience = { concurrencyMax: CONCURRENCY }
  const files = textsBy({ folder, publicUrl: "http://127.0.0.1", twilioUrl: twilio.url, patience })
  const hub = await startBenchHub(files)
  try {
    const policy = { mutationId: "p", idleCartMs: leftAfterMs }
    await fetch(`${hub.url}/v1/cart-policy`, { method: "POST", body: JSON.stringify(policy) })
    const shoppers = shoppersOf(carts)
    const metPerSecond = await meet(hub.url, shoppers)
    say(`${carts} customers met, ${Math.round(metPerSecond)}/s; ${LANE_STEPS_MAX} texts are on their way at once`)
    const watched = await watchLeft(hub.natsUrl, (cart) => cart.startsWith("left-"))
    await askAll(hub.url, leaving(shoppers), (2 * carts) / seconds)
    await allSent(twilio, carts, say)
    await watched.stop()
    return judged(shoppers, watched.dueAt, twilio)
  } finally {
    await hub.stop()
    await twilio.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const meet = async (hub: string, shoppers: ReadonlyArray<Shopper>): Promise<number> => {
  const dispatcher = new Agent({ connections: MEETING })
  const startedMs = performance.now()
  let next = 0
  const meetOthers = async (): Promise<void> => {
    for (let one = shoppers[next++]; one !== undefined; one = shoppers[next++]) {
      for (const body of introductions(one.number)) {
        const url = `${hub}/v1/customers/${one.customerId}/requests`
        const reply = await request(url, { method: "POST", body: JSON.stringify(body), dispatcher })
        const told = await reply.body.text()
        if (reply.statusCode !== 200) throw new Error(`a customer was refused: ${told}`)
      }
    }
  }
  await Promise.all(Array.from({ length: MEETING }, meetOthers))
  await dispatcher.close()
  return (shoppers.length * 1_000) / (performance.now() - startedMs)
}

const leaving = function* (shoppers: ReadonlyArray<Shopper>): Generator<CartAsk> {
  for (const { cart, customerId, number } of shoppers) {
    const line = { sku: `sku-${number % 10_000}`, quantity: 1, unitPriceMinor: 950, currency: "GBP" }
    yield { cart, body: { type: "add", mutationId: "a", ...line } }
    yield { cart, body: { type: "sign-in", mutationId: "s", customerId } }
  }
}

/** Until all have heard and nobody hears more, or none has for the whole window. */
const allSent = async (twilio: LocalTwilio, wanted: number, say: (text: string) => void): Promise<void> => {
  let [seen, movedAt, saidAt] = [0, performance.now(), performance.now()]
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 250))
    const now = performance.now()
    if (twilio.messages.length !== seen) [seen, movedAt] = [twilio.messages.length, now]
    if (now - saidAt > 10_000) {
      saidAt = now
      say(`${seen} of ${wanted} written to`)
    }
    if (now - movedAt > (seen >= wanted ? AFTER_MS : WINDOW_MS)) return
  }
}

const judged = (
  shoppers: ReadonlyArray<Shopper>,
  dueAt: ReadonlyMap<string, number>,
  twilio: LocalTwilio
): Messages => {
  const counts = new Map<string, number>()
  const lateMs: Array<number> = []
  let [first, last] = [Infinity, 0]
  for (const { body, createdMs } of twilio.sent()) {
    const cart = linkIn(body)?.cart ?? ""
    const due = dueAt.get(cart) ?? Number.NaN
    counts.set(cart, (counts.get(cart) ?? 0) + 1)
    lateMs.push(createdMs - due)
    first = Math.min(first, due)
    last = Math.max(last, createdMs)
  }
  const missed = shoppers.filter(({ cart }) => !counts.has(cart)).length
  const doubled = [...counts.values()].filter((count) => count > 1).length
  const [early, late] = [lateMs.filter((ms) => !(ms >= 0)).length, lateMs.filter((ms) => ms > WINDOW_MS).length]
  const strangers = counts.size - (shoppers.length - missed)
  const wrong = [
    [missed, "customers were not written to"],
    [doubled, "customers were written to twice"],
    [early, "messages came before their cart's moment"],
    [late, `messages came after more than ${WINDOW_MS / 60_000} minutes`],
    [strangers, "messages name no cart that was left"],
    [twilio.violations.length, "calls were not as Twilio describes them"]
  ] as const
  return {
    lateMs,
    tookMs: last - first,
    wrong: wrong.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []))
  }
}
