/** Live stock by location or by channel: all of them, or one SKU by SKU, each SKU with the way to its history. */
import type { ReactNode } from "react"
import { Link, useQuery } from "../../app/router.tsx"
import { placeHref, type View } from "../../stock/places.ts"
import { By } from "./by.tsx"
import { ChannelStock, ChannelsTable } from "./places-channels.tsx"
import { LocationStock, LocationsTable } from "./places-locations.tsx"

type Place = Exclude<View, "sku">

const ALL: Readonly<Record<Place, string>> = { location: "All locations", channel: "All channels" }

export const Places = ({ by }: { readonly by: Place }) => {
  const name = useQuery(by)
  return (
    <section className="list places" aria-label="Stock list">
      <div className="toolbar">
        <By by={by} />
        {name === undefined ? null : (
          <p className="place-name">
            <Link href={placeHref(by)}>{ALL[by]}</Link> <span aria-hidden="true">/</span> <strong>{name}</strong>
          </p>
        )}
      </div>
      <div className="page-body">{shown(by, name)}</div>
    </section>
  )
}

const shown = (by: Place, name: string | undefined): ReactNode => {
  if (by === "location") return name === undefined ? <LocationsTable /> : <LocationStock key={name} name={name} />
  return name === undefined ? <ChannelsTable /> : <ChannelStock key={name} name={name} />
}
