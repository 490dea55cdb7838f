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
  /** What else is asked for, as in `order=newest`. */
  readonly query?: string
  /** When it is another, the page is read again at once. */
  readonly round?: unknown
}

/** `path`: without a query. */
export const usePages = <Value>(
  path: string,
  { limit, everyMs, query = "", round }: PagesOptions
): { readonly list: Read<Value>; readonly pages: Pages } => {
  const [after, setAfter] = useState<string | undefined>()
  const place = after === undefined ? "" : `&after=${encodeURIComponent(after)}`
  const more = query === "" ? "" : `&${query}`
  const list = useLasting(useReading<Value>(`${path}?limit=${limit}${more}${place}`, everyMs, round))
  return { list, pages: { isFirst: after === undefined, onFirst: () => setAfter(undefined), onNext: setAfter } }
}
