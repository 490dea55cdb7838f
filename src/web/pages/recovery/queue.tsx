/** What is due now and next: every recovery that goes on, the soonest first. */
import type { QueuedRecovery, RecoveryQueue } from "../../../recovery/figures-protocol.ts"
import { clockTime, units } from "../../app/formats.ts"
import { nowMs } from "../../hub/clock.ts"
import { Box, Pager, Ready } from "./parts.tsx"
import { usePages } from "./use-pages.ts"
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
  const { list: queue, pages } = usePages<RecoveryQueue>("/v1/recovery/queue", { limit: SHOWN, everyMs: EVERY_MS })
  return (
    <Box id="queue" title="Queue" aside={<Counts of={queue.value} />}>
      <Ready of={queue} what="the queue">
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <p className="box-quiet">Nothing is due: no recovery is running.</p>
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

const Counts = ({ of }: { readonly of: RecoveryQueue | undefined }) =>
  of === undefined ? null : (
    <p className="box-aside">
      {units(of.running)} running, {units(of.underWay)} on their way, {units(of.withinAnHour)} due within the hour
    </p>
  )

interface RowsProps extends QueueProps {
  readonly items: ReadonlyArray<QueuedRecovery>
}

const Rows = ({ items, onCustomer }: RowsProps) => {
  const now = nowMs()
  return (
    <div className="scrolls" tabIndex={0} role="group" aria-label="Running recoveries">
      <table>
        <thead>
          <tr>
            <th scope="col">Due</th>
            <th scope="col">Customer</th>
            <th scope="col">Cart</th>
            <th scope="col">Sequence</th>
            <th scope="col">Step</th>
            <th scope="col">What</th>
            <th scope="col">Sent</th>
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </table>
    </div>
  )
}
