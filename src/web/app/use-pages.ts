/** Through a list page by page: what its address asks for, and what its `Pager` does. */
import { useState } from "react"
import type { PatternOf } from "../../client/http-client.ts"
import type { AnswerOf, AskedOf } from "../hub/http.ts"
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
  /** What the list calls the place where a page begins: lists that begin with the newest go on `before` it. */
  readonly cursor?: "after" | "before"
  /** When it is another, the page is read again at once. */
  readonly round?: unknown
}

/** `asked`: what else is asked of the list; when it is another, the list is shown from its beginning. */
export const usePages = <P extends PatternOf<"get">>(
  pattern: P,
  asked: AskedOf<P>,
  { limit, everyMs, cursor = "after", round }: PagesOptions
): { readonly list: Read<AnswerOf<P>>; readonly pages: Pages } => {
  const { query, ...others } = asked as { readonly query?: object }
  const from = JSON.stringify([pattern, asked])
  const [place, setPlace] = useState<{ readonly from: string; readonly begin: string } | undefined>()
  // A place in one list is none in another: letter 40 of the open ones would hide the settled ones before it.
  const begin = place?.from === from ? place.begin : undefined
  const page = { ...others, query: { ...query, limit, ...(begin === undefined ? {} : { [cursor]: begin }) } }
  const list = useLasting(useReading(pattern, page as unknown as AskedOf<P>, everyMs, round))
  return {
    list,
    pages: {
      isFirst: begin === undefined,
      onFirst: () => setPlace(undefined),
      onNext: (next) => setPlace({ from, begin: next })
    }
  }
}
