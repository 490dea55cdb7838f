/**
 * Recovery: what is due, what it earns beyond what would have been bought anyway, what offers may cost, who is not written to,
 * and one customer's whole story. Period and customer stand in the address, so that they can be linked.
 */
import { useCallback, useRef } from "react"
import type { Compared, Figures } from "../../../recovery/figures-protocol.ts"
import { ConnectionNotice } from "../../app/connection.tsx"
import { money, percent, units } from "../../app/formats.ts"
import { setQuery, useQuery } from "../../app/router.tsx"
import type { Read } from "../../hub/reading.ts"
import { Budget } from "./budget.tsx"
import { Funnel } from "./funnel.tsx"
import { Groups } from "./groups.tsx"
import { Box, Ready } from "./parts.tsx"
import { Queue } from "./queue.tsx"
import { Revenue } from "./revenue.tsx"
import { Story } from "./story.tsx"
import { Suppressed } from "./suppressed.tsx"
import { useReading } from "./use-reading.ts"

/** PostgreSQL counts the whole period each time. */
const FIGURES_EVERY_MS = 15_000
const DAY_MS = 86_400_000
const PERIODS = ["7", "30", "90", "365"] as const
const GROUPINGS = ["sequence", "step", "channel", "offer"] as const

/** From the beginning of a day, so that the address is the same for a whole day and the period grows with it. */
const fromOf = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)

const chosenIn = <Choice extends string>(choices: ReadonlyArray<Choice>, value: string | undefined, usual: Choice) =>
  choices.find((choice) => choice === value) ?? usual

interface ChoiceProps<Choice extends string> {
  readonly label: string
  readonly choices: ReadonlyArray<Choice>
  readonly chosen: Choice
  readonly word: (choice: Choice) => string
  readonly onChoose: (choice: Choice) => void
}

const Choices = <Choice extends string>({ label, choices, chosen, word, onChoose }: ChoiceProps<Choice>) => (
  <div className="choices" role="group" aria-label={label}>
    {choices.map((choice) => (
      <button
        key={choice}
        type="button"
        className="button"
        aria-pressed={choice === chosen}
        onClick={() => onChoose(choice)}
      >
        {word(choice)}
      </button>
    ))}
  </div>
)

const UNKNOWN = "\u2013"

const Figure = ({ label, value, note }: { readonly label: string; readonly value: string; readonly note?: string }) => (
  <div className="tile">
    <dt className="tile-label">{label}</dt>
    <dd className="tile-value">{value}</dd>
    <dd className="tile-under">{note ?? "\u00a0"}</dd>
  </div>
)

const shareOf = ({ bought, customers }: Compared["treated"]): string =>
  customers === 0 ? UNKNOWN : percent(bought / customers)

const Summary = ({ figures }: { readonly figures: Figures | undefined }) => {
  if (figures === undefined) return null
  const { currency, total, waiting } = figures
  const { baseline, holdout, lift, treated } = total
  const earned = lift?.revenueMinor
  const missing = total.verdict === "not-enough-yet" ? "not enough yet" : UNKNOWN
  const range = (low: string, high: string): string => `${low} to ${high}`
  return (
    <dl className="tiles recovery-tiles" aria-label="Figures of the period">
      <Figure
        label="Written to, bought"
        value={shareOf(treated)}
        note={`${units(treated.bought)} of ${units(treated.customers)} customers`}
      />
      <Figure
        label="Held out, bought anyway"
        value={shareOf(holdout)}
        note={`${units(holdout.bought)} of ${units(holdout.customers)} customers`}
      />
      <Figure
        label="Lift in conversion"
        value={lift === undefined ? missing : percent(lift.conversion.difference)}
        {...(lift === undefined ? {} : { note: range(percent(lift.conversion.low), percent(lift.conversion.high)) })}
      />
      <Figure
        label="Lift in revenue"
        value={earned === undefined || currency === undefined ? missing : money(earned.difference, currency)}
        {...(earned === undefined || currency === undefined
          ? {}
          : { note: range(money(earned.low, currency), money(earned.high, currency)) })}
      />
      <Figure
        label="Baseline"
        value={baseline === undefined || currency === undefined ? missing : money(baseline.revenueMinor, currency)}
        note={currency === undefined ? "" : `of ${money(treated.revenueMinor, currency)} bought`}
      />
      <Figure label="Not counted yet" value={units(waiting)} note={`customers, within ${figures.windowDays} days`} />
    </dl>
  )
}

export const RecoveryPage = () => {
  const days = chosenIn(PERIODS, useQuery("days"), "30")
  const by = chosenIn(GROUPINGS, useQuery("by"), "sequence")
  const customerId = useQuery("customer")
  const story = useRef<HTMLDivElement>(null)
  const figures: Read<Figures> = useReading<Figures>(
    `/v1/recovery/figures?from=${fromOf(Number(days))}&by=${by}`,
    FIGURES_EVERY_MS
  )
  const show = useCallback((customer: string | undefined) => {
    setQuery("customer", customer)
    story.current?.focus()
  }, [])
  return (
    <div className="recovery">
      <h1 className="visually-hidden">Recovery</h1>
      <ConnectionNotice />
      <Summary figures={figures.value} />
      <div className="recovery-choices">
        <Choices
          label="Period"
          choices={PERIODS}
          chosen={days}
          word={(choice) => `${choice} days`}
          onChoose={(choice) => setQuery("days", choice)}
        />
      </div>
      <div className="recovery-boxes">
        <Box id="revenue" title="Revenue over time">
          <Ready of={figures} what="the figures">
            {(value) => <Revenue figures={value} />}
          </Ready>
        </Box>
        <Box id="funnel" title="What became of carts left">
          <Ready of={figures} what="the figures">
            {({ funnel }) => <Funnel funnel={funnel} />}
          </Ready>
        </Box>
        <Queue onCustomer={show} />
        <Story customerId={customerId} heading={story} onCustomer={show} />
        <Box
          id="groups"
          title="What brought it in"
          isWide={true}
          aside={
            <Choices
              label="By"
              choices={GROUPINGS}
              chosen={by}
              word={(choice) => choice}
              onChoose={(choice) => setQuery("by", choice)}
            />
          }
        >
          <Ready of={figures} what="the figures">
            {(value) => <Groups figures={value} />}
          </Ready>
        </Box>
        <Suppressed />
        <Budget />
      </div>
    </div>
  )
}
