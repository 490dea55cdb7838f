/**
 * One trace from a fact or a request to the calls that tell the channels of it.
 *
 * Commands travel without it: a trace is found again by the SKU and mutation id that a commit names, and in the channels'
 * thread by the SKU and version that a write carries. So the turn and the journal know nothing of traces, and where none are
 * exported (`current()` is `undefined`) there is nothing to look up and nothing is made.
 *
 * T1 Nothing in a span is personal: SKUs, mutation ids, channels, codes.
 * T2 What is remembered is bounded; of what is forgotten the span ends, and what follows from it is in no trace.
 */
import { AsyncLocalStorage } from "node:async_hooks"
import { Context, Exit, Option, Tracer } from "effect"
import { readTraceparent, type TraceParent, writeTraceparent } from "./traceparent.ts"

/** Commands on their way, and SKUs whose last change a channel may still be told of: some hundred bytes each. */
const OPEN_MAX = 10_000

export interface Begun {
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly parent: string | undefined
  /** `performance.now()` when it began. */
  readonly atMs: number
  readonly attributes: Readonly<Record<string, string | number>>
}

export interface TracingOptions {
  readonly tracer: Tracer.Tracer
  /** Of the traces that begin here so many are exported, from 0 to 1; one that comes from outside has been decided on there. */
  readonly ratio: number
  readonly random: () => number
}

export interface Named {
  readonly sku: string
  readonly mutationId: string
}

const nanos = (atMs: number): bigint => BigInt(Math.round((performance.timeOrigin + atMs) * 1_000)) * 1_000n

const placeOf = (span: Tracer.Span): string =>
  writeTraceparent({ traceId: span.traceId, spanId: span.spanId, isSampled: span.sampled })

const keyOf = ({ sku, mutationId }: Named): string => `${sku}\0${mutationId}`

/** Once; again is harmless. */
export const finish = (span: Tracer.Span): void => {
  if (span.status._tag === "Started") span.end(nanos(performance.now()), Exit.void)
}

/** Keeps the newest so many. */
class Newest<A> {
  private readonly entries = new Map<string, A>()
  private readonly onForgotten: (one: A) => void

  constructor(onForgotten: (one: A) => void) {
    this.onForgotten = onForgotten
  }

  get(key: string): A | undefined {
    return this.entries.get(key)
  }

  set(key: string, one: A): void {
    this.entries.delete(key)
    this.entries.set(key, one)
    if (this.entries.size <= OPEN_MAX) return
    const [oldest] = this.entries
    if (oldest === undefined) return
    this.entries.delete(oldest[0])
    this.onForgotten(oldest[1])
  }
}

export class Tracing {
  private readonly options: TracingOptions
  private readonly open = new Newest<Tracer.Span>(finish)
  private readonly told = new Newest<{ readonly version: number; readonly place: string }>(() => undefined)

  constructor(options: TracingOptions) {
    this.options = options
  }

  /** `undefined`: it is not to be exported. */
  begin({ name, kind, parent, atMs, attributes }: Begun): Tracer.Span | undefined {
    const { tracer, ratio, random } = this.options
    const place = readTraceparent(parent)
    if (!(place === undefined ? random() < ratio : place.isSampled)) return undefined
    const span = tracer.span({
      name,
      kind,
      parent: place === undefined ? Option.none() : Option.some(externalOf(place)),
      annotations: Context.empty(),
      links: [],
      startTime: nanos(atMs),
      root: place === undefined,
      sampled: true
    })
    for (const attribute in attributes) span.attribute(attribute, attributes[attribute])
    return span
  }

  /** A fact or a request has come in. Answers its span, which ends when it is in the journal. */
  received(named: Named, begun: Omit<Begun, "kind" | "attributes">): Tracer.Span | undefined {
    const attributes = { "holdfast.sku": named.sku, "holdfast.mutation_id": named.mutationId }
    const span = this.begin({ ...begun, kind: "server", attributes })
    if (span !== undefined) this.open.set(keyOf(named), span)
    return span
  }

  /** A commit holds it. Answers the place that what follows from it goes on at. */
  landed(named: Named): string | undefined {
    const span = this.open.get(keyOf(named))
    if (span === undefined) return undefined
    finish(span)
    return placeOf(span)
  }

  /** Channels are told of this version of the SKU. */
  changed(sku: string, version: number, place: string): void {
    this.told.set(sku, { version, place })
  }

  /** A call to a channel, with what it tells; `undefined`: nothing of it is in a trace. */
  call(
    channel: string,
    writes: ReadonlyArray<{ readonly sku: string; readonly version: number }>
  ): TracedCall | undefined {
    const spans = writes.flatMap(({ sku, version }) => {
      const told = this.told.get(sku)
      if (told === undefined || told.version > version) return []
      const attributes = { "holdfast.channel": channel, "holdfast.sku": sku, "holdfast.version": version }
      const about = { name: `channel.push ${channel}`, kind: "client", parent: told.place, attributes } as const
      return this.begin({ ...about, atMs: performance.now() }) ?? []
    })
    return spans.length === 0 ? undefined : new TracedCall(spans)
  }

  /** Something that begins at the hub: a fact that a channel told. */
  publishing(name: string, named: Named): { readonly place: string; readonly end: () => void } | undefined {
    const attributes = { "holdfast.sku": named.sku, "holdfast.mutation_id": named.mutationId }
    const span = this.begin({ name, kind: "producer", parent: undefined, atMs: performance.now(), attributes })
    return span === undefined ? undefined : { place: placeOf(span), end: () => finish(span) }
  }
}

const externalOf = ({ traceId, spanId, isSampled }: TraceParent): Tracer.ExternalSpan =>
  Tracer.externalSpan({ traceId, spanId, sampled: isSampled })

const calls = new AsyncLocalStorage<string>()

/** What an HTTP call made now is to carry; also what a line of the log belongs to. */
export const placeOfCall = (): string | undefined => calls.getStore()

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
}

let tracing: Tracing | undefined

/** `undefined` where nothing is exported. */
export const current = (): Tracing | undefined => tracing

export const install = (one: Tracing | undefined): void => {
  tracing = one
}
