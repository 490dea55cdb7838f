/**
 * What a message says, with places for the goods, the link and what is offered.
 */
import type { Fault } from "./sequence.ts"

export interface Template {
  readonly text: string
  /** Of an e-mail. */
  readonly subject: string
  /** Of the same name among a carrier's templates: `1` is the goods, `2` the link. */
  readonly approved: string
}

/** What is put into a text. */
export interface Filling {
  readonly items: string
  readonly link: string
  /** What is said of the offer; empty: there is none, and the space before its place goes with it. */
  readonly offer: string
}

export const PLACES: ReadonlyArray<keyof Filling> = ["items", "link", "offer"]

export const TEXT_LENGTH_MAX = 1_000
export const SUBJECT_LENGTH_MAX = 150
export const APPROVED_LENGTH_MAX = 64

export const filled = (text: string, filling: Filling): string =>
  PLACES.reduce(
    (made, place) => made.replaceAll(`{${place}}`, () => filling[place]),
    filling.offer === "" ? text.replaceAll(/ ?\{offer\}/g, "") : text
  )

export const templateFaults = ({ approved, subject, text }: Template, path: string): ReadonlyArray<Fault> => {
  const faults: Array<Fault> = []
  const demand = (holds: boolean, field: string, message: string) => {
    if (!holds) faults.push({ path: `${path}.${field}`, message })
  }
  for (const [field, value, lengthMax] of [
    ["text", text, TEXT_LENGTH_MAX],
    ["subject", subject, SUBJECT_LENGTH_MAX],
    ["approved", approved, APPROVED_LENGTH_MAX]
  ] as const) {
    const isGiven = value.trim() !== "" && value.length <= lengthMax && value.isWellFormed()
    demand(isGiven, field, `Write 1 to ${lengthMax} characters.`)
  }
  demand(
    text.includes("{link}"),
    "text",
    "The text must have {link} in it: without it nobody finds back to their cart."
  )
  for (const [field, value] of [
    ["text", text],
    ["subject", subject]
  ] as const) {
    for (const [place, name] of value.matchAll(/\{([^{}]*)\}/g)) {
      const isKnown = (PLACES as ReadonlyArray<string>).includes(name ?? "")
      demand(isKnown, field, `${place} is no place that is filled in; there are {items}, {link} and {offer}.`)
    }
  }
  demand(!/[\r\n]/.test(subject), "subject", "A subject is one line.")
  return faults
}
