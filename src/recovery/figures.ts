/**
 * From what was counted to what is said of it: the totals, a row for each name, the days, the funnel.
 */
import { type Counted, type Grouping, IS_DRAWN } from "../../actors/recovery/attribution.ts"
import type { Interval } from "../../actors/recovery/interval.ts"
import { type Group, type Groups, liftOf, NOBODY, together } from "../../actors/recovery/lift.ts"
import type { Ending } from "../../streams/projections/recovery-figures.ts"
import type { Compared, DayFigures, Figures, Funnel, GroupFigures, GroupRow } from "./figures-protocol.ts"

const EMPTY: Groups = { treated: NOBODY, holdout: NOBODY }

const added = (left: Groups, right: Groups): Groups => ({
  treated: together(left.treated, right.treated),
  holdout: together(left.holdout, right.holdout)
})

const figuresOf = ({ bought, revenue }: Group): GroupFigures => ({
  customers: revenue.count,
  bought,
  revenueMinor: revenue.sum
})

/** There is no half of a penny. */
const rounded = ({ difference, high, low }: Interval): Interval => ({
  difference: Math.round(difference),
  low: Math.round(low),
  high: Math.round(high)
})

export const comparedOf = (groups: Groups): Compared => {
  const lift = liftOf(groups)
  const { saying, verdict } = lift
  const counted = { treated: figuresOf(groups.treated), holdout: figuresOf(groups.holdout), verdict, saying }
  if (lift.verdict === "not-enough-yet") return counted
  const { baseline, conversion, revenueMinor } = lift
  return {
    ...counted,
    baseline: { bought: Math.round(baseline.bought), revenueMinor: Math.round(baseline.revenueMinor) },
    lift: { conversion, ...(revenueMinor === undefined ? {} : { revenueMinor: rounded(revenueMinor) }) }
  }
}

/** Each day with the ones before it: what a day alone says is noise. */
const daysOf = (days: Counted["days"]): ReadonlyArray<DayFigures> => {
  let soFar = EMPTY
  return days.map(({ day, ...groups }) => {
    soFar = added(soFar, groups)
    const { baseline, holdout, lift, treated } = comparedOf(soFar)
    return {
      day,
      treated,
      holdout,
      ...(baseline === undefined ? {} : { baselineMinor: baseline.revenueMinor }),
      ...(lift?.revenueMinor === undefined ? {} : { liftMinor: lift.revenueMinor })
    }
  })
}

const rowsOf = ({ earned, groups }: Counted, by: Grouping): ReadonlyArray<GroupRow> => {
  const compared = new Map(groups.map(({ group, ...ofGroup }) => [group, comparedOf(ofGroup)]))
  const names = new Set([...earned.map(({ group }) => group), ...compared.keys()])
  return [...names].map((group) => {
    const row = earned.find((one) => one.group === group)
    const { messages = 0, conversions = 0, revenueMinor = {}, segments = 0, costMicroMinor = {} } = row ?? {}
    const own = { group, messages, conversions, revenueMinor, segments, costMicroMinor }
    return IS_DRAWN[by] ? { ...own, compared: compared.get(group) ?? comparedOf(EMPTY) } : own
  })
}

const tally = (rows: ReadonlyArray<Ending>, name: (row: Ending) => string | null): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const row of rows) {
    const key = name(row)
    if (key !== null) counts[key] = (counts[key] ?? 0) + row.count
  }
  return counts
}

const sum = (rows: ReadonlyArray<Ending>, of: "count" | "written" | "bought"): number =>
  rows.reduce((total, row) => total + row[of], 0)

export const funnelOf = (endings: ReadonlyArray<Ending>): Funnel => {
  const begun = endings.filter(({ withheld }) => withheld === null)
  const withheld = tally(endings, (row) => row.withheld)
  const { holdout: heldOut = 0, ...others } = withheld
  const ends = tally(begun, (row) => row.ended ?? "running")
  return {
    left: sum(endings, "count"),
    heldOut,
    begun: sum(begun, "count"),
    written: sum(begun, "written"),
    bought: sum(begun, "bought"),
    replied: ends["replied"] ?? 0,
    withheld: others,
    endings: ends
  }
}

export interface Asked {
  readonly from: string
  readonly to: string
  readonly windowDays: number
  readonly by: Grouping
  readonly currency: string | undefined
  readonly currencies: ReadonlyArray<string>
}

const NOT_DRAWN =
  "Who got it was decided by what had happened before, not by lot: the rows say what is put down to them, and only the total has a lift."

export const reportOf = (asked: Asked, counted: Counted, endings: ReadonlyArray<Ending>): Figures => {
  const { currency, ...others } = asked
  return {
    ok: true,
    ...others,
    ...(currency === undefined ? {} : { currency }),
    total: comparedOf(counted.days.reduce<Groups>(added, EMPTY)),
    waiting: counted.waiting,
    groups: rowsOf(counted, asked.by),
    ...(IS_DRAWN[asked.by] ? {} : { saying: NOT_DRAWN }),
    days: daysOf(counted.days),
    funnel: funnelOf(endings)
  }
}
