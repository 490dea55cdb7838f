/**
 * What a channel tells becomes facts, each once in effect: the mutation id is made from the channel's own id of the
 * happening, so telling it again changes nothing, whoever tells it and however late.
 *
 * A happening on a listing that no SKU stands behind is held, not refused: it is shown, and becomes a fact when somebody
 * maps the listing. Nothing is answered to the channel before it is stored, as a fact or as held.
 */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import { type ChannelBook, HELD_MAX } from "../../actors/channel/book.ts"
import type { HeldEvent, HeldWhy } from "../../actors/channel/records.ts"
import { ID_LENGTH_MAX, QUANTITY_MAX, TEXT_LENGTH_MAX } from "../../config/limits.ts"
import type { ChannelEvent, ObservedEvent, UnfitEvent, UnitsEvent } from "./adapter.ts"
import type { LogWriter } from "./log-writer.ts"

/** It is not stored: the channel must tell it again. */
export class NotTaken extends Schema.TaggedError<NotTaken>()("NotTaken", { detail: Schema.String }) {}

export interface OutgoingFact {
  readonly sku: string
  readonly mutationId: string
  readonly body: Readonly<Record<string, unknown>>
}

/** By how much a channel moved what a listing shows, to be known when the hub tells of the fact. */
export interface Move {
  readonly listingId: string
  readonly shownBy: number
}

export interface IntakeOptions {
  readonly channel: string
  readonly book: ChannelBook
  readonly log: LogWriter
  readonly nowMs: () => number
  /** Stores facts durably, all of them; fails when it does not know that it did. */
  readonly publish: (facts: ReadonlyArray<OutgoingFact>) => Effect.Effect<void, NotTaken>
  /** A listing's id is its SKU where nothing else is mapped: tills and apps know no other. */
  readonly isIdentity: boolean
  readonly onObserved: (event: ObservedEvent) => void
}

export interface Taken {
  readonly facts: number
  readonly held: number
}

/** Facts told and not yet seen in the hub's news; what is forgotten costs a write that was not needed. */
const MOVES_MAX = 50_000

export class Intake {
  private readonly options: IntakeOptions
  private readonly moves = new Map<string, Move>()

  constructor(options: IntakeOptions) {
    this.options = options
  }

  /** Settles when everything is stored. */
  take(events: ReadonlyArray<ChannelEvent>): Effect.Effect<Taken, NotTaken> {
    return Effect.gen({ self: this }, function* () {
      const facts: Array<OutgoingFact> = []
      let held = 0
      for (const event of events) {
        if (event.type === "observed") this.options.onObserved(event)
        else {
          const fact = this.factOf(event)
          if ("why" in fact) held += yield* this.hold(event, fact.why, fact.detail)
          else facts.push(fact)
        }
      }
      if (facts.length > 0) yield* this.options.publish(facts)
      if (held > 0) yield* this.stored
      return { facts: facts.length, held }
    })
  }

  /** What was held for a listing becomes facts, now that it is mapped. Answers how many. */
  release(listingIds: ReadonlySet<string>): Effect.Effect<number, NotTaken> {
    return Effect.gen({ self: this }, function* () {
      const facts: Array<OutgoingFact> = []
      const ids: Array<string> = []
      for (const { event, why } of this.options.book.held.values()) {
        if (why !== "unmapped" || !listingIds.has((event as unknown as UnitsEvent).listingId)) continue
        const fact = this.factOf(event as unknown as UnitsEvent)
        if ("why" in fact) continue
        facts.push(fact)
        ids.push(event.id)
      }
      if (facts.length === 0) return 0
      yield* this.options.publish(facts)
      // A crash here tells them again, with the same ids.
      for (const id of ids) this.settle(id, "applied")
      yield* this.stored
      return facts.length
    })
  }

  /** An operator gives a held event up. False: there is none. */
  discard(id: string, reason: string): Effect.Effect<boolean, NotTaken> {
    return Effect.suspend(() => {
      if (!this.options.book.held.has(id)) return Effect.succeed(false)
      this.settle(id, "discarded", reason)
      return Effect.as(this.stored, true)
    })
  }

  /** The move that a fact's mutation made on the channel; `undefined` when it is not this hub's, or forgotten. */
  moveOf(mutationId: string): Move | undefined {
    const move = this.moves.get(mutationId)
    this.moves.delete(mutationId)
    return move
  }

