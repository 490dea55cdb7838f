/** What each location holds, and one of them SKU by SKU. */
import { useState } from "react"
import type { LocationPage } from "../../../gateway/protocol.ts"
import { units } from "../../app/formats.ts"
import { Box, ofNumbers, Pager, Ready, Table } from "../../app/parts.tsx"
import { Link } from "../../app/router.tsx"
import { usePages } from "../../app/use-pages.ts"
import { useSettled } from "../../app/use-settled.ts"
import { placeHref } from "../../stock/places.ts"

const EVERY_MS = 3_000
const SHOWN = 100
/** The hub is asked when the typing stops. */
const SETTLED_MS = 250

const LOCATION_COLUMNS = [
  "Location",
  { label: "Share of what is available", isHidden: true },
  ...ofNumbers("SKUs", "Sold out there", "Physical", "Allocated", "Available")
]

export const LocationsTable = () => {
  const { list, pages } = usePages("/v1/locations", {}, { limit: SHOWN, everyMs: EVERY_MS })
  return (
    <Box id="places" title="By location" note="over all SKUs">
      <Ready of={list} what="the locations" isAsked={true}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? <p className="quiet">No location holds any stock yet.</p> : null}
            <Locations items={items} />
            <Pager what="the locations" next={next} {...pages} />
          </>
        )}
      </Ready>
    </Box>
  )
}

const Locations = ({ items }: { readonly items: LocationPage["items"] }) => {
  if (items.length === 0) return null
  const most = Math.max(1, ...items.map(({ physical, allocated }) => physical - allocated))
  return (
    <Table label="By location" columns={LOCATION_COLUMNS}>
      {items.map(({ allocated, locationId, physical, skus, soldOut }) => (
        <tr key={locationId}>
          <th scope="row">
            <Link href={placeHref("location", locationId)}>{locationId}</Link>
          </th>
          <td className="place-share">
            <Share of={Math.max(0, physical - allocated) / most} />
          </td>
          <td className="number">{units(skus)}</td>
          <td className="number">{units(soldOut)}</td>
          <td className="number">{units(physical)}</td>
          <td className="number">{units(allocated)}</td>
          <td className="number detail-strong">{units(physical - allocated)}</td>
        </tr>
      ))}
    </Table>
  )
}

const BAR = { width: 160, height: 8 } as const

const Share = ({ of }: { readonly of: number }) => (
  <svg viewBox={`0 0 ${BAR.width} ${BAR.height}`} width={BAR.width} height={BAR.height} aria-hidden="true">
    <rect className="stage-track" width={BAR.width} height={BAR.height} rx="2" />
    <rect className="stage-share" width={of * BAR.width} height={BAR.height} rx="2" />
  </svg>
)

const STOCK_COLUMNS = ["SKU", ...ofNumbers("Physical", "Allocated", "Available")]

export const LocationStock = ({ name }: { readonly name: string }) => {
  const [search, setSearch] = useState("")
  const settled = useSettled(search.trim(), SETTLED_MS)
  const { list, pages } = usePages(
    "/v1/locations/:location/stock",
    { names: { location: name }, query: settled === "" ? {} : { search: settled } },
    { limit: SHOWN, everyMs: EVERY_MS }
  )
  return (
    <Box
      id="places"
      title={`At ${name}`}
      aside={
        <input
          type="search"
          aria-label={`Search by SKU at ${name}`}
          placeholder="Search SKU"
          spellCheck={false}
          maxLength={128}
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
      }
    >
      <Ready of={list} what="what is there" isAsked={true}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <p className="quiet">
                {settled === "" ? "Nothing was ever there." : `No SKU there contains “${settled}”.`}
              </p>
            ) : (
              <Table label={`At ${name}`} columns={STOCK_COLUMNS}>
                {items.map(({ allocated, available, physical, sku }) => (
                  <tr key={sku} data-level={available < 0 ? "oversold" : undefined}>
                    <th scope="row">
                      <Link href={`/sku?sku=${encodeURIComponent(sku)}`}>{sku}</Link>
                    </th>
                    <td className="number">{units(physical)}</td>
                    <td className="number">{units(allocated)}</td>
                    <td className="number detail-strong">{units(available)}</td>
                  </tr>
                ))}
              </Table>
            )}
            <Pager what="what is there" next={next} {...pages} />
          </>
        )}
      </Ready>
    </Box>
  )
}
