/**
 * How the recovery of carts does: figures, what is due, the budget of offers, who is not written to. As over HTTP; addresses are
 * masked.
 */
import { MASKED_AT_ONCE_MAX } from "../../config/recovery.ts"
import type { Funnel, GroupRow } from "../recovery/figures-protocol.ts"
import { demand } from "./allowed.ts"
import { counts, given, read } from "./asking.ts"
import { listed, type Paged } from "./pages.ts"
import type { Part } from "./part.ts"
import { RECOVERY_TYPES } from "./recovery-types.ts"
import { answered, refusal } from "./refusals.ts"

/** Amounts by their currencies. */
const amounts = (record: Readonly<Record<string, number>>) =>
  Object.entries(record).map(([currency, amount]) => ({ currency, amount }))

export const recovery: Part = {
  types: RECOVERY_TYPES,
  resolvers: {
    Query: {
      recoveryFigures: (_source, args: Readonly<Record<string, unknown>>, { principal, services }) => {
        demand(principal, "recovery.read")
        const texts = Object.entries(given(args)).map(([name, value]) => [name, String(value)] as [string, string])
        const figures = services.recovery.readFigures(new URLSearchParams(texts))
        if (!figures.ok) throw refusal(figures.refusal)
        return read(services.run, figures.value)
      },
      recoveryQueue: (_source, args: Paged, { principal, services }) => {
        demand(principal, "recovery.read")
        return read(services.run, services.recovery.readQueue(listed(args, MASKED_AT_ONCE_MAX)))
      },
      recoveryBudget: (_source, { days }: { readonly days: number }, { principal, services }) => {
        demand(principal, "recovery.read")
        return answered((reply) => services.recovery.readBudget(days, reply))
      },
      suppressed: (_source, args: Paged, { principal, services }) => {
        demand(principal, "recovery.read")
        return read(services.run, services.recovery.readSuppressed(listed(args, MASKED_AT_ONCE_MAX)))
      }
    },
    RecoveryGroup: {
      revenueMinor: ({ revenueMinor }: GroupRow) => amounts(revenueMinor),
      costMicroMinor: ({ costMicroMinor }: GroupRow) => amounts(costMicroMinor)
    },
    Funnel: {
      withheld: ({ withheld }: Funnel) => counts(withheld),
      endings: ({ endings }: Funnel) => counts(endings)
    }
  }
}
