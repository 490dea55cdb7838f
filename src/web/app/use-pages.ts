/** Through a list page by page: what its address asks for, and what its `Pager` does. */
import { useState } from "react"
import type { Read } from "../hub/reading.ts"
import { useReading } from "./use-reading.ts"

export interface Pages {
  readonly isFirst: boolean
  readonly onFirst: () => void
  readonly onNext: (next: string) => void
}

/** `path`: without a query. Read again every `everyMs`, the page that is shown. */
export const usePages = <Value>(
  path: string,
  { limit, everyMs }: { readonly limit: number; readonly everyMs: number }
): { readonly list: Read<Value>; readonly pages: Pages } => {
  const [after, setAfter] = useState<string | undefined>()
  const place = after === undefined ? "" : `&after=${encodeURIComponent(after)}`
  const list = useReading<Value>(`${path}?limit=${limit}${place}`, everyMs)
  return { list, pages: { isFirst: after === undefined, onFirst: () => setAfter(undefined), onNext: setAfter } }
}
