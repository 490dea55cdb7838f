/**
 * How fast the journal is read back and folded, and what an idle actor costs: what a restart and an audit live on.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Effect } from "effect"
import { StockBook } from "../../actors/stock/book.ts"
import { isStockEvent } from "../../actors/sku/events.ts"
import { holdfastTarget } from "./holdfast-target.ts"
import { closedLoop, skusOf, unitsOf } from "./workloads.ts"
import { withJournal } from "../journal-reader.ts"

export interface ReplayRate {
  readonly events: number
  readonly eventsPerSecond: number
}

/** A journal of so many seconds of carts at full speed. */
const CARTS_SECONDS = 6

export const replayRate = async (): Promise<ReplayRate> => {
  const target = holdfastTarget()
  await target.prepare(skusOf("carts"), unitsOf("carts"))
  await closedLoop(target, "carts", CARTS_SECONDS)
  await target.hub().kill()
  try {
    return await foldJournal(target.hub().natsUrl)
  } finally {
    await target.close()
  }
}

const foldJournal = (natsUrl: string): Promise<ReplayRate> =>
  withJournal(natsUrl, (journal) =>
    Effect.gen(function* () {
      const until = yield* journal.lastSequence
      const book = new StockBook()
      let events = 0
      const startedMs = performance.now()
      yield* journal.scan({ fromSequence: 1, untilSequence: until }, (commit) => {
        for (const record of commit.records) {
          if (isStockEvent(record)) events++
          book.apply(record, commit.at)
        }
      })
      return { events, eventsPerSecond: (events * 1_000) / (performance.now() - startedMs) }
    })
  )

const ACTORS = 200_000

/** The engine's collector: garbage of what ran before, collected meanwhile, once made an actor cost less than nothing. */
const collector = (): (() => void) => {
  setFlagsFromString("--expose-gc")
  return runInNewContext("gc") as () => void
}

/** Bytes of a sleeping actor, its name and its place in the book included. */
export const idleActorBytes = (): number => {
  const collect = collector()
  collect()
  const before = process.memoryUsage().heapUsed
  const book = new StockBook()
  for (let index = 0; index < ACTORS; index++) {
    const sku = `SKU-${index}`
    book.apply(
      { type: "receipt", sku, version: 1, mutationId: `m${index}`, quantity: 10, physical: 10, allocated: 0 },
      1_700_000_000_000
    )
  }
  book.sweep(ACTORS, true)
  book.sweep(ACTORS, true)
  collect()
  const bytes = (process.memoryUsage().heapUsed - before) / ACTORS
  // The book must be alive until its memory was read.
  return book.size === ACTORS ? bytes : Number.NaN
}
