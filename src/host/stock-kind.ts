/**
 * Stock as a kind of actors: what the host asks of it, put together.
 */
import type { JournalRecord } from "../../actors/sku/events.ts"
import { StockBook } from "../../actors/stock/book.ts"
import { writeRecord } from "../../streams/record-text.ts"
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
  writeRecord,
  count: (records, stats) => stats.countRecords(records)
})
