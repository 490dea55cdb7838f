/**
 * What a look at one thing came to: well, or one sentence that says what is wrong and one that says what to do.
 */

export interface Finding {
  /** `wrong`: the hub cannot run so, or loses what it promises. `doubtful`: it runs, worse than it could. */
  readonly level: "well" | "doubtful" | "wrong"
  readonly about: string
  readonly what: string
  /** "" when all is well. */
  readonly todo: string
}

export const well = (about: string, what: string): Finding => ({ level: "well", about, what, todo: "" })
export const doubtful = (about: string, what: string, todo: string): Finding => ({
  level: "doubtful",
  about,
  what,
  todo
})
export const wrong = (about: string, what: string, todo: string): Finding => ({ level: "wrong", about, what, todo })

/** `1.2.3` against `[1, 2]`. */
export const isAtLeast = (version: string, least: ReadonlyArray<number>): boolean => {
  const parts = version.split(".").map(Number)
  for (const [index, wanted] of least.entries()) {
    const part = parts[index] ?? 0
    if (part !== wanted) return part > wanted
  }
  return true
}

/** Clocks that differ by more make holds end early or late, and signatures of webhooks old before their time. */
const SKEW_MS_MAX = 1_000

/** `beforeMs`, `afterMs`: this machine's clock around the question. */
export const skew = (about: string, theirsMs: number, beforeMs: number, afterMs: number): Finding => {
  const aheadMs = theirsMs > afterMs ? theirsMs - afterMs : theirsMs < beforeMs ? theirsMs - beforeMs : 0
  const text = `its clock is ${Math.abs(Math.round(aheadMs))} ms ${aheadMs < 0 ? "behind" : "ahead of"} this machine's`
  return Math.abs(aheadMs) <= SKEW_MS_MAX
    ? well(about, "its clock agrees with this machine's")
    : wrong(about, text, "Let both follow one time server (timedatectl set-ntp true).")
}
