/** Through a list page by page: what its address asks for, and what its `Pager` does. */
import { useState } from "react"
import type { Read } from "../hub/reading.ts"
import { useLasting, useReading } from "./use-reading.ts"

export interface Pages {
  readonly isFirst: boolean
  readonly onFirst: () => void
  readonly onNext: (next: string) => void
}

interface PagesOptions {
  readonly limit: number
  /** The page that is shown is read again so often. */
  readonly everyMs: number
  /** What else is asked for, as in `order=newest`; when it is another, the list is shown from its beginning. */
  readonly query?: string
  /** What the list calls the place where a page begins: lists that begin with the newest go on `before` it. */
  readonly cursor?: "after" | "before"
  /** When it is another, the page is read again at once. */
  readonly round?: unknown
}

/** `path`: without a query. */
export const usePages = <Value>(
  path: string,
  { limit, everyMs, query = "", cursor = "after", round }: PagesOptions
): { readonly list: Read<Value>; readonly pages: Pages } => {
  const asked = `${path}?limit=${limit}${query === "" ? "" : `&${query}`}`
  const [place, setPlace] = useState<{ readonly asked: string; readonly begin: string } | undefined>()
  // A place in one list is none in another: letter 40 of the open ones would hide the settled ones before it.
  const begin = place?.asked === asked ? place.begin : undefined
  const page = begin === undefined ? asked : `${asked}&${cursor}=${encodeURIComponent(begin)}`
  const list = useLasting(useReading<Value>(page, everyMs, round))
  return {
    list,
    pages: {
      isFirst: begin === undefined,
      onFirst: () => setPlace(undefined),
      onNext: (next) => setPlace({ asked, begin: next })
    }
  }
}
