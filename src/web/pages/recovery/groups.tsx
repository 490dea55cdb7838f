/** What each sequence, step, channel or offer brought in, and how much of it would not have been bought anyway. */
import type { Compared, Figures, GroupRow } from "../../../recovery/figures-protocol.ts"
import { money, percent, units } from "../../app/formats.ts"

const UNKNOWN = "\u2013"

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

export const Groups = ({ figures: { by, groups, saying } }: { readonly figures: Figures }) => {
  if (groups.length === 0) return <p className="box-quiet">No message went in this time.</p>
  const isDrawn = groups.some(({ compared }) => compared !== undefined)
  return (
    <>
      <div className="scrolls" tabIndex={0} role="group" aria-label={`Figures by ${by}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">{by}</th>
              <th scope="col">Messages</th>
              <th scope="col">Orders put down</th>
              <th scope="col">Revenue put down</th>
              <th scope="col">Billed</th>
              {isDrawn ? <th scope="col">Written to, bought</th> : null}
              {isDrawn ? <th scope="col">Held out, bought</th> : null}
              {isDrawn ? <th scope="col">Lift (95 %)</th> : null}
            </tr>
          </thead>
          <tbody>
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
          </tbody>
        </table>
      </div>
      {saying === undefined ? null : <p className="box-note">{saying}</p>}
    </>
  )
}
