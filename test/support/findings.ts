/**
 * What a doctor found, for tests.
 */
import assert from "node:assert/strict"
import type { Finding } from "../../scripts/doctor/finding.ts"

/** What is not well, each with what to do. */
export const bad = (findings: ReadonlyArray<Finding>): ReadonlyArray<string> =>
  findings.flatMap(({ level, what, todo }) => {
    if (level === "well") return []
    assert.notEqual(todo, "", `${what}: says what to do`)
    return [`${level}: ${what}`]
  })

/** Just one thing is not well. */
export const one = (findings: ReadonlyArray<Finding>, says: RegExp): void => {
  const [only, ...more] = bad(findings)
  assert.deepEqual(more, [])
  assert.match(only ?? "nothing", says)
}
