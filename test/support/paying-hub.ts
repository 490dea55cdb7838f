/**
 * A hub whose messages lead to payment: texts through the local Twilio, checkout by the local Stripe. A cart counts as left after
 * a second, and after a minute in checkout.
 */
import assert from "node:assert/strict"
import { SECRET_KEY, StripeServer, WEBHOOK_SECRET } from "../../scripts/stripe/server.ts"
import { eventually, http } from "./hub.ts"
import { startTextingHub, type TextingHub } from "./texting-hub.ts"

export interface PayingHub extends TextingHub {
  readonly stripe: StripeServer
}

/** `recovery`: what stands in the recovery file beside the address of the shop's carts. `environment`: what else the hub is told. */
export const startPayingHub = async (
  recovery: object = {},
  environment: Readonly<Record<string, string>> = {}
): Promise<PayingHub> => {
  const stripe = await StripeServer.start()
  const texting = await startTextingHub(recovery, (url) => ({
    ...environment,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    STRIPE_API_URL: stripe.url,
    PUBLIC_URL: url
  }))
  const { hub } = texting
  stripe.webhookUrl = `${hub.url}/v1/payments/stripe/webhooks`
  const policy = { mutationId: "paying-hub", idleCartMs: 1_000, leftCheckoutMs: 60_000 }
  assert.equal((await http(hub, "POST", "/v1/cart-policy", policy)).status, 200)
  return {
    ...texting,
    stripe,
    close: async () => {
      await texting.close()
      await stripe.close()
      assert.deepEqual(stripe.violations, [])
    }
  }
}

/** `shownMinor`: the total that the page's form would say. */
export const follow = async (link: string, method = "GET", shownMinor?: number) => {
  const body = shownMinor === undefined ? {} : { body: new URLSearchParams({ total: String(shownMinor) }) }
  const reply = await fetch(link, { method, redirect: "manual", ...body })
  const { headers, status } = reply
  return { status, text: await reply.text(), location: headers.get("location"), headers }
}

/** Somebody pays at Stripe, and the hub has heard of it. */
export const pay = async ({ hub, stripe }: PayingHub, session: string, cart: string): Promise<unknown> => {
  const paid = await fetch(session, { method: "POST", body: new URLSearchParams({ choice: "card" }) })
  assert.equal(paid.status, 200)
  await stripe.deliveries.flush()
  const { order } = await eventually(
    async () => (await http(hub, "GET", `/v1/carts/${cart}`)).body,
    (body) => (body["order"] as { readonly state?: string } | undefined)?.state === "placed"
  )
  return order
}