  private factOf(event: UnitsEvent | UnfitEvent): OutgoingFact | { readonly why: HeldWhy; readonly detail: string } {
    if (event.type === "unfit") return { why: "unfit", detail: event.reason }
    const wrong = wrongEvent(event)
    if (wrong !== undefined) return { why: "unfit", detail: wrong }
    const { channel, book, isIdentity } = this.options
    const sku = book.find(event.listingId)?.sku ?? (isIdentity ? event.listingId : undefined)
    if (sku === undefined) return { why: "unmapped", detail: `No SKU stands behind the listing ${event.listingId}.` }
    const mutationId = mutationIdOf(channel, event.id)
    this.remember(mutationId, event)
    const { type, quantity, occurredAt, reference, locationId } = event
    return {
      sku,
      mutationId,
      body: {
        type,
        mutationId,
        quantity,
        channel,
        ...(occurredAt === undefined ? {} : { occurredAt }),
        ...(reference === undefined ? {} : { reference: reference.slice(0, TEXT_LENGTH_MAX) }),
        ...(locationId === undefined ? {} : { locationId })
      }
    }
  }

  private hold(event: UnitsEvent | UnfitEvent, why: HeldWhy, detail: string): Effect.Effect<number, NotTaken> {
    return Effect.suspend(() => {
      const { book, log, nowMs } = this.options
      if (book.held.has(event.id)) return Effect.succeed(0)
      if (book.held.size >= HELD_MAX) {
        return Effect.fail(new NotTaken({ detail: `${HELD_MAX} events are held already; map or discard some first.` }))
      }
      const record = { type: "held", event: storable(event), why, detail, at: nowMs() } as const
      book.fold(record)
      log.add(record)
      return Effect.succeed(1)
    })
  }

  private settle(id: string, as: "applied" | "discarded", reason?: string): void {
    const record = { type: "settled", id, as, ...(reason === undefined ? {} : { reason }) } as const
    this.options.book.fold(record)
    this.options.log.add(record)
  }

  private get stored(): Effect.Effect<void, NotTaken> {
    return Effect.mapError(this.options.log.flush, ({ detail }) => new NotTaken({ detail }))
  }

  private remember(mutationId: string, { listingId, shownBy }: UnitsEvent): void {
    if (shownBy === 0) return
    this.moves.set(mutationId, { listingId, shownBy })
    if (this.moves.size <= MOVES_MAX) return
    for (const oldest of this.moves.keys()) {
      this.moves.delete(oldest)
      return
    }
  }
}

/** What is kept of an event for a person; a third party's adapter may give anything. */
const HELD_CHARACTERS_MAX = 64 * 1024

const storable = (event: UnitsEvent | UnfitEvent): HeldEvent => {
  const known = event as unknown as HeldEvent
  let size = Infinity
  try {
    size = JSON.stringify(known).length
  } catch {
    // It nests too deep, or in circles.
  }
  if (size <= HELD_CHARACTERS_MAX) return known
  return { type: event.type, id: event.id, payload: "It was too large, or nested too deep, to be kept." }
}

/** The channel's id of a happening as the contract's mutation id: readable where it fits. */
export const mutationIdOf = (channel: string, id: string): string => {
  const readable = `${channel}:${id}`
  if (readable.length <= ID_LENGTH_MAX && readable.isWellFormed()) return readable
  return `${channel}:${createHash("sha256").update(id).digest("hex")}`
}

/** What the hub would refuse as a fact is held with the reason, so that it is seen at the channel it came from. */
const wrongEvent = ({ type, quantity, occurredAt, listingId }: UnitsEvent): string | undefined => {
  const isSigned = type === "adjustment"
  const least = type === "count" ? 0 : 1
  const isWhole = Number.isInteger(quantity) && Math.abs(quantity) <= QUANTITY_MAX
  if (!isWhole || (isSigned ? quantity === 0 : quantity < least)) return `A ${type} of ${quantity} units cannot be.`
  if (listingId.length === 0 || listingId.length > 512) return "The listing's id is empty or over 512 characters."
  if (occurredAt !== undefined && Number.isNaN(Date.parse(occurredAt))) return `${occurredAt} is no time.`
  return undefined
}
