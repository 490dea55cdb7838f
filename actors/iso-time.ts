let isoOfMs = Number.NaN
let iso = ""

/** ISO 8601. Holds made in one turn mostly end together, and formatting a date costs as much as deciding a command. */
export const isoTime = (ms: number): string => {
  if (ms !== isoOfMs) {
    iso = new Date(ms).toISOString()
    isoOfMs = ms
  }
  return iso
}
