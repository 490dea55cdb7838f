/**
 * One SKU through time: what it is now, how its numbers went, what it was at any moment, and why a number is what it is.
 *
 * SKU, period and the two moments stand in the address, so that an answer to "why?" can be sent to who asked.
 */
import { useCallback, useState } from "react"
import type { Moment, StockLevels } from "../../../gateway/history-protocol.ts"
import { ConnectionNotice } from "../../app/connection.tsx"
import { clockTime, UNKNOWN, units } from "../../app/formats.ts"
import { Box, Choices, Ready } from "../../app/parts.tsx"
import { navigate, setQuery, useChoice, useQuery } from "../../app/router.tsx"
import { useReading } from "../../app/use-reading.ts"
import { useSettled } from "../../app/use-settled.ts"
import { nowMs } from "../../hub/clock.ts"
import { levelOf } from "../../stock/levels.ts"
import { useStockRow } from "../../stock/use-stock-row.ts"
import { LevelBadge } from "../live-stock/level-badge.tsx"
import { Changes } from "./changes.tsx"
import { Choose, Newest } from "./choose.tsx"
import { Listings } from "./listings.tsx"
import { Plot, told } from "./plot.tsx"
import { Then } from "./then.tsx"
import { Why } from "./why.tsx"

const EVERY_MS = 3_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** The journal is asked where a drag stops. */
const SETTLED_MS = 180

const PERIODS = ["all", "30", "7", "1", "hour"] as const
type Period = (typeof PERIODS)[number]
const PERIOD_WORDS: Readonly<Record<Period, string>> = {
  all: "All",
  "30": "30 days",
  "7": "7 days",
  "1": "24 hours",
  hour: "Hour"
}
const LASTS_MS: Readonly<Record<Exclude<Period, "all">, number>> = {
  "30": 720 * HOUR_MS,
  "7": 168 * HOUR_MS,
  "1": 24 * HOUR_MS,
  hour: HOUR_MS
}

/** A minute's beginning: the address of what is read changes no more often. 0 for all. */
const beginOf = (period: Period): number =>
  period === "all" ? 0 : Math.floor((nowMs() - LASTS_MS[period]) / MINUTE_MS) * MINUTE_MS

export const SkuPage = () => {
  const sku = useQuery("sku")
  return (
    <div className="page">
      <h1 className="visually-hidden">SKU history</h1>
      <ConnectionNotice />
      <div className="page-body sku-body">
        <div className="sku-head">
          <Choose sku={sku} onChoose={(chosen) => navigate(`/sku?sku=${encodeURIComponent(chosen)}`)} />
          {sku === undefined ? null : <Now sku={sku} />}
        </div>
        {sku === undefined ? <Newest /> : <History key={sku} sku={sku} />}
      </div>
    </div>
  )
}

/** As the socket has it. */
const Now = ({ sku }: { readonly sku: string }) => {
  const row = useStockRow(sku)
  const figures: ReadonlyArray<readonly [string, string]> = [
    ["Available", row === undefined ? UNKNOWN : units(row.available)],
    ["Physical", row === undefined ? UNKNOWN : units(row.physical)],
    ["Allocated", row === undefined ? UNKNOWN : units(row.allocated)],
    ["Safety", row === undefined || row.safetyThreshold === 0 ? UNKNOWN : units(row.safetyThreshold)],
    ["Version", row === undefined ? UNKNOWN : units(row.version)],
    ["Changed", clockTime(row?.atMs ?? 0) || UNKNOWN]
  ]
  return (
    <>
      <h2 className="sku-name">
        {sku} {row === undefined ? null : <LevelBadge level={levelOf(row)} />}
      </h2>
      <dl className="figures sku-figures" data-level={row === undefined ? undefined : levelOf(row)}>
        {figures.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

const versionIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined

const History = ({ sku }: { readonly sku: string }) => {
  const [period, onPeriod] = useChoice("period", PERIODS, "all")
  const beginMs = beginOf(period)
  const query = { points: 300, ...(beginMs === 0 ? {} : { from: new Date(beginMs).toISOString() }) }
  const levels = useReading("/v1/stock/:sku/levels", { names: { sku }, query }, EVERY_MS)
  return (
    <Ready of={levels} what="the history" isAsked={true}>
      {(value) => <Known sku={sku} levels={value} period={period} onPeriod={onPeriod} beginMs={beginMs} />}
    </Ready>
  )
}

interface KnownProps {
  readonly sku: string
  readonly levels: StockLevels
  readonly period: Period
  readonly onPeriod: (period: Period) => void
  readonly beginMs: number
}

/** The moment that is shown: one that was picked, with its numbers, or a version of the address, or the newest. */
const useShown = ({ items, newest }: StockLevels) => {
  const version = versionIn(useQuery("to"))
  const [picked, setPicked] = useState<Moment | undefined>()
  const onShow = useCallback((moment: Moment) => {
    setPicked(moment)
    setQuery("to", String(moment.version))
  }, [])
  const onNewest = useCallback(() => {
    setPicked(undefined)
    setQuery("to", undefined)
  }, [])
  if (version === undefined || version >= newest.version) return { shown: newest, isNewest: true, onShow, onNewest }
  const drawn = picked?.version === version ? picked : items.findLast((item) => item.version <= version)
  return { shown: { ...(drawn ?? newest), version }, isNewest: false, onShow, onNewest }
}

const Known = ({ sku, levels, period, onPeriod, beginMs }: KnownProps) => {
  const { shown, isNewest, onShow, onNewest } = useShown(levels)
  const from = Math.min(versionIn(useQuery("from")) ?? 0, shown.version)
  const settled = useSettled(shown.version, SETTLED_MS)
  const fromMs = Math.max(beginMs, Date.parse(levels.first.at))
  const span = { fromMs, toMs: Math.max(nowMs(), fromMs + 1) }
  const fromMoment = levels.items.findLast(({ version }) => version <= from) ?? { ...levels.first, version: 0 }
  const onFrom = (version: number): void => setQuery("from", version === 0 ? undefined : String(version))
  return (
    <>
      <Box
        id="levels"
        title="Stock over time"
        isWide={true}
        aside={
          <Choices
            label="Period"
            choices={PERIODS}
            chosen={period}
            word={(choice) => PERIOD_WORDS[choice]}
            onChoose={onPeriod}
          />
        }
      >
        <Plot levels={levels} span={span} from={{ ...fromMoment, version: from }} shown={shown} onShow={onShow} />
        <div className="shown-line">
          <p>{told(shown)}</p>
          <div className="choices">
            <button
              type="button"
              className="button"
              disabled={from === shown.version}
              onClick={() => onFrom(shown.version)}
            >
              Compare from here
            </button>
            <button type="button" className="button" disabled={isNewest} onClick={onNewest}>
              Now
            </button>
          </div>
        </div>
      </Box>
      <Why sku={sku} from={Math.min(from, settled)} to={settled} onFrom={onFrom} onShow={onShow} />
      <div className="sku-side">
        <Then sku={sku} version={settled} isNewest={isNewest} />
        <Listings sku={sku} />
      </div>
      <Changes sku={sku} shown={shown.version} onShow={onShow} />
    </>
  )
}
