/**
 * What of a NATS server is copied, in which order, and up to where: so that what is restored fits together although the hub
 * went on working while it was copied.
 *
 * B1 Journals, and what is published from them, end at one moment T of the server's clock. What follows from a commit is
 *    stored after it, so with every commit all that led to it is there: of a cart and the stock that it holds, both or neither.
 * B2 What says of the hub that something was taken from elsewhere (the channels' logs, alerts told, payments acknowledged) is
 *    read before T: it may be told again, which changes nothing, and is never forgotten.
 * B3 Facts are read right after T and to their end: what no commit up to T has taken is among them. The hub drops what it has
 *    taken once a minute; a copy in which that went too far is made again (`backup.ts`).
 * B4 Customers' keys are read last: whoever stands in a journal has a key, and who was erased meanwhile has none.
 *
 * Not copied: snapshots of actors, which a start makes again from the journal, and messages of timers that are due already.
 */
import {
  ALERTS,
  bucketStream,
  CART,
  CART_EVENTS,
  CHANNELS,
  CUSTOMER,
  PERSONAL_INDEX_BUCKET,
  PERSONAL_KEYS_BUCKET,
  SNAPSHOTS,
  STOCK,
  STOCK_EVENTS,
  TIMERS
} from "../../streams/subjects.ts"

export interface Copied {
  readonly stream: string
  /** Only these. */
  readonly subjects: string
  /** Nothing later than T. */
  readonly untilCut: boolean
}

export interface Plan {
  readonly beforeCut: ReadonlyArray<Copied>
  readonly afterCut: ReadonlyArray<Copied>
}

export const KINDS = [STOCK, CART, CUSTOMER]

const BEFORE = new Set([CHANNELS, SNAPSHOTS])
const FIRST = new Set(KINDS.map(({ facts }) => facts))
const LAST = new Set([PERSONAL_KEYS_BUCKET, PERSONAL_INDEX_BUCKET].map(bucketStream))
const UNTIL_CUT = new Set([...KINDS.map(({ journal }) => journal), STOCK_EVENTS, CART_EVENTS, ALERTS])
const ONLY: Readonly<Record<string, string>> = { [SNAPSHOTS]: "snapshot.alerts.*", [TIMERS]: "timer.>" }

/** Streams that it does not know are copied to their end, after the journals. */
export const planOf = (streams: ReadonlyArray<string>): Plan => {
  const copied = (stream: string): Copied => ({
    stream,
    subjects: ONLY[stream] ?? ">",
    untilCut: UNTIL_CUT.has(stream)
  })
  const place = (stream: string): number => (FIRST.has(stream) ? 0 : LAST.has(stream) ? 2 : 1)
  const sorted = streams.toSorted((one, other) => place(one) - place(other) || one.localeCompare(other))
  return {
    beforeCut: sorted.filter((stream) => BEFORE.has(stream)).map(copied),
    afterCut: sorted.filter((stream) => !BEFORE.has(stream)).map(copied)
  }
}
