/**
 * `npm start -- --demo`: three shops on this machine sell the same stock at once, while a real retailer's invoices are
 * played through the hub as its tills, and shoppers pay their carts at a Stripe of this machine.
 */
import { Worker } from "node:worker_threads"
import { type ChannelConfig, readChannels } from "../../config/channels.ts"
import { type PaymentsConfig, readPayments } from "../../config/payments.ts"
import { playDemo } from "./replay.ts"

/** What the shops' thread says once: where its shops are, as the text of a channels file, and the settings for its Stripe. */
export interface ShopsOpen {
  readonly channels: string
  readonly payments: Readonly<Record<string, string>>
}

/** What it is told once: the hub that they sell for. */
export interface HubReady {
  readonly url: string
}

export interface Demo {
  readonly channels: ReadonlyArray<ChannelConfig>
  readonly payments: PaymentsConfig | undefined
  readonly whenReady: (url: string) => Promise<void>
}

export const prepareDemo = async (): Promise<Demo> => {
  const worker = new Worker(new URL("shops.js", import.meta.url))
  worker.unref()
  const { channels, payments } = await new Promise<ShopsOpen>((resolve, reject) => {
    worker.once("message", resolve)
    worker.once("error", reject)
  })
  return {
    channels: readChannels(channels, {}),
    payments: readPayments({ ...payments, PUBLIC_URL: `http://127.0.0.1:${process.env["PORT"] ?? "3020"}` }),
    whenReady: async (url) => {
      const ready: HubReady = { url }
      worker.postMessage(ready)
      process.stderr.write(`holdfast: three shops sell the same stock; watch them at ${url}/channels\n`)
      await playDemo(url)
    }
  }
}
