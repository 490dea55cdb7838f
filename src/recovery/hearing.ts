/**
 * What carriers told, from the OUTREACH stream to the customers: in order, from the position that stands in the customers'
 * journal, so that nothing is lost and nothing counts twice.
 *
 * A status says first of all that a message has left: whoever carries its attempt is told. Only one that will never arrive
 * concerns the customer.
 */
import { Effect } from "effect"
import type { CustomerCommand } from "../../actors/customer/commands.ts"
import { hash64 } from "../../actors/sku/fingerprint.ts"
import { FACTS_AHEAD_MAX } from "../../config/limits.ts"
import type { FactReader, StoredFact } from "../../streams/facts.ts"
import { parseObject } from "../channels/json-body.ts"
import type { OutreachFact } from "../outreach/outreach.ts"
import type { Addresses } from "./addresses.ts"
import type { CustomerMail } from "./mail.ts"

export interface Hearing {
  readonly host: { readonly standing: { readonly facts: number }; readonly submit: (mail: CustomerMail) => void }
  readonly addresses: Addresses
  /** A carrier has the message of this attempt. */
  readonly heard: (attemptId: string, messageId: string) => void
}

/** Facts that are no command leave the position where it is, at most so many. */
const SILENT_MAX = 1_000

export const hearing = ({ addresses, heard, host }: Hearing): FactReader => {
  let taken = host.standing.facts
  let waiting = 0
  let silent = 0
  const roomAgain: Effect.Effect<void> = Effect.gen(function* () {
    while (waiting > FACTS_AHEAD_MAX / 2) yield* Effect.sleep("1 millis")
  })
  const take = (stored: StoredFact): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (stored.sequence <= taken) return Effect.void
      taken = stored.sequence
      const fact = parseObject(stored.data) as unknown as OutreachFact | undefined
      if (fact?.kind === "status" && fact.attemptId !== undefined && fact.state !== "failed") {
        heard(fact.attemptId, fact.messageId)
      }
      const command = fact === undefined ? undefined : commandOf(fact, addresses)
      if (command === undefined) {
        if (++silent % SILENT_MAX === 0) host.submit({ kind: "skipped", factSequence: stored.sequence })
        return Effect.void
      }
      waiting++
      host.submit({
        kind: "command",
        command,
        hash: hash64(JSON.stringify(command)),
        factSequence: stored.sequence,
        receivedAtMs: performance.now(),
        reply: () => {
          waiting--
        }
      })
      return waiting < FACTS_AHEAD_MAX ? Effect.void : roomAgain
    })
  return { after: () => taken, take }
}

const commandOf = (fact: OutreachFact, { blind }: Addresses): CustomerCommand | undefined => {
  const mutationId = fact.id
  switch (fact.kind) {
    case "reply": {
      const { channel, from, optOut: carrier, text } = fact
      const said = { type: "wrote", mutationId, channel, address: blind(channel, from), text } as const
      return carrier === undefined ? said : { ...said, carrier }
    }
    case "unsubscribed":
      return { type: "unsubscribed", mutationId, customerId: fact.customerId, channel: fact.channel }
    case "status": {
      const { channel, failure, to } = fact
      if (failure?.class !== "permanent" || to === undefined) return undefined
      return { type: "bounced", mutationId, channel, address: blind(channel, to) }
    }
  }
}
