/** Which SKU is looked at: written, or picked among those that the page knows. */
import { type SyntheticEvent, useId, useMemo, useState, useSyncExternalStore } from "react"
import { clockTime, units } from "../../app/formats.ts"
import { Link } from "../../app/router.tsx"
import { useHub } from "../../hub/client.ts"

/** More are found by writing on. */
const OFFERED_MAX = 20

interface ChooseProps {
  readonly sku: string | undefined
  readonly onChoose: (sku: string) => void
}

export const Choose = ({ sku, onChoose }: ChooseProps) => {
  const { stock } = useHub()
  const list = useId()
  const [written, setWritten] = useState<string | undefined>()
  const wanted = (written ?? "").trim().toLowerCase()
  const offered = useMemo(() => {
    const found: Array<string> = []
    if (wanted === "") return found
    for (const row of stock.rows()) {
      if (row.sku.toLowerCase().includes(wanted)) found.push(row.sku)
      if (found.length === OFFERED_MAX) break
    }
    return found
  }, [stock, wanted])
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault()
    const chosen = (written ?? sku ?? "").trim()
    setWritten(undefined)
    if (chosen !== "") onChoose(chosen)
  }
  return (
    <form className="choose" onSubmit={onSubmit}>
      <input
        aria-label="SKU"
        list={list}
        placeholder="SKU"
        autoComplete="off"
        spellCheck={false}
        maxLength={128}
        value={written ?? sku ?? ""}
        onChange={(event) => setWritten(event.target.value)}
      />
      <datalist id={list}>
        {offered.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <button type="submit" className="button">
        Show
      </button>
    </form>
  )
}

const NEWEST_SHOWN = 12

/** To begin with: those that changed last. */
export const Newest = () => {
  const { stock } = useHub()
  const { skus } = useSyncExternalStore(stock.subscribe, stock.totals)
  // Anew when there are others, not at each change: whoever reaches for a row shall find it there.
  const newest = useMemo(
    () => [...stock.rows()].sort((left, right) => right.atMs - left.atMs).slice(0, Math.min(skus, NEWEST_SHOWN)),
    [stock, skus]
  )
  return (
    <div className="none">
      <h2>Whose history?</h2>
      <p>Write a SKU above, or pick one of those that changed last.</p>
      <ul className="newest" aria-label="SKUs that changed last">
        {newest.map(({ sku, available, atMs }) => (
          <li key={sku}>
            <Link href={`/sku?sku=${encodeURIComponent(sku)}`} className="newest-link">
              {sku}
            </Link>
            <span>
              {units(available)} available, {clockTime(atMs)}
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}
