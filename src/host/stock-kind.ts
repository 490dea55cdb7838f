/**
 * Stock as a kind of actors: what the host asks of it, put together.
 */
import type { JournalRecord } from "../../actors/sku/events.ts"
import { StockBook } from "../../actors/stock/book.ts"
import type { Kind } from "./kind.ts"
import type { Mail } from "./mail.ts"
import { commitBytesMax } from "./mailbox.ts"
import { keyOf, standAlone } from "./ownership.ts"
import { decideTurn, knownPositions, rememberedBy } from "./turn.ts"

export const stockKind = (holdsPerHolderMax: number): Kind<JournalRecord, Mail, StockBook> => ({
  newBook: () => new StockBook(holdsPerHolderMax),
  knownPositions,
  decideTurn,
  rememberedBy,
  commitBytesMax,
  keyOf,
  standAlone,
  count: (records, stats) => stats.countRecords(records)
})
