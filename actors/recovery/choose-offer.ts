/**
 * The offer that goes with a message, or none, with everything that led to it.
 */
import { type Draw, drawArms, NO_OFFER, type OfferLearned, type Posteriors } from "./bandit.ts"
import { type Budget, dayOf, leftOn } from "./budget.ts"
import {
  type CartWorth,
  contribution,
  type CustomerHistory,
  type IncentivePolicy,
  judge,
  type Judgement
} from "./incentive-rules.ts"
import type { OfferTerms } from "./offer.ts"
import { randomFrom } from "./random.ts"

export interface OfferDecided {
  readonly type: "offer-decided"
  readonly at: number
  readonly customerId: string
  readonly recoveryId: string
  readonly attemptId: string
  readonly segment: string
  /** The catalogue's name, or `none`. */
  readonly arm: string
  readonly currency: string
  /** The budget's day. */
  readonly day: number
  readonly offer:
    | {
        readonly offerId: string
        readonly terms: OfferTerms
        readonly reservedMinor: number
        readonly expiresAt: number
      }
    | undefined
  readonly because: Explanation
}

/** Enough to decide it again, and to say to a person why. */
export interface Explanation {
  readonly judgements: ReadonlyArray<Judgement>
  readonly draws: ReadonlyArray<Draw>
  readonly seed: number
  readonly budgetLeftMinor: number
}

export interface OfferQuestion {
  readonly at: number
  readonly customerId: string
  readonly recoveryId: string
  readonly attemptId: string
  /** Of the offer, if one is made: not to be guessed. */
  readonly offerId: string
  /** 32 bits by chance. */
  readonly seed: number
  readonly history: CustomerHistory
  readonly cart: CartWorth
  readonly policy: IncentivePolicy
  readonly budget: Budget
  readonly posteriors: Posteriors
}

/** By how the customer bought before and how much is in the cart: few enough that each learns from many. */
export const segmentOf = ({ orders }: CustomerHistory, cart: CartWorth, policy: IncentivePolicy): string => {
  const who = orders === 0 ? "new" : orders < policy.loyalOrders ? "returning" : "loyal"
  return `${who}-${cart.goodsMinor < 4 * policy.goodsMinimumMinor ? "small" : "large"}`
}

export const chooseOffer = (question: OfferQuestion): OfferDecided => {
  const { at, customerId, recoveryId, attemptId, offerId, seed, history, cart, policy, budget, posteriors } = question
  const day = dayOf(policy.zone, at)
  const budgetLeftMinor = leftOn(budget, day, policy.dailyBudgetMinor)
  const judgements = judge({ history, cart, policy, budgetLeftMinor })
  const allowed = judgements.filter(({ isAllowed }) => isAllowed)
  const segment = segmentOf(history, cart, policy)
  const arms = [{ offerKey: NO_OFFER, costMinor: 0 }, ...allowed].map(({ offerKey, costMinor }) => ({
    arm: offerKey,
    contributionMinor: contribution(cart, costMinor) ?? 0
  }))
  // Nothing to choose, nothing to draw: where no offer is allowed there is nothing to be learned either.
  const draws = allowed.length === 0 ? [] : drawArms(arms, { posteriors, segment, random: randomFrom(seed) })
  const arm = draws[0]?.arm ?? NO_OFFER
  const chosen = allowed.find(({ offerKey }) => offerKey === arm)
  const offer =
    chosen === undefined
      ? undefined
      : { offerId, terms: chosen.terms, reservedMinor: chosen.costMinor, expiresAt: at + policy.offerTtlMs }
  return {
    type: "offer-decided",
    at,
    customerId,
    recoveryId,
    attemptId,
    segment,
    arm,
    currency: cart.currency,
    day,
    offer,
    because: { judgements, draws, seed, budgetLeftMinor }
  }
}

/** What is learned once the attribution window is over; nothing where there was nothing to choose. */
export const learnedFrom = (
  { segment, arm, because }: OfferDecided,
  { at, isBought }: { readonly at: number; readonly isBought: boolean }
): ReadonlyArray<OfferLearned> =>
  because.draws.length === 0 ? [] : [{ type: "offer-learned", at, segment, arm, isBought }]
