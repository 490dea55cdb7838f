/**
 * The queue-based peer's workers, as BullMQ's users write them: a queue for each channel, a job for each change, retried
 * with exponential backoff; a job sends the quantity that it was made with.
 */
import { Worker } from "bullmq"
import { endWithParent } from "../bench/end-with-parent.ts"

const { REDIS_PORT = "", RECEIVERS = "", CHANNELS = "" } = process.env
const CONCURRENCY = 32

endWithParent()
for (const channel of CHANNELS.split(",")) {
  const worker = new Worker<{ readonly sku: string; readonly quantity: number }>(
    `push-${channel}`,
    async (job) => {
      const response = await fetch(`${RECEIVERS}/${channel}`, { method: "POST", body: JSON.stringify([job.data]) })
      await response.text()
      if (!response.ok) throw new Error(`status ${response.status}`)
    },
    {
      connection: { host: "127.0.0.1", port: Number(REDIS_PORT), maxRetriesPerRequest: null },
      concurrency: CONCURRENCY
    }
  )
  await worker.waitUntilReady()
}
process.stdout.write("ready\n")
