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

/** An offer, or none, that was chosen among several and of which nobody knows yet whether it worked. */
export interface Trial {
  readonly attemptId: string
  readonly segment: string
  readonly arm: string
  /** Who has not bought by then did not. */
  readonly until: number
}

/** What became of it: bought within the attribution window, or not. */
export interface OfferLearned {
  readonly type: "offer-learned"
  readonly at: number
  readonly customerId: string
  readonly attemptId: string
  readonly segment: string
  readonly arm: string
  readonly isBought: boolean
}

/** What was seen of one customer, by `segment|arm`. */
export type Learned = Readonly<Record<string, Seen>>

export const evolveLearned = (learned: Learned, { segment, arm, isBought }: OfferLearned): Learned => {
  const key = `${segment}|${arm}`
  const { bought, notBought } = learned[key] ?? { bought: 0, notBought: 0 }
  return { ...learned, [key]: isBought ? { bought: bought + 1, notBought } : { bought, notBought: notBought + 1 } }
}

/** Counts what was seen of one customer, or with -1 takes it out again; in place. */
export const countLearned = (posteriors: Map<string, Seen>, learned: Learned, sign: 1 | -1): void => {
  for (const [key, { bought, notBought }] of Object.entries(learned)) {
    const before = posteriors.get(key) ?? { bought: 0, notBought: 0 }
    posteriors.set(key, {
      bought: before.bought + sign * bought,
      notBought: before.notBought + sign * notBought
    })
  }
}
