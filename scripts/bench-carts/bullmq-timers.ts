/**
 * The queue-based peer's idle timers, as BullMQ's users write them: a delayed job for each cart under the cart's own id,
 * taken out and put in again when the cart changes.
 */
import { Queue, Worker } from "bullmq"

const BATCH = 500

export interface QueueTimers {
  readonly setPerSecond: number
  readonly replacedPerSecond: number
  readonly lateMs: ReadonlyArray<number>
}

interface Timer {
  readonly dueMs: number
}

/** Sets `count` timers, replaces each of the first `replaced` once, and waits until those that fire in `delayMs` have. */
export const queueTimers = async (
  port: number,
  { count, replaced, fired, delayMs }: Readonly<Record<"count" | "replaced" | "fired" | "delayMs", number>>
): Promise<QueueTimers> => {
  const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null }
  const queue = new Queue<Timer>("idle-carts", { connection })
  const far = 60 * 60_000
  const set = async (from: number, until: number, delay: number): Promise<void> => {
    const dueMs = Date.now() + delay
    const jobs = Array.from({ length: until - from }, (_, n) => ({
      name: "idle",
      data: { dueMs },
      opts: { jobId: `cart-${from + n}`, delay, removeOnComplete: true }
    }))
    await queue.addBulk(jobs)
  }
  const timed = async (total: number, act: (from: number, until: number) => Promise<void>): Promise<number> => {
    const startedMs = performance.now()
    for (let from = 0; from < total; from += BATCH) await act(from, Math.min(total, from + BATCH))
    return (total * 1_000) / (performance.now() - startedMs)
  }
  const setPerSecond = await timed(count, (from, until) => set(from, until, far))
  const replacedPerSecond = await timed(replaced, async (from, until) => {
    await Promise.all(Array.from({ length: until - from }, (_, n) => queue.remove(`cart-${from + n}`)))
    await set(from, until, far)
  })
  const lateMs: Array<number> = []
  const worker = new Worker<Timer>("idle-carts", async (job) => void lateMs.push(Date.now() - job.data.dueMs), {
    connection,
    concurrency: 64
  })
  await worker.waitUntilReady()
  await timed(fired, async (from, until) => {
    await Promise.all(Array.from({ length: until - from }, (_, n) => queue.remove(`cart-${from + n}`)))
    await set(from, until, delayMs)
  })
  const patienceUntil = Date.now() + delayMs + 60_000
  while (lateMs.length < fired && Date.now() < patienceUntil) await new Promise((resolve) => setTimeout(resolve, 100))
  await worker.close()
  await queue.close()
  return { setPerSecond, replacedPerSecond, lateMs }
}
