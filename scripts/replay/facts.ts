/**
 * Orders and opening stock as facts: the bodies that go out, with ids that are the same at every replay.
 */
import type { FactBody } from "../../src/gateway/protocol.ts"
import type { Opening } from "./opening.ts"
import type { Order, PlannedLine } from "./plan.ts"

/** The channel that a replay's facts name; auditors and tallies know them by it. */
export const CHANNEL = "online-retail"

export const factOf = (order: Order, { meaning, mutationId }: PlannedLine): FactBody => ({
  type: meaning.kind,
  mutationId,
  quantity: meaning.units,
  channel: CHANNEL,
  occurredAt: new Date(order.at).toISOString(),
  reference: order.invoice
})

/**
 * The same file played in the same way needs the same stock and is recognised; what needs other stock gets it on top.
 * `fingerprint` is of the file's content, `how` names the options that the stock depends on.
 */
export const openingIdOf = (fingerprint: string, how: string): string => `opening ${fingerprint} ${how}`.trim()

export const isOpeningId = (mutationId: string): boolean => mutationId.startsWith("opening ")

export const openingFact = ({ units }: Opening, mutationId: string): FactBody => ({
  type: "receipt",
  mutationId,
  quantity: units,
  reference: "opening stock"
})
