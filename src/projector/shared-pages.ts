/**
 * Pages of a list that costs PostgreSQL much: one reading answers all who ask for the same page within a second.
 *
 * So a page may be a second old, and whoever has just been answered may not find the consequence in it yet. What failed
 * answers those who were waiting for it, and nobody after them.
 */
import { Cache, Effect, Exit } from "effect"
import type { ListQuery, Page } from "../../streams/projections/queries.ts"

const SHARED_FOR = "1 second"
/** Of up to 1,000 lines, 100 KB each: 1.6 MB. */
const PAGES_MAX = 16

type Read = (query: ListQuery) => Effect.Effect<Page, string>

export const sharedPages = (read: Read): Effect.Effect<Read> =>
  Cache.makeWith(read, {
    capacity: PAGES_MAX,
    timeToLive: (exit) => (Exit.isSuccess(exit) ? SHARED_FOR : 0)
  }).pipe(Effect.map((pages) => (query) => Cache.get(pages, query)))
