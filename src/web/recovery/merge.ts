/**
 * Two people have changed the same settings: what either changed is kept; where both changed the same, it is the second
 * one's, and it is told where.
 */

type Plain = Readonly<Record<string, unknown>>

const isPlain = (value: unknown): value is Plain => typeof value === "object" && value !== null && !Array.isArray(value)

export const isSame = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right)

/** `theirs` was saved first, `mine` is about to be; both began as `base`. */
export const merged = <A>(base: A, theirs: A, mine: A): A => mergedValue(base, theirs, mine) as A

const mergedValue = (base: unknown, theirs: unknown, mine: unknown): unknown => {
  if (isSame(mine, base)) return theirs
  if (isSame(theirs, base) || isSame(theirs, mine)) return mine
  if (isPlain(base) && isPlain(theirs) && isPlain(mine)) return mergedFields(base, theirs, mine)
  if (Array.isArray(base) && Array.isArray(theirs) && Array.isArray(mine)) {
    const isAligned = base.length === theirs.length && base.length === mine.length
    // What moved in a list cannot be told from what was changed in it: the list that is about to be saved is taken.
    return isAligned ? mine.map((one, index) => mergedValue(base[index], theirs[index], one)) : mine
  }
  return mine
}

const mergedFields = (base: Plain, theirs: Plain, mine: Plain): Plain => {
  const made: Record<string, unknown> = {}
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const value = mergedValue(base[name], theirs[name], mine[name])
    if (value !== undefined) made[name] = value
  }
  return made
}
