/** What offers may cost today, what of it is spent, spoken for and left, and how the days before went. */
import type { BudgetDay } from "../../../recovery/figures-protocol.ts"
import { dayOf, money, UNKNOWN } from "../../app/formats.ts"
import { Box, ofNumbers, Ready, Table } from "../../app/parts.tsx"
import { useReading } from "../../app/use-reading.ts"

const EVERY_MS = 5_000

export const Budget = () => {
  const budget = useReading("/v1/recovery/budget", {}, EVERY_MS)
  const zone = budget.value?.zone
  return (
    <Box id="budget" title="Budget of offers" aside={zone && `days of ${zone}`}>
      <Ready of={budget} what="the budget">
        {({ currency, days, isOffering, leftMinor }) =>
          currency === undefined ? (
            <p className="quiet">No offers are made: there are no rules of offers on the page Sequences.</p>
          ) : (
            <>
              {isOffering ? (
                <Today today={days[0]} leftMinor={leftMinor ?? 0} currency={currency} />
              ) : (
                <p className="quiet">No offers are made any more; what was made may still be used.</p>
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
    <>
      <dl className="figures budget-today" aria-label="Today's budget">
        {rows.map(([label, minor]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{money(minor, currency)}</dd>
          </div>
        ))}
      </dl>
      <Bar day={today} />
    </>
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

const COLUMNS = ["Day", ...ofNumbers("Limit", "Spent", "Reserved"), "Of the limit"]

const Days = ({ currency, days }: { readonly days: ReadonlyArray<BudgetDay>; readonly currency: string }) => {
  const used = days.filter(isUsed)
  if (used.length === 0) return <p className="quiet">Nothing was offered in the last {days.length} days.</p>
  return (
    <Table label="Budgets of the last days" columns={COLUMNS}>
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
    </Table>
  )
}
