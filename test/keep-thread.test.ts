/**
 * Goal: a thread that has ended, however it did, is started again, and whoever stops it is never left waiting.
 * Method: real threads that fail, end, or stay; the log tells why each was started again.
 */
import assert from "node:assert/strict"
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { Effect, Fiber, Logger } from "effect"
import { describe, it } from "vitest"
import { keepThread } from "../src/keep-thread.ts"
import { eventually } from "./support/hub.ts"

const FAILS = `throw new Error("broken")`
const ENDS = `process.exit(3)`
const STAYS = `require("node:worker_threads").parentPort.on("message", () => process.exit(0))`

/** Runs the sources one after the other, the last again and again. */
const keep = (...sources: ReadonlyArray<string>) => {
  const started: Array<Worker> = []
  const warnings: Array<string> = []
  const seen = { started, warnings }
  const log = Logger.make(({ message }) => void warnings.push(String(message)))
  const kept = keepThread({
    name: "sample",
    start: () => {
      const worker = new Worker(sources[Math.min(started.length, sources.length - 1)] ?? "", { eval: true })
      started.push(worker)
      return worker
    },
    stop: () => started.at(-1)?.postMessage("stop")
  })
  const fiber = Effect.runFork(kept.pipe(Effect.provide(Logger.layer([log]))))
  return { seen, stop: () => Effect.runPromise(Fiber.interrupt(fiber)) }
}

describe("a thread that is kept", () => {
  it("is started again when it has failed and when it has ended, and stops when it is told", async () => {
    const { seen, stop } = keep(FAILS, ENDS, STAYS)
    await eventually(
      async () => seen.started.length,
      (count) => count === 3
    )
    assert.deepEqual(seen.warnings, [
      "The sample thread has ended (Error: broken) and is started again.",
      "The sample thread has ended (code 3) and is started again."
    ])
    const [, , last] = seen.started
    const exit = once(last as Worker, "exit")
    await stop()
    assert.deepEqual(await exit, [0])
    assert.equal(seen.started.length, 3)
  })

  it("is stopped at once when it has just ended", async () => {
    const { seen, stop } = keep(FAILS)
    const [worker] = seen.started
    await new Promise((resolve) => (worker as Worker).once("exit", resolve))
    await stop()
    assert.equal(seen.started.length, 1)
  })
})
