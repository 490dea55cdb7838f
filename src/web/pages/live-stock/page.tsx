/**
 * Live stock: every SKU's numbers as they change, or what each location holds and each channel shows; by which, stands in the
 * address.
 */
import { lazy, Suspense } from "react"
import { ConnectionNotice, usePhase } from "../../app/connection.tsx"
import { useChoice } from "../../app/router.tsx"
import { VIEWS } from "../../stock/places.ts"
import { BySku } from "./by-sku.tsx"
import { Tiles } from "./tiles.tsx"

const Places = lazy(async () => ({ default: (await import("./places.tsx")).Places }))

export const LiveStockPage = () => {
  const phase = usePhase()
  const [by] = useChoice("by", VIEWS, "sku")
  return (
    <div className="live-stock" data-phase={phase}>
      <h1 className="visually-hidden">Live stock</h1>
      <Tiles />
      <ConnectionNotice />
      {by === "sku" ? (
        <BySku />
      ) : (
        <Suspense fallback={<p className="fetching quiet">Loading …</p>}>
          <Places by={by} />
        </Suspense>
      )}
    </div>
  )
}
