/**
 * Why a message went with this offer, or with none: the decision without the rules that spoke for it.
 */
import type { Draw } from "../recovery/bandit.ts"
import type { OfferDecided } from "../recovery/choose-offer.ts"
import type { Finding } from "../recovery/incentive-rules.ts"

export interface OfferReason {
  readonly at: number
  readonly attemptId: string
  readonly segment: string
  /** The catalogue's name, or `none`. */
  readonly arm: string
  /** What spoke against any offer. */
  readonly against: ReadonlyArray<Finding>
  /** Every offer of the catalogue: what it would have cost, and what spoke against it. */
  readonly offers: ReadonlyArray<{
    readonly offerKey: string
    readonly costMinor: number
    readonly against: ReadonlyArray<Finding>
  }>
  /** What each of those that were allowed was thought to bring, the best first. */
  readonly draws: ReadonlyArray<Draw>
  readonly budgetLeftMinor: number
}

export const reasonOf = ({ arm, at, attemptId, because, segment }: OfferDecided): OfferReason => ({
  at,
  attemptId,
  segment,
  arm,
  against: because.findings.filter(({ isAgainst }) => isAgainst),
  offers: because.judgements.map(({ costMinor, findings, offerKey }) => ({
    offerKey,
    costMinor,
    against: findings.filter(({ isAgainst }) => isAgainst)
  })),
  draws: because.draws,
  budgetLeftMinor: because.budgetLeftMinor
})
