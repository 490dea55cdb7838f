/**
 * The benches of the channels that only tell: tills with a key, an app with a token.
 */
import { createHmac } from "node:crypto"
import mobile from "../../../src/channels/adapters/mobile/adapter.ts"
import pos from "../../../src/channels/adapters/pos/adapter.ts"
import type { AdapterModule } from "../../../src/channels/adapter.ts"
import { TellingChannel, type Telling } from "../../marketplaces/tills/marketplace.ts"
import type { AdapterBench, StartBench } from "../bench.ts"

export const TILL_KEY = "the key of this machine's tills"
export const APP_SECRET = "the secret of this machine's mobile app"

export const tillBatch: Telling = ({ id, lines }, isCancelled, atMs) =>
  lines.map(({ lineId, listingId, quantity }) => ({
    id: `${id}-${lineId}${isCancelled ? "-back" : ""}`,
    type: isCancelled ? "return" : "sale",
    sku: listingId,
    quantity,
    occurred_at: new Date(atMs).toISOString(),
    till: "1",
    receipt: id
  }))

const appOrder: Telling = ({ id, lines }, isCancelled, atMs) => ({
  type: isCancelled ? "cancellation" : "order",
  order: id,
  at: new Date(atMs).toISOString(),
  lines: lines.map(({ lineId, listingId, quantity }) => ({ line: lineId, sku: listingId, quantity }))
})

export const appToken = (
  claims: object,
  secret = APP_SECRET,
  header: object = { alg: "HS256", typ: "JWT" }
): string => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
  const signed = `${encode(header)}.${encode(claims)}`
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`
}

const telling =
  (module: AdapterModule, settings: object, how: Telling, authorize: (atMs: number) => string): StartBench =>
  async (): Promise<AdapterBench> => {
    const market = new TellingChannel(how)
    const sign = (body: Uint8Array, atMs: number) => ({
      topic: "",
      headers: { authorization: authorize(atMs) },
      body,
      receivedAtMs: atMs
    })
    return {
      module,
      settings,
      market,
      isTold: false,
      isBodySigned: false,
      listingId: (index) => `SKU-${index}`,
      deliveries: () => market.undelivered.splice(0).map((body) => sign(Buffer.from(body), Date.now())),
      sign,
      nowMs: Date.now
    }
  }

export const posBench = telling(pos, { key: TILL_KEY }, tillBatch, () => `Bearer ${TILL_KEY}`)

export const mobileBench = telling(
  mobile,
  { secret: APP_SECRET },
  appOrder,
  (atMs) => `Bearer ${appToken({ aud: "holdfast", exp: Math.floor(atMs / 1_000) + 300 })}`
)
