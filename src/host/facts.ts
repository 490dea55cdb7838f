/**
 * Facts from the stream to the host's mailbox: read, checked, taken in order, held back while the mailbox is full.
 *
 * What cannot be read goes to the dead letters before the position may pass it.
 */
import { Effect } from "effect"
import { fingerprint } from "../../actors/sku/fingerprint.ts"
import { FACTS_AHEAD_MAX, MESSAGE_BYTES_MAX } from "../../config/limits.ts"
import type { DeadLettersShape } from "../../streams/dead-letters.ts"
import type { FactReader, StoredFact } from "../../streams/facts.ts"
import { skuOfSubject } from "../../streams/subjects.ts"
import { decodeFact, decodeJson, wrongSku } from "../gateway/decode.ts"
import type { Refusal } from "../gateway/protocol.ts"
import type { PartitionHost } from "./host.ts"

export const factReader = (host: PartitionHost, deadLetters: DeadLettersShape): FactReader => {
  let taken = host.standing.facts
  let waiting = 0

  const take = (fact: StoredFact): Effect.Effect<void> =>
    Effect.suspend(() => {
      // Read again after a reconnection: it is in the mailbox already.
      if (fact.sequence <= taken) return Effect.void
      const decoded = decode(fact)
      if ("code" in decoded) {
        return Effect.andThen(
          bury(fact, decoded, deadLetters),
          Effect.sync(() => skip(fact.sequence))
        )
      }
      taken = fact.sequence
      waiting++
      host.submit({
        kind: "command",
        command: decoded,
        hash: fingerprint(decoded),
        factSequence: fact.sequence,
        receivedAtMs: performance.now(),
        reply: () => {
          waiting--
        }
      })
      return waiting < FACTS_AHEAD_MAX ? Effect.void : roomAgain
    })

  const skip = (sequence: number): void => {
    taken = sequence
    host.submit({ kind: "skipped", factSequence: sequence })
  }

  /** Half the window must be free again, so that reading goes on in bursts and not one by one. */
  const roomAgain: Effect.Effect<void> = Effect.gen(function* () {
    while (waiting > FACTS_AHEAD_MAX / 2) yield* Effect.sleep("1 millis")
  })

  // What was taken and not committed is still in the mailbox: reading goes on behind it, whatever the connection does.
  return { after: () => taken, take }
}

const decode = (fact: StoredFact) => {
  const sku = skuOfSubject(fact.subject)
  const wrong = wrongSku(sku)
  if (wrong !== undefined || sku === undefined) return wrong as Refusal
  const body = decodeJson(fact.data, MESSAGE_BYTES_MAX)
  if (!body.ok) return body.refusal
  const decoded = decodeFact(sku, body.value)
  return decoded.ok ? decoded.value : decoded.refusal
}

const bury = (fact: StoredFact, refusal: Refusal, deadLetters: DeadLettersShape): Effect.Effect<void> => {
  const letter = {
    code: refusal.code,
    message: refusal.message,
    ...(refusal.path === undefined ? {} : { path: refusal.path }),
    subject: fact.subject,
    body: new TextDecoder().decode(fact.data.subarray(0, MESSAGE_BYTES_MAX)),
    sequence: fact.sequence
  }
  return Effect.catch(deadLetters.put(letter), () =>
    Effect.andThen(
      Effect.sleep("200 millis"),
      Effect.suspend(() => bury(fact, refusal, deadLetters))
    )
  )
}
