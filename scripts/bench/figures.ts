/**
 * Figures of many measurements, and where a run leaves them.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** What lies above so much of the values: 0 the least of them, 1 the most. */
export const quantilesOf = (values: ReadonlyArray<number>): ((share: number) => number) => {
  const sorted = values.toSorted((a, b) => a - b)
  return (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Figures as JSON and, if there is one, a report to read. */
export const leave = (folder: string, name: string, figures: unknown, report?: string): void => {
  mkdirSync(folder, { recursive: true })
  if (report !== undefined) writeFileSync(join(folder, `${name}.md`), report)
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(figures, null, 2))
}
