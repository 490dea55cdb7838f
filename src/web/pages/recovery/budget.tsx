/** What offers may cost today, what of it is spent, spoken for and left, and how the days before went. */
import type { BudgetDay, BudgetView } from "../../../recovery/figures-protocol.ts"
import { dayOf, money } from "../../app/formats.ts"
import { Box, Ready } from "./parts.tsx"
import { useReading } from "./use-reading.ts"

const EVERY_MS = 5_000
const UNKNOWN = "\u2013"

export const Budget = () => {
  const budget = useReading<BudgetView>("/v1/recovery/budget", EVERY_MS)
  const zone = budget.value?.zone
  return (
    <Box
      id="budget"
      title="Budget of offers"
      aside={zone === undefined ? null : <p className="box-aside">days of {zone}</p>}
    >
      <Ready of={budget} what="the budget">
        {({ currency, days, isOffering, leftMinor }) =>
          currency === undefined ? (
            <p className="box-quiet">No offers are made: there are no rules of offers on the page Sequences.</p>
          ) : (
            <>
              {isOffering ? (
                <Today today={days[0]} leftMinor={leftMinor ?? 0} currency={currency} />
              ) : (
                <p className="box-quiet">No offers are made any more; what was made may still be used.</p>
              )}
              <Days days={days} currency={currency} />
            </>
          )
        }
      </Ready>
    </Box>
  )
}

interface TodayProps {
  readonly today: BudgetDay | undefined
  readonly leftMinor: number
  readonly currency: string
}

const Today = ({ currency, leftMinor, today }: TodayProps) => {
  if (today === undefined) return null
  const { limitMinor = 0, reservedMinor, spentMinor } = today
  const rows = [
    ["Today's limit", limitMinor],
    ["Spent", spentMinor],
    ["Reserved", reservedMinor],
    ["Left", leftMinor]
  ] as const
  return (
    <div className="budget-today">
      <dl aria-label="Today's budget">
        {rows.map(([label, minor]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{money(minor, currency)}</dd>
          </div>
        ))}
      </dl>
      <Bar day={today} />
    </div>
  )
}

/** What is spent, then what is reserved, of the limit, or of what there is where the limit was lowered since. */
const Bar = ({ day: { limitMinor = 0, reservedMinor, spentMinor } }: { readonly day: BudgetDay }) => {
  const whole = Math.max(limitMinor, spentMinor + reservedMinor, 1)
  const [spent, reserved] = [(spentMinor / whole) * 100, (reservedMinor / whole) * 100]
  return (
    <svg className="stage-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect className="stage-track" width="100" height="6" />
      <rect className="stage-share" width={spent} height="6" />
      <rect className="budget-reserved" x={spent} width={reserved} height="6" />
    </svg>
  )
}

const isUsed = ({ reservedMinor, spentMinor }: BudgetDay): boolean => spentMinor > 0 || reservedMinor > 0

const Days = ({ currency, days }: { readonly days: ReadonlyArray<BudgetDay>; readonly currency: string }) => {
  const used = days.filter(isUsed)
  if (used.length === 0) return <p className="box-quiet">Nothing was offered in the last {days.length} days.</p>
  return (
    <div className="scrolls" tabIndex={0} role="group" aria-label="Budgets of the last days">
      <table>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">Limit</th>
            <th scope="col">Spent</th>
            <th scope="col">Reserved</th>
            <th scope="col" className="budget-share">
              Of the limit
            </th>
          </tr>
        </thead>
        <tbody>
          {used.map((day) => (
            <tr key={day.day}>
              <th scope="row">{dayOf(day.day)}</th>
              <td className="number">{day.limitMinor === undefined ? UNKNOWN : money(day.limitMinor, currency)}</td>
              <td className="number">{money(day.spentMinor, currency)}</td>
              <td className="number">{money(day.reservedMinor, currency)}</td>
              <td className="budget-share">
                <Bar day={day} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
