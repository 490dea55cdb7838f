/**
 * Personal data as it is shown unless somebody has a reason to see it: enough to tell that it is the one that was meant.
 */
import type { Field } from "./sealing.ts"

const DIGITS_SHOWN = 2
/** A number so short is shown by none of its digits. */
const DIGITS_MIN = 7

export const maskedField = (field: Field, value: string): string => {
  switch (field) {
    case "phone": {
      const digits = value.replace(/\D/g, "")
      return digits.length < DIGITS_MIN ? "•••" : `•••${digits.slice(-DIGITS_SHOWN)}`
    }
    case "email": {
      const [name = "", domain = ""] = value.split("@")
      return `${first(name)}•••@${first(domain)}•••`
    }
    case "words":
      return "•••"
    case "name":
      return value
        .split(/\s+/)
        .filter((word) => word !== "")
        .map((word) => `${first(word)}•••`)
        .join(" ")
  }
}

/** By what a reader takes for one character. */
const first = (text: string): string => [...new Intl.Segmenter().segment(text)][0]?.segment ?? ""
