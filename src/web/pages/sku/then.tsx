/** What the SKU was at the moment that is shown, folded from the journal: where its units lay, and the command that made it so. */
import type { StockThen } from "../../../gateway/history-protocol.ts"
import { units } from "../../app/formats.ts"
import { Box, ofNumbers, Ready, Table } from "../../app/parts.tsx"
import { Link } from "../../app/router.tsx"
import { useLasting, useReading } from "../../app/use-reading.ts"
import { placeHref } from "../../stock/places.ts"

/** The past does not change. */
const EVERY_MS = 60_000

const COLUMNS = ["Location", ...ofNumbers("Physical", "Allocated", "Available")]

interface ThenProps {
  readonly sku: string
  readonly version: number
  readonly isNewest: boolean
}

export const Then = ({ sku, version, isNewest }: ThenProps) => {
  const then = useLasting(useReading("/v1/stock/:sku/at", { names: { sku }, query: { moment: version } }, EVERY_MS))
  return (
    <Box
      id="then"
      title={isNewest ? "Where it is now" : "Where it was then"}
      note={`version ${units(then.value?.state.version ?? version)}`}
    >
      <Ready of={then} what="the journal">
        {(value) => <Known then={value} />}
      </Ready>
    </Box>
  )
}

const Known = ({ then: { command, sequence, state } }: { readonly then: StockThen }) => (
  <>
    {state.locations.length === 0 ? (
      <p className="quiet">No location holds any: a bundle’s units are its components’.</p>
    ) : (
      <Table label="By location" columns={COLUMNS}>
        {state.locations.map(({ locationId, physical, allocated }) => (
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
    )}
    <p className="then-holds">
      {state.openHolds === 0 ? "No hold was open." : `${units(state.openHolds)} holds were open: ${holdsOf(state)}.`}
    </p>
    <h3>The command that made it so</h3>
    <dl className="command">
      {Object.entries(command).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>
        </div>
      ))}
      <div>
        <dt>journal</dt>
        <dd>commit {units(sequence)}</dd>
      </div>
    </dl>
  </>
)

const holdsOf = ({ holds = [], openHolds }: StockThen["state"]): string => {
  const named = holds.map(({ holdId, quantity }) => `${units(quantity)} for ${holdId}`).join(", ")
  return openHolds > holds.length ? `${named}, and more` : named
}
