/**
 * Recovery: what is due, what it earns beyond what would have been bought anyway, what offers may cost, who is not written to,
 * and one customer's whole story. Period and customer stand in the address, so that they can be linked.
 */
import { useCallback, useRef } from "react"
import type { Figures } from "../../../recovery/figures-protocol.ts"
import { ConnectionNotice } from "../../app/connection.tsx"
import { Box, Choices, Ready } from "../../app/parts.tsx"
import { setQuery, useChoice, useQuery } from "../../app/router.tsx"
import { useReading } from "../../app/use-reading.ts"
import type { Read } from "../../hub/reading.ts"
import { Budget } from "./budget.tsx"
import { Funnel } from "./funnel.tsx"
import { Groups } from "./groups.tsx"
import { Queue } from "./queue.tsx"
import { Revenue } from "./revenue.tsx"
import { Story } from "./story.tsx"
import { Summary } from "./summary.tsx"
import { Suppressed } from "./suppressed.tsx"

/** PostgreSQL counts the whole period each time. */
const FIGURES_EVERY_MS = 15_000
const DAY_MS = 86_400_000
const PERIODS = ["7", "30", "90", "365"] as const
const GROUPINGS = ["sequence", "step", "channel", "offer"] as const

/** From the beginning of a day, so that the address is the same for a whole day and the period grows with it. */
const fromOf = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)

export const RecoveryPage = () => {
  const [days, setDays] = useChoice("days", PERIODS, "30")
  const [by, setBy] = useChoice("by", GROUPINGS, "sequence")
  const customerId = useQuery("customer")
  const story = useRef<HTMLHeadingElement>(null)
  const figures: Read<Figures> = useReading(
    "/v1/recovery/figures",
    { query: { from: fromOf(Number(days)), by } },
    FIGURES_EVERY_MS
  )
  const showFromQueue = useCallback((customer: string) => {
    setQuery("customer", customer)
    story.current?.focus()
  }, [])
  return (
    <div className="page recovery">
      <h1 className="visually-hidden">Recovery</h1>
      <ConnectionNotice />
      <Summary figures={figures.value} />
      <div className="page-body recovery-body">
        <Choices
          label="Period"
          choices={PERIODS}
          chosen={days}
          word={(choice) => `${choice} days`}
          onChoose={setDays}
        />
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
        <Queue onCustomer={showFromQueue} />
        <Story customerId={customerId} heading={story} onCustomer={(customer) => setQuery("customer", customer)} />
        <Box
          id="groups"
          title="What brought it in"
          isWide={true}
          aside={<Choices label="By" choices={GROUPINGS} chosen={by} word={(choice) => choice} onChoose={setBy} />}
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
