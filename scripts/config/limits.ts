/**
 * The bounds of `config/limits.ts` with their reasons: the values as they are, the reasons as they stand above them.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as limits from "../../config/limits.ts"

export interface Limit {
  readonly name: string
  readonly value: number
  /** "" where nothing is said. */
  readonly reason: string
}

const COMMENT_OR_NAME = /\/\*\*([\s\S]*?)\*\/|^export const ([A-Z0-9_]+) =|^$/gm

/** What stands above a name holds for those that follow it without an empty line or another comment between. */
export const reasonsIn = (source: string): ReadonlyMap<string, string> => {
  const reasons = new Map<string, string>()
  let reason = ""
  for (const [, comment, name] of source.matchAll(COMMENT_OR_NAME)) {
    if (comment !== undefined) reason = comment.replaceAll(/\s*\n?\s*\*\s+/g, " ").trim()
    else if (name !== undefined) reasons.set(name, reason)
    else reason = ""
  }
  return reasons
}

/** `root`: the project's folder. */
export const everyLimit = (root: string): ReadonlyArray<Limit> => {
  const reasons = reasonsIn(readFileSync(join(root, "config", "limits.ts"), "utf8"))
  // In the order of the source: a module's own is another before it is compiled than after.
  return [...reasons].flatMap(([name, reason]) => {
    const value = (limits as Readonly<Record<string, unknown>>)[name]
    return typeof value === "number" ? [{ name, value, reason }] : []
  })
}
