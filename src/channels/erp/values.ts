/**
 * Numbers and dates as ERPs write them, read exactly: nothing is guessed, what does not fit is said.
 */
import { QUANTITY_MAX } from "../../../config/limits.ts"
import type { DateFormat, ErpFormat } from "./format.ts"

/** A value of a row cannot be read; the message is the reason in the report. */
export class WrongValue extends Error {
  override readonly name = "WrongValue"
}

export interface Quantity {
  readonly units: number
  readonly isNegative: boolean
}

/** Signs stand before or, as SAP writes them, behind: `12-`. Decimals must be zeros: stock is in whole units. */
export const quantityOf = (text: string, format: ErpFormat["number"]): Quantity => {
  if (text === "") throw new WrongValue("the quantity is missing")
  const [, before = "", body = "", after = ""] = /^([+-]?)\s*(.*?)\s*([+-]?)$/s.exec(text) ?? []
  const [whole = "", decimals = "", ...more] = body.split(format.point)
  const digits = withoutThousands(whole, format.thousands)
  const isNumber =
    /^\d+$/.test(digits) && /^\d*$/.test(decimals) && more.length === 0 && (before === "" || after === "")
  if (!isNumber) throw new WrongValue(`the quantity "${shown(text)}" is no number`)
  const isImplied = !body.includes(format.point) && format.impliedDecimals > 0
  const padded = digits.padStart(format.impliedDecimals + 1, "0")
  const units = isImplied ? padded.slice(0, -format.impliedDecimals) : digits
  const fraction = isImplied ? padded.slice(-format.impliedDecimals) : decimals
  if (/[1-9]/.test(fraction)) throw new WrongValue(`the quantity "${shown(text)}" is no whole number of units`)
  const value = Number(units)
  if (value > QUANTITY_MAX) throw new WrongValue(`the quantity "${shown(text)}" is above ${QUANTITY_MAX}`)
  return { units: value, isNegative: (before || after) === "-" && value > 0 }
}

const withoutThousands = (text: string, mark: string): string => {
  if (mark === "" || !text.includes(mark)) return text
  const [first = "", ...groups] = text.split(mark)
  const isGrouped = /^\d{1,3}$/.test(first) && groups.every((group) => /^\d{3}$/.test(group))
  return isGrouped ? first + groups.join("") : ""
}

const PATTERNS: Readonly<Record<Exclude<DateFormat, "ISO">, RegExp>> = {
  YYYYMMDD: /^(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)$/,
  "YYYY-MM-DD": /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)$/,
  "DD.MM.YYYY": /^(?<day>\d\d)\.(?<month>\d\d)\.(?<year>\d{4})$/,
  "MM/DD/YYYY": /^(?<month>\d\d)\/(?<day>\d\d)\/(?<year>\d{4})$/,
  "DD/MM/YYYY": /^(?<day>\d\d)\/(?<month>\d\d)\/(?<year>\d{4})$/
}

const ISO =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:[T ](?<clock>\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?<zone>Z|[+-]\d\d:?\d\d)?)?$/

/** ISO 8601; `undefined` when there is none: blank, or zeros as SAP writes an empty date. */
export const timeOf = (date: string, time: string, format: ErpFormat["date"]): string | undefined => {
  if (/^[0\s.:/-]*$/.test(date)) return undefined
  const parts = (format.format === "ISO" ? ISO : PATTERNS[format.format]).exec(date)?.groups
  if (parts === undefined) throw new WrongValue(`the date "${shown(date)}" is not written as ${format.format}`)
  const { year = "", month = "", day = "", clock, zone } = parts
  const days = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  if (!days.toJSON().startsWith(`${year}-${month}-${day}T`)) throw new WrongValue(`there is no day "${shown(date)}"`)
  const at = clock === undefined ? clockOf(time) : clock.length === 5 ? `${clock}:00` : clock
  const written = `${year}-${month}-${day}T${at}${zone ?? format.offset}`
  if (Number.isNaN(Date.parse(written))) throw new WrongValue(`there is no time "${shown(`${date} ${time}`.trim())}"`)
  return written
}

const clockOf = (time: string): string => {
  if (time === "") return "00:00:00"
  const [, hour, minute, second = "00"] = /^(\d\d):?(\d\d)(?::?(\d\d))?$/.exec(time) ?? []
  if (hour === undefined) throw new WrongValue(`the time "${shown(time)}" is not written as HHMMSS`)
  // SAP's end of the day.
  return hour === "24" && minute === "00" ? "23:59:59" : `${hour}:${String(minute)}:${second}`
}

/** As SAP's ALPHA conversion does it: zeros before a number are padding, before anything else they are not. */
export const withoutZeros = (text: string): string => (/^0+\d+$/.test(text) ? text.replace(/^0+(?=\d)/, "") : text)

const SHOWN_LENGTH_MAX = 60

const shown = (text: string): string => (text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text)
