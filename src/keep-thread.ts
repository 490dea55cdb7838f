/**
 * Keeps a worker thread running: one that has ended is started again.
 */
import type { Worker } from "node:worker_threads"
import { Effect } from "effect"

const RESTART_AFTER = "1 second"
/** What is under way when it is told to stop is given so long. */
const STOP_MS_MAX = 5_000

export interface KeptThread {
  /** As the log has it. */
  readonly name: string
  readonly start: () => Worker
  /** Asks the one that was started last to end; it may have ended. */
  readonly stop: () => void
}

/** Runs until interrupted; then it waits until the thread has ended, by itself or after five seconds by force. */
export const keepThread = ({ name, start, stop }: KeptThread): Effect.Effect<never> => {
  const running = Effect.acquireRelease(
    Effect.sync(() => {
      const worker = start()
      return { worker, end: endOf(worker) }
    }),
    ({ worker, end }) =>
      Effect.promise(async () => {
        stop()
        const patience = setTimeout(() => void worker.terminate(), STOP_MS_MAX)
        await end
        clearTimeout(patience)
      })
  )
  return Effect.forever(
    Effect.gen(function* () {
      const why = yield* Effect.scoped(Effect.flatMap(running, ({ end }) => Effect.promise(() => end)))
      yield* Effect.logWarning(`The ${name} thread has ended (${why}) and is started again.`)
      yield* Effect.sleep(RESTART_AFTER)
    })
  )
}

/** Settles with the reason. Asked for when the thread is made: one that has ended does not say so again. */
const endOf = (worker: Worker): Promise<string> =>
  new Promise((resolve) => {
    let why: string | undefined
    worker.once("error", (error) => (why = String(error)))
    worker.once("exit", (code) => resolve(why ?? `code ${code}`))
  })
