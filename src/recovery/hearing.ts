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
import { type HeardFact, openFact, type StoredOutreachFact } from "../outreach/stored-facts.ts"
import type { PersonalData } from "../personal-data/personal-data.ts"
import type { CustomerMail } from "./mail.ts"

export interface Hearing {
  readonly host: { readonly standing: { readonly facts: number }; readonly submit: (mail: CustomerMail) => void }
  readonly personal: PersonalData
  /** A carrier has the message of this attempt. */
  readonly heard: (attemptId: string, messageId: string) => void
}

/** Facts that are no command leave the position where it is, at most so many. */
const SILENT_MAX = 1_000
/** The keys cannot be reached: nothing is skipped because of that. */
const KEYS_AGAIN = "200 millis"

export const hearing = ({ heard, host, personal }: Hearing): FactReader => {
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
      const fact = parseObject(stored.data) as unknown as StoredOutreachFact | OutreachFact | undefined
      if (fact === undefined) return submit(stored, undefined)
      return Effect.flatMap(Effect.eventually(opened(fact)), (opened) => submit(stored, opened))
    })
  const opened = (fact: StoredOutreachFact | OutreachFact) =>
    Effect.tapError(openFact(personal, fact), () => Effect.sleep(KEYS_AGAIN))
  const submit = (stored: StoredFact, fact: HeardFact | undefined): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (fact?.kind === "status" && fact.attemptId !== undefined && fact.state !== "failed") {
        heard(fact.attemptId, fact.messageId)
      }
      const command = fact === undefined ? undefined : commandOf(fact)
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

const commandOf = (fact: HeardFact): CustomerCommand | undefined => {
  const mutationId = fact.id
  switch (fact.kind) {
    case "reply": {
      const { channel, optOut: carrier, place: address, text } = fact
      const said = { type: "wrote", mutationId, channel, address, text } as const
      return carrier === undefined ? said : { ...said, carrier }
    }
    case "unsubscribed":
      return { type: "unsubscribed", mutationId, customerId: fact.customerId, channel: fact.channel }
    case "status": {
      const { channel, failure, place: address } = fact
      if (failure?.class !== "permanent" || address === undefined) return undefined
      return { type: "bounced", mutationId, channel, address }
    }
  }
}
