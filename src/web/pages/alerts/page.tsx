/**
 * The alert centre: what is low, on each page the soonest sold out first; who has taken note of it; how it sells and what to
 * order, with the arithmetic. Lead time and cover stand in the address, so that two people look at the same proposal.
 */
import { useMemo } from "react"
import type { LowStockItem } from "../../../gateway/work-protocol.ts"
import { ConnectionNotice } from "../../app/connection.tsx"
import { units } from "../../app/formats.ts"
import { NameField, useName } from "../../app/name.tsx"
import { Box, Choices, Notice, Pager, Ready } from "../../app/parts.tsx"
import { setQuery, useChoice, useQuery } from "../../app/router.tsx"
import { useActs } from "../../app/use-acts.ts"
import { usePages } from "../../app/use-pages.ts"
import { post } from "../../hub/http.ts"
import { Low, type Work } from "./low.tsx"
import { saveOrder } from "./order-file.ts"

const EVERY_MS = 5_000
const SHOWN = 100

const FILTERS = ["open", "acknowledged", "snoozed", "all"] as const
type Filter = (typeof FILTERS)[number]

const daysIn = (text: string | undefined, usual: number): number =>
  text !== undefined && /^\d{1,3}$/.test(text) && Number(text) <= 365 ? Number(text) : usual

/** Sold out first, then by how long it will last; what does not sell last. */
const urgencyOf = ({ available, proposal }: LowStockItem): number =>
  available <= 0 ? available - 1 : (proposal.daysLeft ?? Number.MAX_SAFE_INTEGER)

const DONE: Readonly<Record<Work["act"], string>> = {
  acknowledge: "is acknowledged",
  snooze: "is snoozed",
  reopen: "is open again"
}

export const AlertsPage = () => {
  const [filter, setFilter] = useChoice("show", FILTERS, "open")
  const leadDays = daysIn(useQuery("lead"), 7)
  const coverDays = daysIn(useQuery("cover"), 14)
  const { act, isActing, notice, round, tone } = useActs()
  const { name, setName } = useName()
  const { list, pages } = usePages(
    "/v1/alerts/open",
    { query: { leadDays, coverDays } },
    { limit: SHOWN, everyMs: EVERY_MS, round }
  )
  const work = (item: LowStockItem, { note, until, act: what }: Work): void => {
    const body = { act: what, version: item.version, by: name, ...(note && { note }), ...(until && { until }) }
    void act(async () => {
      await post("/v1/alerts/:sku/desk", { names: { sku: item.sku }, body })
      return `${item.sku} ${DONE[what]}.`
    })
  }
  return (
    <div className="page">
      <h1 className="visually-hidden">Low stock</h1>
      <ConnectionNotice />
      <div className="page-body">
        <div className="page-tools">
          <Choices
            label="Show"
            choices={FILTERS}
            chosen={filter}
            word={(choice) => ({ open: "Open", acknowledged: "Acknowledged", snoozed: "Snoozed", all: "All" })[choice]}
            onChoose={setFilter}
          />
          <Days label="Lead time" value={leadDays} onChange={(days) => setQuery("lead", days)} />
          <Days label="Cover" value={coverDays} onChange={(days) => setQuery("cover", days)} />
          <NameField name={name} onName={setName} />
        </div>
        <Ready of={list} what="what is low">
          {({ items, next }) => (
            <>
              <Listed
                items={items}
                isAll={pages.isFirst && next === undefined}
                filter={filter}
                isActing={isActing}
                onWork={work}
              />
              <Pager what="what is low" next={next} {...pages} />
            </>
          )}
        </Ready>
      </div>
      <Notice notice={notice} tone={tone} />
    </div>
  )
}

interface DaysProps {
  readonly label: string
  readonly value: number
  readonly onChange: (days: string) => void
}

const Days = ({ label, value, onChange }: DaysProps) => (
  <label className="tool-field">
    {label}
    <input
      type="number"
      inputMode="numeric"
      min={0}
      max={365}
      value={value}
      onChange={({ target }) => onChange(target.value)}
    />
    days
  </label>
)

interface ListedProps {
  readonly items: ReadonlyArray<LowStockItem>
  /** No other page has more of them. */
  readonly isAll: boolean
  readonly filter: Filter
  readonly isActing: boolean
  readonly onWork: (item: LowStockItem, work: Work) => void
}

const Listed = ({ items, isAll, filter, isActing, onWork }: ListedProps) => {
  const shown = useMemo(
    () =>
      items
        .filter(({ stand }) => filter === "all" || stand.state === filter)
        .toSorted((left, right) => urgencyOf(left) - urgencyOf(right)),
    [items, filter]
  )
  if (items.length === 0) {
    return (
      <div className="none">
        <h2>Nothing is low</h2>
        <p>
          A SKU is listed here when what is available falls to its safety threshold. Set one with a{" "}
          <code>configure</code> request, or as a column of the opening stock.
        </p>
      </div>
    )
  }
  if (shown.length === 0) {
    return (
      <p className="quiet">
        None of the {units(items.length)} {isAll ? "that are low" : "on this page"} is {filter}.
      </p>
    )
  }
  return (
    <Box
      id="low"
      title="Low stock"
      note={`${units(shown.length)} SKUs, the soonest sold out first`}
      aside={
        <button type="button" className="button" onClick={() => saveOrder(shown)}>
          Save proposals as CSV
        </button>
      }
    >
      <ul className="lows" aria-label="Low stock">
        {shown.map((item) => (
          <Low key={item.sku} item={item} isActing={isActing} onWork={(work) => onWork(item, work)} />
        ))}
      </ul>
    </Box>
  )
}
