/**
 * Goal: a line of the log names the trace that it belongs to, also when it is written long after and by another fiber than it
 * began in, and no line names one that it does not belong to.
 * Method: the hub's own logger; what it writes is read from standard error.
 */
import assert from "node:assert/strict"
import { Effect, Tracer } from "effect"
import { it } from "vitest"
import { logging } from "../../src/logging.ts"
import { atPlace, keepingPlace, within } from "../../src/tracing/traced-call.ts"
import { Tracing } from "../../src/tracing/tracing.ts"

const TRACE = "0af7651916cd43dd8448eb211c80319c"
const PLACE = `00-${TRACE}-b7ad6b7169203331-01`

const tracing = new Tracing({
  tracer: Tracer.make({ span: (options) => new Tracer.NativeSpan(options) }),
  ratio: () => 0,
  random: () => 1
})

const linesOf = async (act: () => Promise<unknown>): Promise<ReadonlyArray<readonly [string, unknown]>> => {
  const { write } = process.stderr
  const written: Array<string> = []
  process.stderr.write = (text: string | Uint8Array) => written.push(String(text)) > 0
  try {
    await act()
  } finally {
    process.stderr.write = write
  }
  return written.map((line) => {
    const { message, traceId } = JSON.parse(line) as { readonly message: string; readonly traceId?: string }
    return [message, traceId]
  })
}

const run = (effect: Effect.Effect<unknown, unknown>): Promise<unknown> =>
  Effect.runPromise(Effect.ignore(effect).pipe(Effect.provide(logging)))

it("a line that is written within a call has its trace, and those beside it have none", async () => {
  const call = tracing.ofCart("basket", { name: "message.send sms", parent: PLACE, attributes: {} })
  const sending = Effect.andThen(Effect.sleep("5 millis"), Effect.logWarning("within"))
  const found = await linesOf(() =>
    run(Effect.all([within(call, sending), within(undefined, Effect.logInfo("beside"))], { concurrency: 2 }))
  )
  assert.deepEqual(
    new Map(found),
    new Map([
      ["within", TRACE],
      ["beside", undefined]
    ])
  )
})

it("a line that is written for a request has its trace, also when what it waited for was settled elsewhere", async () => {
  let settle: () => void = () => undefined
  const waiting = Effect.callback<void>((resume) => void (settle = () => resume(Effect.void)))
  const handled = Effect.andThen(waiting, Effect.logError("handled"))
  const found = await linesOf(async () => {
    const done = atPlace(PLACE, () => run(keepingPlace(handled)))
    await new Promise((resolve) => setImmediate(resolve))
    settle()
    await done
    await run(keepingPlace(Effect.logError("another")))
  })
  assert.deepEqual(found, [
    ["handled", TRACE],
    ["another", undefined]
  ])
})

it("a sender's header that is no traceparent names no trace", async () => {
  const found = await linesOf(() => atPlace("00-abc", () => run(keepingPlace(Effect.logInfo("odd")))))
  assert.deepEqual(found, [["odd", undefined]])
})
