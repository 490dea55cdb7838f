/**
 * Spans of one call to somebody else, and where in a trace a call that is made now, or a line of the log that is written now, is.
 *
 * A call by a promise has its place from `AsyncLocalStorage`, an effect from its context: fibers are gone on with by whoever
 * settles what they wait for, and not where they began.
 */
import { AsyncLocalStorage } from "node:async_hooks"
import { Cause, Context, Effect, Exit, Tracer } from "effect"
import { type TraceParent, writeTraceparent } from "./traceparent.ts"

export const nanos = (atMs: number): bigint => BigInt(Math.round((performance.timeOrigin + atMs) * 1_000)) * 1_000n

export const placeOf = (span: Tracer.Span): string =>
  writeTraceparent({ traceId: span.traceId, spanId: span.spanId, isSampled: span.sampled })

export const externalOf = ({ traceId, spanId, isSampled }: TraceParent): Tracer.ExternalSpan =>
  Tracer.externalSpan({ traceId, spanId, sampled: isSampled })

/** Once; again is harmless. */
export const finish = (span: Tracer.Span): void => {
  if (span.status._tag === "Started") span.end(nanos(performance.now()), Exit.void)
}

const calls = new AsyncLocalStorage<string>()

/** What an HTTP call made now is to carry. */
export const placeOfCall = (): string | undefined => calls.getStore()

/** The same of an effect. */
export const PlaceOfEffect = Context.Reference<string | undefined>("holdfast/src/tracing/PlaceOfEffect", {
  defaultValue: () => undefined
})

/** One call may tell of several changes: each has a span in its own trace, and the first one's goes along. */
export class TracedCall {
  private readonly spans: ReadonlyArray<Tracer.Span>

  constructor(spans: ReadonlyArray<Tracer.Span>) {
    this.spans = spans
  }

  run<A>(call: () => A): A {
    const [first] = this.spans
    return first === undefined ? call() : calls.run(placeOf(first), call)
  }

  end(outcome: string): void {
    for (const span of this.spans) {
      span.attribute("holdfast.outcome", outcome)
      finish(span)
    }
  }

  attribute(name: string, value: string): void {
    for (const span of this.spans) span.attribute(name, value)
  }

  /** The effect that makes the call: it ends with it, and what is logged in it is in its trace. */
  around<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const [first] = this.spans
    const placed = first === undefined ? effect : Effect.provideService(effect, PlaceOfEffect, placeOf(first))
    return Effect.onExit(placed, (exit) => Effect.sync(() => this.end(outcomeOf(exit))))
  }
}

/** The very same effect where nothing is traced. */
export const within = <A, E, R>(call: TracedCall | undefined, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  call === undefined ? effect : call.around(effect)

/** Handles it as what the headers say: calls and lines of the log that follow from it have its trace. */
export const atPlace = <A>(place: string, handle: () => A): A => calls.run(place, handle)

/** What is run now and goes on later stays where it is. */
export const keepingPlace = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const place = calls.getStore()
  return place === undefined ? effect : Effect.provideService(effect, PlaceOfEffect, place)
}

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "ok"
  const failure = Cause.squash(exit.cause)
  return typeof failure === "object" && failure !== null && "code" in failure ? String(failure.code) : "failed"
}
