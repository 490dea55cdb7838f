/** What each sequence, step, channel or offer brought in, and how much of it would not have been bought anyway. */
import type { Compared, Figures, GroupRow } from "../../../recovery/figures-protocol.ts"
import { money, percent, UNKNOWN, units } from "../../app/formats.ts"
import { ofNumbers, Table } from "../../app/parts.tsx"

const revenueOf = (revenueMinor: GroupRow["revenueMinor"]): string => {
  const each = Object.entries(revenueMinor).map(([currency, minor]) => money(minor, currency))
  return each.length === 0 ? UNKNOWN : each.join(" + ")
}

const MICRO = 1_000_000

const costOf = ({ costMicroMinor, segments }: GroupRow): string => {
  const each = Object.entries(costMicroMinor).map(([currency, micro]) => money(micro / MICRO, currency))
  const texts = segments === 0 ? [] : [`${units(segments)} texts`]
  return [...texts, ...each].join(", ") || UNKNOWN
}

const shareOf = ({ bought, customers }: Compared["treated"]): string =>
  customers === 0 ? UNKNOWN : `${percent(bought / customers)} of ${units(customers)}`

const liftOf = ({ lift, saying, verdict }: Compared): string => {
  if (lift === undefined) return verdict === "not-enough-yet" ? "not enough yet" : saying
  const { difference, high, low } = lift.conversion
  return `${percent(difference)} (${percent(low)} to ${percent(high)})`
}

const COUNTED = ofNumbers("Messages", "Orders put down", "Revenue put down", "Billed")
const COMPARED = ofNumbers("Written to, bought", "Held out, bought", "Lift (95 %)")

export const Groups = ({ figures: { by, groups, saying } }: { readonly figures: Figures }) => {
  if (groups.length === 0) return <p className="quiet">No message went in this time.</p>
  const isDrawn = groups.some(({ compared }) => compared !== undefined)
  return (
    <>
      <Table label={`Figures by ${by}`} columns={[by, ...COUNTED, ...(isDrawn ? COMPARED : [])]}>
        {groups.map((row) => (
          <tr key={row.group}>
            <th scope="row">{row.group}</th>
            <td className="number">{units(row.messages)}</td>
            <td className="number">{units(row.conversions)}</td>
            <td className="number">{revenueOf(row.revenueMinor)}</td>
            <td className="number">{costOf(row)}</td>
            {row.compared === undefined ? null : (
              <>
                <td className="number">{shareOf(row.compared.treated)}</td>
                <td className="number">{shareOf(row.compared.holdout)}</td>
                <td className="number" title={row.compared.saying}>
                  {liftOf(row.compared)}
                </td>
              </>
            )}
          </tr>
        ))}
      </Table>
      {saying === undefined ? null : <p className="quiet">{saying}</p>}
    </>
  )
}
