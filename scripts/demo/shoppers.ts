/**
 * The demonstration's shoppers: each fills a cart, checks out, gets its link, and pays at the Stripe of this machine, is
 * declined first, or leaves.
 */
import type { Random } from "../simulate/random.ts"

const SHOPPER_EVERY_MS = 3_000
const PRICES_MINOR = [295, 450, 850, 1_250, 1_695]
const LINES_MAX = 3
const LEAVES_SHARE = 0.3
const DECLINED_SHARE = 0.15

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

const ask = async (url: string, body: unknown): Promise<Readonly<Record<string, unknown>>> => {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) })
  return (await response.json()) as Readonly<Record<string, unknown>>
}

const payAt = async (page: string, choice: string): Promise<void> => {
  const body = new URLSearchParams({ choice })
  await (await fetch(page, { method: "POST", body, redirect: "manual" })).arrayBuffer()
}

const shop = async (hub: string, cart: string, skus: ReadonlyArray<string>, random: Random): Promise<void> => {
  const requests = `${hub}/v1/carts/${cart}/requests`
  for (let line = random.integer(1, LINES_MAX); line > 0; line--) {
    await ask(requests, {
      type: "add",
      mutationId: `add-${line}`,
      sku: random.pick(skus),
      quantity: random.integer(1, 2),
      unitPriceMinor: random.pick(PRICES_MINOR),
      currency: "GBP"
    })
  }
  await ask(requests, { type: "checkout", mutationId: "checkout" })
  const { url } = await ask(`${hub}/v1/carts/${cart}/payment-link`, { email: `${cart}@example.com` })
  // No link: what was in the cart is sold out.
  if (typeof url !== "string" || random.chance(LEAVES_SHARE)) return
  if (random.chance(DECLINED_SHARE)) await payAt(url, "declined")
  await payAt(url, "card")
}

/** Until the process ends. `name` is in the carts' ids, so that another start has others. */
export const sendShoppers = async (
  hub: string,
  skus: ReadonlyArray<string>,
  random: Random,
  name: string
): Promise<void> => {
  for (let count = 1; ; count++) {
    await pause(random.integer(SHOPPER_EVERY_MS / 2, SHOPPER_EVERY_MS * 1.5))
    // The hub may just be starting again; the next shopper finds it.
    await shop(hub, `demo-${name}-${count}`, skus, random).catch(() => undefined)
  }
}
