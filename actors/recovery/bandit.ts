/**
 * Which of the allowed offers works, learned by segment: Thompson's sampling over Beta posteriors.
 *
 * Each arm's chance of a purchase is drawn from what is believed of it, times what the shop would keep of the price; the
 * highest wins. So an offer that sells more but costs more than it brings loses to none at all, which is an arm like the
 * others. What is unlikely to be best is tried ever less, but not never.
 */
import { beta, type Random } from "./random.ts"

/** What was seen of an arm within one segment. */
export interface Seen {
  readonly bought: number
  readonly notBought: number
}

/** By `segment|arm`. */
export type Posteriors = ReadonlyMap<string, Seen>

export const NO_OFFER = "none"

export interface Arm {
  readonly arm: string
  /** What the shop keeps if it is bought. */
  readonly contributionMinor: number
}

export interface Draw extends Arm {
  readonly chance: number
  readonly worthMinor: number
}

export const seenOf = (posteriors: Posteriors, segment: string, arm: string): Seen =>
  posteriors.get(`${segment}|${arm}`) ?? { bought: 0, notBought: 0 }

/** A draw for each arm, the best first. */
export const drawArms = (
  arms: ReadonlyArray<Arm>,
  {
    posteriors,
    segment,
    random
  }: { readonly posteriors: Posteriors; readonly segment: string; readonly random: Random }
): ReadonlyArray<Draw> =>
  arms
    .map(({ arm, contributionMinor }) => {
      const { bought, notBought } = seenOf(posteriors, segment, arm)
      const chance = beta({ a: 1 + bought, b: 1 + notBought }, random)
      return { arm, contributionMinor, chance, worthMinor: chance * contributionMinor }
    })
    .sort((left, right) => right.worthMinor - left.worthMinor)

/** What became of an offer, or of none, once its attribution window is over. */
export interface OfferLearned {
  readonly type: "offer-learned"
  readonly at: number
  readonly segment: string
  readonly arm: string
  readonly isBought: boolean
}

export const evolvePosteriors = (posteriors: Map<string, Seen>, { segment, arm, isBought }: OfferLearned): void => {
  const { bought, notBought } = seenOf(posteriors, segment, arm)
  posteriors.set(
    `${segment}|${arm}`,
    isBought ? { bought: bought + 1, notBought } : { bought, notBought: notBought + 1 }
  )
}
