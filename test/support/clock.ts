/**
 * The clock of a hub in a process of its own, moved on by the test (`moved-clock.mjs`).
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface HubClock {
  /** What the hub must find in its environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly pass: (ms: number) => void
  readonly aheadMs: () => number
  readonly close: () => void
}

export const hubClock = (): HubClock => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-clock-"))
  const file = join(directory, "ahead")
  let ahead = 0
  const pass = (ms: number): void => {
    // Whoever reads meanwhile must find the old number or the new one, not half of it.
    writeFileSync(`${file}.next`, String((ahead += ms)))
    renameSync(`${file}.next`, file)
  }
  pass(0)
  const preload = new URL("./moved-clock.mjs", import.meta.url).href
  return {
    environment: { CLOCK_FILE: file, NODE_OPTIONS: `--import=${preload}` },
    pass,
    aheadMs: () => ahead,
    close: () => rmSync(directory, { recursive: true, force: true })
  }
}
