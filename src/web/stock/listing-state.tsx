/** How a listing is: whether the channel shows what it ought to, and what is done about it. */
import type { ListedItem } from "../../gateway/history-protocol.ts"
import { UNKNOWN, units } from "../app/formats.ts"

type Standing = Pick<ListedItem, "givenUp" | "inStep" | "retryAt">

const stateOf = ({ givenUp, inStep, retryAt }: Standing): readonly [word: string, tone: string] => {
  if (givenUp !== null) return ["Given up", "down"]
  if (inStep) return ["In step", "ok"]
  return retryAt === null ? ["On its way", "ok"] : ["Tried again", "throttled"]
}

export const ListingState = ({ listing }: { readonly listing: Standing }) => {
  const [word, tone] = stateOf(listing)
  return (
    <span className="channel-state" data-state={tone}>
      {word}
    </span>
  )
}

export const countOf = (value: number | null): string => (value === null ? UNKNOWN : units(value))
