/**
 * Incidents: units that were sold and are not there. Each is worked once, and says afterwards what was done about it.
 */
import { type SyntheticEvent, useState } from "react"
import type { IncidentItem } from "../../../gateway/work-protocol.ts"
import { ConnectionNotice } from "../../app/connection.tsx"
import { timeOf, UNKNOWN, units } from "../../app/formats.ts"
import { Box, Choices, Notice, ofNumbers, Pager, Ready, Table } from "../../app/parts.tsx"
import { Link, useChoice } from "../../app/router.tsx"
import { useActs } from "../../app/use-acts.ts"
import { usePages } from "../../app/use-pages.ts"
import { post } from "../../hub/http.ts"

const EVERY_MS = 4_000
const SHOWN = 50

const STATUSES = ["open", "resolved"] as const

const KINDS: Readonly<Record<IncidentItem["kind"], string>> = {
  oversell: "Sold twice",
  shortfall: "Counted short",
  paid_but_short: "Paid, and short"
}

const OUTCOMES = ["refunded", "backordered", "restocked", "dismissed"] as const
type Outcome = (typeof OUTCOMES)[number]

const OUTCOME_WORDS: Readonly<Record<string, string>> = {
  refunded: "Refunded",
  backordered: "Back-ordered",
  restocked: "Restocked",
  dismissed: "Dismissed"
}

interface Resolution {
  readonly outcome: Outcome
  readonly note: string
}

export const IncidentsPage = () => {
  const [status, setStatus] = useChoice("show", STATUSES, "open")
  const { act, isActing, notice, round, tone } = useActs()
  const { list, pages } = usePages("/v1/incidents", { query: { status } }, { limit: SHOWN, everyMs: EVERY_MS, round })
  const resolve = (item: IncidentItem, { note, outcome }: Resolution): void => {
    void act(async () => {
      const body = note.trim() === "" ? { outcome } : { outcome, note: note.trim() }
      await post("/v1/incidents/:id/resolution", { names: { id: item.id }, body })
      return `${units(item.units)} of ${item.sku}: ${OUTCOME_WORDS[outcome]?.toLowerCase()}.`
    })
  }
  return (
    <div className="page">
      <h1 className="visually-hidden">Incidents</h1>
      <ConnectionNotice />
      <div className="page-body">
        <div className="page-tools">
          <Choices
            label="Show"
            choices={STATUSES}
            chosen={status}
            word={(choice) => ({ open: "Open", resolved: "Dealt with" })[choice]}
            onChoose={setStatus}
          />
        </div>
        <Ready of={list} what="the incidents">
          {({ items, next }) =>
            items.length === 0 ? (
              <None status={status} />
            ) : (
              <Box id="incidents" title={status === "open" ? "To be dealt with" : "Dealt with"} note="the oldest first">
                <Rows items={items} isActing={isActing} onResolve={resolve} />
                <Pager what="the incidents" next={next} {...pages} />
              </Box>
            )
          }
        </Ready>
      </div>
      <Notice notice={notice} tone={tone} />
    </div>
  )
}

const None = ({ status }: { readonly status: (typeof STATUSES)[number] }) => (
  <div className="none">
    <h2>{status === "open" ? "No incident is open" : "None was dealt with yet"}</h2>
    <p>
      {status === "open"
        ? "A sale that a channel or a till reports for stock that was not there is listed here, with the units that are short."
        : "Incidents that somebody has resolved are listed here, with what was done."}
    </p>
  </div>
)

interface RowsProps {
  readonly items: ReadonlyArray<IncidentItem>
  readonly isActing: boolean
  readonly onResolve: (item: IncidentItem, resolution: Resolution) => void
}

const COLUMNS = ["When", "SKU", ...ofNumbers("Short"), "What", "Where", "Sold by", "Command", "What was done"]

const Rows = ({ items, isActing, onResolve }: RowsProps) => (
  <Table label="Incidents" columns={COLUMNS} stacks={true}>
    {items.map((item) => (
      <tr key={item.id}>
        <td>{timeOf(item.at)}</td>
        <td>
          <Link href={`/sku?sku=${encodeURIComponent(item.sku)}&from=${item.version - 1}&to=${item.version}`}>
            {item.sku}
          </Link>
        </td>
        <td className="number detail-strong" data-unit="short">
          {units(item.units)}
        </td>
        <td>{KINDS[item.kind]}</td>
        <td>{item.locationId}</td>
        <td>{item.channel ?? UNKNOWN}</td>
        <td className="code">{item.reference ?? item.mutationId}</td>
        <td className="resolution">
          {item.status === "open" ? (
            <ResolveForm item={item} isActing={isActing} onResolve={(resolution) => onResolve(item, resolution)} />
          ) : (
            `${OUTCOME_WORDS[item.outcome ?? ""] ?? UNKNOWN}, ${timeOf(item.resolvedAt)}${item.note === null ? "" : `: ${item.note}`}`
          )}
        </td>
      </tr>
    ))}
  </Table>
)

interface ResolveFormProps {
  readonly item: IncidentItem
  readonly isActing: boolean
  readonly onResolve: (resolution: Resolution) => void
}

const ResolveForm = ({ item, isActing, onResolve }: ResolveFormProps) => {
  const [outcome, setOutcome] = useState<Outcome>("refunded")
  const [note, setNote] = useState("")
  const which = `the incident of ${item.sku}, version ${item.version}`
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault()
    onResolve({ outcome, note })
  }
  return (
    <form className="resolve-form" onSubmit={onSubmit}>
      <select
        aria-label={`Outcome of ${which}`}
        value={outcome}
        onChange={({ target }) => setOutcome(OUTCOMES.find((one) => one === target.value) ?? "refunded")}
      >
        {OUTCOMES.map((one) => (
          <option key={one} value={one}>
            {OUTCOME_WORDS[one]}
          </option>
        ))}
      </select>
      <input
        aria-label={`Note on ${which}`}
        placeholder="Note (optional)"
        maxLength={500}
        value={note}
        onChange={({ target }) => setNote(target.value)}
      />
      <button type="submit" className="button" disabled={isActing}>
        Resolve
      </button>
    </form>
  )
}
