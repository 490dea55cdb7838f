/**
 * Recovery's part of the schema, in the shapes of `src/recovery/figures-protocol.ts`.
 */
export const RECOVERY_TYPES = /* GraphQL */ `
  extend type Query {
    "Of a period (from, to: dates or moments; the last days when they are left out), by sequence or another grouping."
    recoveryFigures(from: String, to: String, windowDays: Int, by: String, currency: String): RecoveryFigures
    "What is due, the soonest first."
    recoveryQueue(after: String, limit: Int = 100): RecoveryQueue
    recoveryBudget(days: Int = 7): RecoveryBudget
    "Who is not written to any more; addresses are masked."
    suppressed(after: String, limit: Int = 100): SuppressedPage
  }

  type RecoveryFigures {
    from: DateTime!
    to: DateTime!
    windowDays: Int!
    by: String!
    "Of all revenue that is compared; null when nothing was bought."
    currency: String
    currencies: [String!]!
    total: Compared!
    "Customers whose window is not over: they are counted when it is."
    waiting: Int!
    groups: [RecoveryGroup!]!
    "Why the groups have no lift of their own."
    saying: String
    days: [RecoveryDay!]!
    funnel: Funnel!
  }

  type GroupFigures {
    customers: Int!
    bought: Int!
    revenueMinor: SafeInt!
  }

  "Those who were written to beside those who were not."
  type Compared {
    treated: GroupFigures!
    holdout: GroupFigures!
    verdict: String!
    "What was found, or what is missing."
    saying: String!
    baseline: Baseline
    lift: Lift
  }

  "What those who were written to would have bought anyway."
  type Baseline {
    bought: SafeInt!
    revenueMinor: SafeInt!
  }

  type Lift {
    "Of the share of customers who bought, with its 95 % interval."
    conversion: Interval!
    "In minor units, over all who were written to."
    revenueMinor: Interval
  }

  type Interval {
    difference: Float!
    low: Float!
    high: Float!
  }

  type RecoveryGroup {
    group: String!
    messages: Int!
    conversions: Int!
    revenueMinor: [Amount!]!
    segments: Int!
    "Millionths of a minor unit."
    costMicroMinor: [Amount!]!
    compared: Compared
  }

  type Amount {
    currency: String!
    amount: SafeInt!
  }

  "Cumulated over the days of the period."
  type RecoveryDay {
    day: String!
    treated: GroupFigures!
    holdout: GroupFigures!
    baselineMinor: SafeInt
    liftMinor: Interval
  }

  type Funnel {
    left: Int!
    heldOut: Int!
    begun: Int!
    written: Int!
    bought: Int!
    replied: Int!
    "Why nothing was begun for the others."
    withheld: [Count!]!
    "How those that were begun ended."
    endings: [Count!]!
  }

  type RecoveryQueue {
    at: DateTime!
    running: Int!
    underWay: Int!
    withinAnHour: Int!
    items: [QueuedRecovery!]!
    next: String
  }

  type QueuedRecovery {
    recoveryId: String!
    customerId: String!
    cart: String!
    sequence: String!
    "From 0."
    step: Int!
    phase: String!
    channel: String
    dueAt: DateTime!
    leftAt: DateTime!
    messages: Int!
  }

  type RecoveryBudget {
    isOffering: Boolean!
    currency: String
    zone: String
    leftMinor: SafeInt
    "Today first."
    days: [BudgetDay!]!
  }

  type BudgetDay {
    day: String!
    limitMinor: SafeInt
    spentMinor: SafeInt!
    "What offers that are not settled yet may still cost."
    reservedMinor: SafeInt!
  }

  type SuppressedPage {
    count: Int!
    items: [Suppressed!]!
    next: String
  }

  type Suppressed {
    address: String!
    channel: String!
    reason: String!
    at: DateTime!
  }
`
