/** What can be gone to or done from anywhere, found by a few letters of what it is called. */
import type { StockRow, StockStore } from "../stock/store.ts"

export interface Command {
  readonly id: string
  readonly group: string
  readonly label: string
  /** After the label, quietly: what is known of it. */
  readonly hint?: string
  /** Found by these words too. */
  readonly words?: string
  /** What it answers is said, and the palette stays; nothing: it is done, and the palette is gone. */
  readonly run: () => void | Promise<string>
}

/** 0: it begins so. 1: one of its words does. 2: it stands somewhere in it. */
const rankOf = (word: string, text: string): number | undefined => {
  const place = text.indexOf(word)
  if (place < 0) return undefined
  if (place === 0) return 0
  return text.includes(` ${word}`) ? 1 : 2
}

/** The worst of the words counts: each must be found. */
const rankOfAll = (words: ReadonlyArray<string>, command: Command): number | undefined => {
  const text = `${command.label} ${command.words ?? ""}`.toLowerCase()
  let worst = 0
  for (const word of words) {
    const rank = rankOf(word, text)
    if (rank === undefined) return undefined
    worst = Math.max(worst, rank)
  }
  return worst
}

/** The best first, those that are as good in the order in which they were. */
export const matching = (written: string, commands: ReadonlyArray<Command>, most: number): ReadonlyArray<Command> => {
  const words = written.trim().toLowerCase().split(/\s+/)
  return commands
    .flatMap((command) => {
      const rank = rankOfAll(words, command)
      return rank === undefined ? [] : [{ command, rank }]
    })
    .toSorted((left, right) => left.rank - right.rank)
    .slice(0, most)
    .map(({ command }) => command)
}

/** One that is called just so first, then those that begin so, then those that have it somewhere: at most `most`. */
export const skusCalled = (
  stock: Pick<StockStore, "row" | "rows">,
  written: string,
  most: number
): ReadonlyArray<StockRow> => {
  const wanted = written.trim().toLowerCase()
  if (wanted === "") return []
  const exact = stock.row(written.trim()) ?? stock.row(wanted.toUpperCase())
  const begin = exact === undefined ? [] : [exact]
  const within: Array<StockRow> = []
  for (const row of stock.rows()) {
    if (begin.length === most) break
    const place = row === exact ? -1 : row.sku.toLowerCase().indexOf(wanted)
    if (place === 0) begin.push(row)
    else if (place > 0 && within.length < most) within.push(row)
  }
  return [...begin, ...within].slice(0, most)
}
