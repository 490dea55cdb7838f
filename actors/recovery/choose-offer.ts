/**
 * The offer that goes with a message, or none, with everything that led to it.
 */
import { type Draw, drawArms, NO_OFFER, type Posteriors, type Trial } from "./bandit.ts"
import { type Budget, dayOf, leftOn } from "./budget.ts"
import {
  type CartWorth,
  contribution,
  type CustomerHistory,
  type Finding,
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
  readonly cartId: string
  readonly segment: string
  /** The catalogue's name, or `none`. */
  readonly arm: string
  readonly currency: string
  /** The budget's day. */
  readonly day: number
  /** Of the settings whose rules it was decided by. */
  readonly settingsVersion?: number
  /** Absent: none. */
  readonly offer?: {
    readonly offerId: string
    readonly terms: OfferTerms
    readonly reservedMinor: number
    readonly expiresAt: number
  }
  readonly because: Explanation
  /** When nothing was bought by then, nothing came of it; absent: there was nothing to choose. */
  readonly learnBy?: number
}

/** Enough to decide it again, and to say to a person why. */
export interface Explanation {
  /** What holds for every offer to this customer. */
  readonly findings: ReadonlyArray<Finding>
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
  readonly cartId: string
  /** Of the offer, if one is made: not to be guessed. */
  readonly offerId: string
  /** 32 bits by chance. */
  readonly seed: number
  readonly history: CustomerHistory
  readonly cart: CartWorth
  readonly policy: IncentivePolicy
  /** Of the settings that the policy is of. */
  readonly settingsVersion: number
  /** So long after it a purchase is put down to it. */
  readonly attributionMs: number
  readonly budget: Budget
  readonly posteriors: Posteriors
}

/** By how the customer bought before and how much is in the cart: few enough that each learns from many. */
export const segmentOf = ({ orders }: CustomerHistory, cart: CartWorth, policy: IncentivePolicy): string => {
  const who = orders === 0 ? "new" : orders < policy.loyalOrders ? "returning" : "loyal"
  return `${who}-${cart.goodsMinor < 4 * policy.goodsMinimumMinor ? "small" : "large"}`
}

export const chooseOffer = (question: OfferQuestion): OfferDecided => {
  const { at, customerId, recoveryId, attemptId, cartId, offerId, seed } = question
  const { history, cart, policy, settingsVersion, budget, posteriors } = question
  const day = dayOf(policy.zone, at)
  const budgetLeftMinor = leftOn(budget, { currency: policy.currency, day }, policy.dailyBudgetMinor)
  const { findings, judgements } = judge({ history, cart, policy, budgetLeftMinor })
  const allowed = judgements.filter(({ isAllowed }) => isAllowed)
  const segment = segmentOf(history, cart, policy)
  const arms = [{ offerKey: NO_OFFER, costMinor: 0 }, ...allowed].map(({ offerKey, costMinor }) => ({
    arm: offerKey,
    contributionMinor: contribution(cart, costMinor) ?? 0
  }))
  // Nothing to choose, nothing to draw.
  const draws = allowed.length === 0 ? [] : drawArms(arms, { posteriors, segment, random: randomFrom(seed) })
  const arm = draws[0]?.arm ?? NO_OFFER
  const chosen = allowed.find(({ offerKey }) => offerKey === arm)
  return {
    type: "offer-decided",
    at,
    customerId,
    recoveryId,
    attemptId,
    cartId,
    segment,
    arm,
    currency: cart.currency,
    day,
    settingsVersion,
    ...(chosen === undefined
      ? {}
      : {
          offer: {
            offerId,
            terms: chosen.terms,
            reservedMinor: chosen.costMinor,
            expiresAt: at + policy.offerTtlMs
          }
        }),
    because: { findings, judgements, draws, seed, budgetLeftMinor },
    // Where there was nothing to choose there is nothing to be learned either.
    ...(draws.length === 0 ? {} : { learnBy: at + question.attributionMs })
  }
}

export const trialOf = ({ arm, attemptId, learnBy, segment }: OfferDecided): Trial | undefined =>
  learnBy === undefined ? undefined : { attemptId, segment, arm, until: learnBy }
