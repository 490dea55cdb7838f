/**
 * One trace from a fact or a request to the calls that tell the channels of it, and from what is done to a cart to its hold,
 * its payment link and the messages about it.
 *
 * Commands travel without it: a trace is found again by the owner and mutation id that a commit names, in the channels'
 * thread by the SKU and version that a write carries, and for what follows from a cart by the cart. So the turn and the journal
 * know nothing of traces, and where none are exported (`current()` is `undefined`) there is nothing to look up and nothing
 * is made.
 *
 * T1 Nothing in a span is personal: SKUs, carts, mutation ids, channels, codes, the ids that a carrier or Stripe gives.
 * T2 What is remembered is bounded; of what is forgotten the span ends, and what follows from it is in no trace.
 */
import { Context, Option, type Tracer } from "effect"
import { bundleOf, LINES_SCOPE } from "../../actors/stock/stock.ts"
import { externalOf, finish, nanos, placeOf, TracedCall } from "./traced-call.ts"
import { readTraceparent } from "./traceparent.ts"

/**
 * Commands on their way, SKUs whose last change a channel may still be told of, carts that somebody may still be written to
 * about: some hundred bytes each.
 */
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
  readonly ratio: () => number
  readonly random: () => number
}

/** A mutation of a SKU, of a cart, or of several lines of stock together. */
export type Named = { readonly sku: string; readonly mutationId: string } | CartNamed | LinesNamed

export interface CartNamed {
  readonly cart: string
  readonly mutationId: string
}

interface LinesNamed {
  readonly sku?: never
  readonly cart?: never
  readonly mutationId: string
}

/** A cart's command may name a SKU, a SKU's no cart. */
const keyOf = ({ mutationId, ...owner }: Named): string => {
  if ("cart" in owner && owner.cart !== undefined) return `cart ${owner.cart}\0${mutationId}`
  return "sku" in owner && owner.sku !== undefined ? `sku ${owner.sku}\0${mutationId}` : `lines\0${mutationId}`
}

const attributesOf = ({ mutationId, ...owner }: Named): Record<string, string> => ({
  ...("sku" in owner && owner.sku !== undefined ? { "holdfast.sku": owner.sku } : {}),
  ...("cart" in owner && owner.cart !== undefined ? { "holdfast.cart": owner.cart } : {}),
  "holdfast.mutation_id": mutationId
})

/** A stock event, as far as it says whose mutation it records. */
interface StockChanged {
  readonly sku: string
  readonly mutationId: string
  readonly scope?: string
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
  /** Where the newest change of a cart that is in a trace has landed. */
  private readonly carts = new Newest<string>(() => undefined)

  constructor(options: TracingOptions) {
    this.options = options
  }

  /** `undefined`: it is not to be exported. */
  begin({ name, kind, parent, atMs, attributes }: Begun): Tracer.Span | undefined {
    const { tracer, ratio, random } = this.options
    const place = readTraceparent(parent)
    if (!(place === undefined ? random() < ratio() : place.isSampled)) return undefined
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
    const span = this.begin({ ...begun, kind: "server", attributes: attributesOf(named) })
    if (span !== undefined) this.open.set(keyOf(named), span)
    return span
  }

  /** A commit holds it. Answers the place that what follows from it goes on at. */
  landed(named: Named): string | undefined {
    const span = this.open.get(keyOf(named))
    if (span === undefined) return undefined
    if (span.status._tag === "Started") span.attribute("holdfast.outcome", "ok")
    finish(span)
    return placeOf(span)
  }

  /** The same of a change of stock, whoever's mutation it is. */
  landedStock({ mutationId, scope, sku }: StockChanged): string | undefined {
    if (scope === undefined) return this.landed({ sku, mutationId })
    return this.landed(scope === LINES_SCOPE ? { mutationId } : { sku: bundleOf(scope), mutationId })
  }

  /** The same of a change of a cart: what follows from the cart goes on from there. */
  landedCart({ cart, mutationId }: CartNamed): void {
    const place = this.landed({ cart, mutationId })
    if (place !== undefined) this.carts.set(cart, place)
  }

  placeOfCart(cart: string): string | undefined {
    return this.carts.get(cart)
  }

  /** A call that follows from a cart, or from who asked for it; `undefined`: neither is in a trace. */
  ofCart(cart: string, { parent, ...about }: Pick<Begun, "name" | "parent" | "attributes">): TracedCall | undefined {
    const from = parent ?? this.carts.get(cart)
    if (from === undefined) return undefined
    const attributes = { "holdfast.cart": cart, ...about.attributes }
    const atMs = performance.now()
    const span = this.begin({ name: about.name, kind: "client", parent: from, atMs, attributes })
    return span === undefined ? undefined : new TracedCall([span])
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
    const attributes = attributesOf(named)
    const span = this.begin({ name, kind: "producer", parent: undefined, atMs: performance.now(), attributes })
    return span === undefined ? undefined : { place: placeOf(span), end: () => finish(span) }
  }
}

type Answered = { readonly ok: true } | { readonly ok: false; readonly code: string }

/** With the span ended by the answer, whatever it is; the very same reply where nothing is traced. */
export const ending = <A extends Answered>(
  span: Tracer.Span | undefined,
  reply: (answer: A) => void
): ((answer: A) => void) => {
  if (span === undefined) return reply
  return (answer) => {
    span.attribute("holdfast.outcome", answer.ok ? "ok" : answer.code)
    finish(span)
    reply(answer)
  }
}

/** A request's reply, with a span that begins when it came in and ends with its answer. `receivedAtMs`: of `performance.now()`. */
export const traced = <A extends Answered>(
  name: string,
  named: Named,
  sent: { readonly receivedAtMs: number; readonly traceparent?: string | undefined },
  reply: (answer: A) => void
): ((answer: A) => void) =>
  ending(current()?.received(named, { name, parent: sent.traceparent, atMs: sent.receivedAtMs }), reply)

let tracing: Tracing | undefined

/** `undefined` where nothing is exported. */
export const current = (): Tracing | undefined => tracing

export const install = (one: Tracing | undefined): void => {
  tracing = one
}
