/**
 * Goal: whoever has the shop open when their cart is left is spoken to there, once; whoever has gone gets a text.
 * Method: a real hub, sockets that follow carts as a shop's page does, and the local Twilio.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import { isHeldOut } from "../../actors/recovery/holdout.ts"
import { POLICY_DEFAULT } from "../../actors/recovery/policy.ts"
import { noonZone } from "../../scripts/shoppers/hub-files.ts"
import type { LocalTwilio } from "../../scripts/carriers/twilio/server.ts"
import { eventually, http, type TestHub, TestSocket } from "../support/hub.ts"
import { startTextingHub } from "../support/texting-hub.ts"

let twilio: LocalTwilio
let close: () => Promise<void>
let hub: TestHub
let count = 0

const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
  const reply = await http(hub, "POST", path, { mutationId: `m${++count}`, ...body })
  assert.ok(reply.status < 300, JSON.stringify(reply.body))
  return reply.body
}

/** Somebody with a text number, who agreed to be spoken to in the shop, looks at their cart. */
const shopping = async () => {
  let customerId = `chats-${++count}`
  while (isHeldOut(customerId, POLICY_DEFAULT)) customerId = `chats-${++count}`
  const phone = `+4477007${String(10_000 + count)}`
  const cart = `cart-of-${customerId}`
  const path = `/v1/customers/${customerId}/requests`
  await post(path, { type: "point", channel: "sms", address: phone, hasConsented: true })
  await post(path, { type: "point", channel: "web-chat", address: customerId, hasConsented: true })
  await post(path, { type: "settings", zone: noonZone(), preferred: ["sms"] })
  const socket = await TestSocket.open(hub)
  socket.send({ op: "subscribe", topics: [`cart.${cart}`] })
  await post(`/v1/carts/${cart}/requests`, {
    type: "add",
    sku: "MUG",
    name: "Blue mug",
    quantity: 1,
    unitPriceMinor: 950,
    currency: "GBP"
  })
  await post(`/v1/carts/${cart}/requests`, { type: "sign-in", customerId })
  await socket.next(({ op }) => op === "cart")
  return { cart, customerId, phone, socket }
}

beforeAll(async () => {
  ;({ hub, twilio, close } = await startTextingHub())
}, 60_000)

afterAll(async () => {
  await close()
}, 30_000)

describe("a shopper who leaves a cart", () => {
  it("and has the shop open is spoken to there, once, and gets no text", async () => {
    const { cart, customerId, phone, socket } = await shopping()
    const said = await socket.next(({ op }) => op === "chat")
    assert.equal(said["cart"], cart)
    assert.match(String(said["text"]), /You left Blue mug/)
    assert.ok(String(said["text"]).includes(String(said["link"])))
    await eventually(
      async () => (await http(hub, "GET", `/v1/customers/${customerId}`)).body["recovery"] as { readonly step: number },
      ({ step }) => step === 1
    )
    const messages = (await http(hub, "GET", `/v1/customers/${customerId}`)).body["messages"]
    assert.deepEqual(
      (messages as ReadonlyArray<Record<string, unknown>>).map(({ attemptId, channel }) => [attemptId, channel]),
      [[said["id"], "web-chat"]]
    )
    assert.equal(socket.messages.filter(({ op }) => op === "chat").length, 1)
    assert.equal(twilio.sent(phone).length, 0)
    socket.close()
  }, 30_000)

  it("and has closed the shop gets a text", async () => {
    const { phone, socket } = await shopping()
    socket.close()
    await eventually(
      async () => twilio.sent(phone),
      (sent) => sent.length === 1,
      15_000
    )
    assert.ok(!socket.messages.some(({ op }) => op === "chat"))
  }, 30_000)
})
