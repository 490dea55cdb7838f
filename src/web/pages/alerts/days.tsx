/** How long a delivery takes and is to last: typed to see what would be proposed, and saved for all SKUs or for one. */
import { type SyntheticEvent, useState } from "react"
import {
  REORDER_DAYS_MAX,
  type ReorderSettings,
  type WholeReorderSettings
} from "../../../../actors/reorder/settings.ts"
import type { LowStockItem } from "../../../gateway/work-protocol.ts"
import { setQuery, useQuery } from "../../app/router.tsx"

/** `undefined`: nothing that could be days was written. */
export const daysIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,3}$/.test(text) && Number(text) <= REORDER_DAYS_MAX ? Number(text) : undefined

export const daysWords = ({ coverDays, leadDays }: WholeReorderSettings): string =>
  `${leadDays} days of lead time and ${coverDays} of cover`

/** Other days than those that are saved. */
export type AskedDays = { readonly [Name in keyof ReorderSettings]: number | undefined }

interface DaysProps {
  readonly label: string
  /** Heard in its place, where there are several of them. */
  readonly heard?: string
  readonly value: string
  readonly placeholder?: string
  readonly onChange: (days: string) => void
}

const Days = ({ label, heard, value, placeholder, onChange }: DaysProps) => (
  <label className="tool-field">
    {label}
    <input
      type="number"
      inputMode="numeric"
      min={0}
      max={REORDER_DAYS_MAX}
      aria-label={heard}
      placeholder={placeholder}
      value={value}
      onChange={({ target }) => onChange(target.value)}
    />
    days
  </label>
)

interface ForAllProps {
  readonly asked: AskedDays
  readonly saved: LowStockSettings
  readonly isActing: boolean
  readonly onSave: (settings: WholeReorderSettings, expectedVersion: number) => void
}

type LowStockSettings = { readonly version: number } & WholeReorderSettings

export const ForAll = ({ asked, saved, isActing, onSave }: ForAllProps) => {
  const leadDays = asked.leadDays ?? saved.leadDays
  const coverDays = asked.coverDays ?? saved.coverDays
  const isOther = leadDays !== saved.leadDays || coverDays !== saved.coverDays
  // As it is being written: an emptied field stays empty until somebody types on.
  const [lead, cover] = [useQuery("lead"), useQuery("cover")]
  return (
    <div className="for-all" role="group" aria-label="For all SKUs">
      <Days label="Lead time" value={lead ?? String(saved.leadDays)} onChange={(days) => setQuery("lead", days)} />
      <Days label="Cover" value={cover ?? String(saved.coverDays)} onChange={(days) => setQuery("cover", days)} />
      {isOther ? (
        <>
          <button
            type="button"
            className="button button-main"
            disabled={isActing}
            onClick={() => onSave({ leadDays, coverDays }, saved.version)}
          >
            Save for all SKUs
          </button>
          <button
            type="button"
            className="button"
            onClick={() => {
              setQuery("lead", undefined)
              setQuery("cover", undefined)
            }}
          >
            As saved
          </button>
        </>
      ) : null}
    </div>
  )
}

interface OwnDaysProps {
  readonly item: LowStockItem
  readonly isActing: boolean
  readonly onSave: (own: ReorderSettings) => void
}

const written = (days: number | null): string => (days === null ? "" : String(days))

/** What is left empty is as for all SKUs. */
export const OwnDays = ({ item: { reorder, sku }, isActing, onSave }: OwnDaysProps) => {
  const [lead, setLead] = useState(written(reorder.own.leadDays))
  const [cover, setCover] = useState(written(reorder.own.coverDays))
  const own = { leadDays: daysIn(lead) ?? null, coverDays: daysIn(cover) ?? null }
  const isOther = own.leadDays !== reorder.own.leadDays || own.coverDays !== reorder.own.coverDays
  const isWrong = (lead !== "" && own.leadDays === null) || (cover !== "" && own.coverDays === null)
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (!isWrong) onSave(own)
  }
  return (
    <form className="for-all" onSubmit={onSubmit} aria-label={`Lead time and cover of ${sku}`}>
      <Days
        label="Lead time"
        heard={`Lead time of ${sku}`}
        value={lead}
        placeholder={String(reorder.leadDays)}
        onChange={setLead}
      />
      <Days
        label="Cover"
        heard={`Cover of ${sku}`}
        value={cover}
        placeholder={String(reorder.coverDays)}
        onChange={setCover}
      />
      <button type="submit" className="button" disabled={isActing || !isOther || isWrong}>
        Save
      </button>
    </form>
  )
}
