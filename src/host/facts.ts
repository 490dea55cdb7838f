/**
 * Facts from the stream to the host's mailbox: read, checked, taken in order, held back while the mailbox is full.
 *
 * What cannot be read goes to the dead letters before the position may pass it.
 */
import { Effect } from "effect"
import type { Fact } from "../../actors/sku/commands.ts"
import { fingerprint } from "../../actors/sku/fingerprint.ts"
import { FACTS_AHEAD_MAX, MESSAGE_BYTES_MAX } from "../../config/limits.ts"
import type { DeadLettersShape } from "../../streams/dead-letters.ts"
import type { FactReader, StoredFact } from "../../streams/facts.ts"
import { channelOfSubject, skuOfSubject } from "../../streams/subjects.ts"
import { ofChannel } from "../access/of-channel.ts"
import { decodeFact, decodeJson, wrongSku } from "../gateway/decode.ts"
import type { Refusal } from "../gateway/protocol.ts"
import { current } from "../tracing/tracing.ts"
import type { SkippedFactMail } from "./mail.ts"

/** How a kind reads what it was told. */
export interface FactReading<C> {
  /** What a dead letter of it is a letter of. */
  readonly source: string
  readonly read: (
    fact: StoredFact,
    body: unknown
  ) =>
    | { readonly ok: true; readonly command: C; readonly hash: string }
    | { readonly ok: false; readonly refusal: Refusal }
}

interface FactMail<C> {
  readonly kind: "command"
  readonly command: C
  readonly hash: string
  readonly factSequence: number
  readonly receivedAtMs: number
  readonly reply: () => void
}

interface FactHost<C> {
  readonly standing: { readonly facts: number }
  readonly submit: (mail: FactMail<C> | SkippedFactMail) => void
}

export const factReader = <C>(
  host: FactHost<C>,
  deadLetters: DeadLettersShape,
  reading: FactReading<C>
): FactReader => {
  let taken = host.standing.facts
  let waiting = 0

  const take = (fact: StoredFact): Effect.Effect<void> =>
    Effect.suspend(() => {
      // Read again after a reconnection: it is in the mailbox already.
      if (fact.sequence <= taken) return Effect.void
      const body = decodeJson(fact.data, MESSAGE_BYTES_MAX)
      const decoded = body.ok ? reading.read(fact, body.value) : body
      if (!decoded.ok) {
        return Effect.andThen(
          bury({ fact, refusal: decoded.refusal, source: reading.source }, deadLetters),
          Effect.sync(() => skip(fact.sequence))
        )
      }
      taken = fact.sequence
      waiting++
      host.submit({
        kind: "command",
        command: decoded.command,
        hash: decoded.hash,
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
  return { after: () => taken, take, isTraced: () => current() !== undefined }
}

export const stockFacts: FactReading<Fact> = {
  source: "fact",
  read: (fact, body) => {
    const sku = skuOfSubject(fact.subject)
    const wrong = wrongSku(sku)
    if (wrong !== undefined || sku === undefined) return { ok: false, refusal: wrong as Refusal }
    const channel = channelOfSubject(fact.subject)
    const said = channel === undefined ? undefined : ofChannel(channel, body)
    if (said?.ok === false) return said
    const decoded = decodeFact(sku, said === undefined ? body : said.value)
    if (decoded.ok) {
      current()?.received(decoded.value, { name: "stock.fact", parent: fact.traceparent, atMs: performance.now() })
    }
    return decoded.ok ? { ok: true, command: decoded.value, hash: fingerprint(decoded.value) } : decoded
  }
}

interface Unread {
  readonly fact: StoredFact
  readonly refusal: Refusal
  readonly source: string
}

const bury = ({ fact, refusal, source }: Unread, deadLetters: DeadLettersShape): Effect.Effect<void> => {
  const letter = {
    code: refusal.code,
    message: refusal.message,
    ...(refusal.path === undefined ? {} : { path: refusal.path }),
    source,
    subject: fact.subject,
    body: new TextDecoder().decode(fact.data.subarray(0, MESSAGE_BYTES_MAX)),
    sequence: fact.sequence
  }
  return Effect.catch(deadLetters.put(letter), () =>
    Effect.andThen(
      Effect.sleep("200 millis"),
      Effect.suspend(() => bury({ fact, refusal, source }, deadLetters))
    )
  )
}
