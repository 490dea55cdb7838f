/**
 * One SKU in full: its numbers, its last changes, and where its units are.
 *
 * Numbers and changes come from the store, as the row's do; locations are asked of the hub when the panel opens and
 * again, at most every two seconds, after the SKU changed.
 */
import type { RefObject } from "react"
import { useEffect, useRef, useState } from "react"
import type { LocationStock } from "../../../gateway/protocol.ts"
import { clockTime, signedUnits, UNKNOWN, units } from "../../app/formats.ts"
import { CloseIcon } from "../../app/icons.tsx"
import { ofNumbers, Table } from "../../app/parts.tsx"
import { Link } from "../../app/router.tsx"
import { scaleOf, stepPath } from "../../app/sparkline.ts"
import { get } from "../../hub/http.ts"
import { HISTORY_CHANGES_MAX } from "../../stock/history.ts"
import type { History } from "../../stock/history.ts"
import { levelOf } from "../../stock/levels.ts"
import { placeHref } from "../../stock/places.ts"
import type { StockRow } from "../../stock/store.ts"
import { useStockRow } from "../../stock/use-stock-row.ts"
import { LevelBadge } from "./level-badge.tsx"
import { availablesOf } from "./sparkline.tsx"

const LOCATIONS_EVERY_MS = 2_000

type Locations = "reading" | "failed" | ReadonlyArray<LocationStock>

const useLocations = (sku: string, version: number): Locations => {
  const [locations, setLocations] = useState<Locations>("reading")
  const newest = useRef(version)
  useEffect(() => {
    newest.current = version
  }, [version])
  useEffect(() => {
    const gone = new AbortController()
    let readVersion = -1
    let reading = false
    const read = async (): Promise<void> => {
      if (reading || readVersion === newest.current) return
      reading = true
      readVersion = newest.current
      const view = await get("/v1/stock/:sku", { names: { sku }, signal: gone.signal }).catch(() => undefined)
      reading = false
      if (!gone.signal.aborted) setLocations(view === undefined ? "failed" : (view.locations ?? []))
    }
    setLocations("reading")
    void read()
    const timer = setInterval(() => void read(), LOCATIONS_EVERY_MS)
    return () => {
      clearInterval(timer)
      gone.abort()
    }
  }, [sku])
  return locations
}

const CHART = { width: 320, height: 84, padding: 5 } as const

/** With the threshold as a line, where there is one. */
const Chart = ({ row }: { readonly row: StockRow }) => {
  const values = availablesOf(row.history)
  if (values.length < 2) return <p className="quiet">No change seen since the page was opened.</p>
  const threshold = row.safetyThreshold
  const y = scaleOf(threshold > 0 ? [...values, threshold] : values, CHART)
  return (
    <svg className="chart" viewBox={`0 0 ${CHART.width} ${CHART.height}`} aria-hidden="true" focusable="false">
      {threshold > 0 ? (
        <line className="chart-threshold" x1="0" x2={CHART.width} y1={y(threshold)} y2={y(threshold)} />
      ) : null}
      <path className="chart-line" d={stepPath(values, HISTORY_CHANGES_MAX, CHART, y)} />
    </svg>
  )
}

const CHANGE_COLUMNS = ["Version", ...ofNumbers("Time", "Physical", "Allocated", "Available")]
const LOCATION_COLUMNS = ["Location", ...ofNumbers("Physical", "Allocated", "Available")]

const Changes = ({ history }: { readonly history: History }) => {
  const changes = Array.from({ length: history.length }, (_, index) => history.at(index)).toReversed()
  return (
    <Table label="Last changes" columns={CHANGE_COLUMNS}>
      {changes.map((change, index) => {
        const before = changes[index + 1]
        const moved = (now: number, then: number | undefined): string =>
          then === undefined || now === then ? "" : signedUnits(now - then)
        return (
          <tr key={change.version}>
            <td>{units(change.version)}</td>
            <td className="number">{clockTime(change.atMs)}</td>
            <td className="number">{moved(change.physical, before?.physical)}</td>
            <td className="number">{moved(change.allocated, before?.allocated)}</td>
            <td className="number detail-strong">{units(change.available)}</td>
          </tr>
        )
      })}
    </Table>
  )
}

const LocationsTable = ({ locations }: { readonly locations: Locations }) => {
  if (locations === "reading") return <p className="quiet">Reading…</p>
  if (locations === "failed") return <p className="quiet">The hub did not say where its units are.</p>
  if (locations.length === 0) return <p className="quiet">No location holds any.</p>
  return (
    <Table label="Locations" columns={LOCATION_COLUMNS}>
      {locations.map(({ locationId, physical, allocated }) => (
        <tr key={locationId}>
          <th scope="row">
            <Link href={placeHref("location", locationId)}>{locationId}</Link>
          </th>
          <td className="number">{units(physical)}</td>
          <td className="number">{units(allocated)}</td>
          <td className="number detail-strong">{units(physical - allocated)}</td>
        </tr>
      ))}
    </Table>
  )
}

const Known = ({ row }: { readonly row: StockRow }) => {
  const locations = useLocations(row.sku, row.version)
  const figures: ReadonlyArray<readonly [string, string]> = [
    ["Available", units(row.available)],
    ["Physical", units(row.physical)],
    ["Allocated", units(row.allocated)],
    ["Safety", row.safetyThreshold === 0 ? UNKNOWN : units(row.safetyThreshold)]
  ]
  return (
    <>
      <dl className="figures detail-figures" data-level={levelOf(row)}>
        {figures.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Chart row={row} />
      <h3>Locations</h3>
      <LocationsTable locations={locations} />
      <h3>Last changes</h3>
      <Changes history={row.history} />
      <p className="detail-more">
        <Link href={`/sku?sku=${encodeURIComponent(row.sku)}`}>Whole history, and why</Link>
      </p>
    </>
  )
}

interface DetailProps {
  readonly sku: string
  /** Takes the focus when the panel was opened from the keyboard. */
  readonly heading: RefObject<HTMLHeadingElement | null>
  readonly onClose: () => void
}

export const Detail = ({ sku, heading, onClose }: DetailProps) => {
  const row = useStockRow(sku)
  return (
    <aside className="detail" aria-labelledby="detail-heading">
      <header className="detail-head">
        <h2 id="detail-heading" ref={heading} tabIndex={-1}>
          {sku}
        </h2>
        {row === undefined ? null : <LevelBadge level={levelOf(row)} />}
        <button type="button" className="button button-icon" aria-label="Close details" onClick={onClose}>
          <CloseIcon />
        </button>
      </header>
      <div className="detail-body" tabIndex={0} role="group" aria-label="Details">
        {row === undefined ? <p className="quiet">The hub does not know this SKU.</p> : <Known row={row} key={sku} />}
      </div>
    </aside>
  )
}
