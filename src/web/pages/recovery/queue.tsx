/** What is due now and next: every recovery that goes on, the soonest first. */
import type { QueuedRecovery, RecoveryQueue } from "../../../recovery/figures-protocol.ts"
import { clockTime, units } from "../../app/formats.ts"
import { Box, ofNumbers, Pager, Ready, Table } from "../../app/parts.tsx"
import { usePages } from "../../app/use-pages.ts"
import { nowMs } from "../../hub/clock.ts"
import { channelWord } from "./wording.ts"

const EVERY_MS = 2_000
const SHOWN = 25

const PHASES: Readonly<Record<QueuedRecovery["phase"], string>> = {
  waiting: "waits for its step",
  planned: "planned",
  sending: "on its way",
  retrying: "to be tried again"
}

interface QueueProps {
  readonly onCustomer: (customerId: string) => void
}

export const Queue = ({ onCustomer }: QueueProps) => {
  const { list: queue, pages } = usePages("/v1/recovery/queue", {}, { limit: SHOWN, everyMs: EVERY_MS })
  return (
    <Box id="queue" title="Queue" aside={queue.value && countsOf(queue.value)}>
      <Ready of={queue} what="the queue">
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <p className="quiet">Nothing is due: no recovery is running.</p>
            ) : (
              <Rows items={items} onCustomer={onCustomer} />
            )}
            <Pager what="the queue" next={next} {...pages} />
          </>
        )}
      </Ready>
    </Box>
  )
}

const countsOf = ({ running, underWay, withinAnHour }: RecoveryQueue): string =>
  `${units(running)} running, ${units(underWay)} on their way, ${units(withinAnHour)} due within the hour`

interface RowsProps extends QueueProps {
  readonly items: ReadonlyArray<QueuedRecovery>
}

const COLUMNS = ["Due", "Customer", "Cart", "Sequence", ...ofNumbers("Step"), "What", ...ofNumbers("Sent")]

const Rows = ({ items, onCustomer }: RowsProps) => {
  const now = nowMs()
  return (
    <Table label="Running recoveries" columns={COLUMNS}>
      {items.map((item) => {
        const dueMs = Date.parse(item.dueAt)
        return (
          <tr key={item.recoveryId}>
            <td>{dueMs <= now ? "now" : clockTime(dueMs, now)}</td>
            <td>
              <button type="button" className="link-button" onClick={() => onCustomer(item.customerId)}>
                {item.customerId}
              </button>
            </td>
            <td>{item.cart}</td>
            <td>{item.sequence}</td>
            <td className="number">{item.step + 1}</td>
            <td>
              {PHASES[item.phase]}
              {item.channel === null ? "" : ` by ${channelWord(item.channel)}`}
            </td>
            <td className="number">{units(item.messages)}</td>
          </tr>
        )
      })}
    </Table>
  )
}
