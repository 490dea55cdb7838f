/**
 * Pages: where they begin, and how many items may be asked for.
 */
import { PAGE_LIMIT_MAX } from "../../config/limits.ts"
import { invalidArgument } from "./refusals.ts"

/** What a field with pages is asked. */
export interface Paged {
  readonly after?: string | null
  readonly limit: number
}

/** The limit, if it is one that HTTP would take. */
export const limited = (limit: number, most = PAGE_LIMIT_MAX): number => {
  if (limit >= 1 && limit <= most) return limit
  throw invalidArgument(`Send limit as an integer from 1 to ${most}.`, "limit")
}

export const listed = ({ after, limit }: Paged, most?: number) => ({
  after: after ?? undefined,
  limit: limited(limit, most)
})
