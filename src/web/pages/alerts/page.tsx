/**
 * The alert centre: what is low, on each page the soonest sold out first; who has taken note of it; how it sells and what to
 * order, with the arithmetic. Other lead times and covers than those that are saved stand in the address, so that two people
 * look at the same proposal before one of them saves it.
 */
import { useMemo } from "react"
import type { ReorderSettings, WholeReorderSettings } from "../../../../actors/reorder/settings.ts"
import type { LowStockItem } from "../../../gateway/work-protocol.ts"
import { ConnectionNotice } from "../../app/connection.tsx"
import { units } from "../../app/formats.ts"
import { NameField, useName } from "../../app/name.tsx"
import { Box, Choices, Notice, Pager, Ready } from "../../app/parts.tsx"
import { setQuery, useChoice, useQuery } from "../../app/router.tsx"
import { type Acted, useActs } from "../../app/use-acts.ts"
import { usePages } from "../../app/use-pages.ts"
import { post } from "../../hub/http.ts"
import { type AskedDays, daysIn, daysWords, ForAll } from "./days.tsx"
import { Low, type Work } from "./low.tsx"
import { saveOrder } from "./order-file.ts"

const EVERY_MS = 5_000
const SHOWN = 100

const FILTERS = ["open", "acknowledged", "snoozed", "all"] as const
type Filter = (typeof FILTERS)[number]

/** What is not written is as it is saved. */
const queryOf = ({ coverDays, leadDays }: AskedDays) => ({
  ...(leadDays === undefined ? {} : { leadDays }),
  ...(coverDays === undefined ? {} : { coverDays })
})

/** Sold out first, then by how long it will last; what does not sell last. */
const urgencyOf = ({ available, proposal }: LowStockItem): number =>
  available <= 0 ? available - 1 : (proposal.daysLeft ?? Number.MAX_SAFE_INTEGER)

const DONE: Readonly<Record<Work["act"], string>> = {
  acknowledge: "is acknowledged",
  snooze: "is snoozed",
  reopen: "is open again"
}

const savingBy = (act: Acted["act"], by: string) => ({
  saveForAll: (settings: WholeReorderSettings, expectedVersion: number): void =>
    void act(async () => {
      await post("/v1/reorder-settings", { body: { ...settings, expectedVersion, by } })
      setQuery("lead", undefined)
      setQuery("cover", undefined)
      return `${daysWords(settings)} are saved for all SKUs.`
    }),
  saveOwn: ({ reorder, sku }: LowStockItem, own: ReorderSettings): void =>
    void act(async () => {
      const body = { ...own, expectedVersion: reorder.version, by }
      const { used } = await post("/v1/stock/:sku/reorder-settings", { names: { sku }, body })
      return `${sku}: ${daysWords(used)} are saved.`
    })
})

export const AlertsPage = () => {
  const [filter, setFilter] = useChoice("show", FILTERS, "open")
  const asked = { leadDays: daysIn(useQuery("lead")), coverDays: daysIn(useQuery("cover")) }
  const { act, isActing, notice, round, tone } = useActs()
  const { name, setName } = useName()
  const { list, pages } = usePages(
    "/v1/alerts/open",
    { query: queryOf(asked) },
    { limit: SHOWN, everyMs: EVERY_MS, round }
  )
  const work = (item: LowStockItem, { note, until, act: what }: Work): void => {
    const body = { act: what, version: item.version, by: name, ...(note && { note }), ...(until && { until }) }
    void act(async () => {
      await post("/v1/alerts/:sku/desk", { names: { sku: item.sku }, body })
      return `${item.sku} ${DONE[what]}.`
    })
  }
  const { saveForAll, saveOwn } = savingBy(act, name)
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
          {list.value === undefined ? null : (
            <ForAll asked={asked} saved={list.value.reorder} isActing={isActing} onSave={saveForAll} />
          )}
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
                onSaveOwn={saveOwn}
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

interface ListedProps {
  readonly items: ReadonlyArray<LowStockItem>
  /** No other page has more of them. */
  readonly isAll: boolean
  readonly filter: Filter
  readonly isActing: boolean
  readonly onWork: (item: LowStockItem, work: Work) => void
  readonly onSaveOwn: (item: LowStockItem, own: ReorderSettings) => void
}

const Listed = ({ items, isAll, filter, isActing, onWork, onSaveOwn }: ListedProps) => {
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
          <Low
            key={item.sku}
            item={item}
            isActing={isActing}
            onWork={(work) => onWork(item, work)}
            onSaveOwn={(own) => onSaveOwn(item, own)}
          />
        ))}
      </ul>
    </Box>
  )
}
