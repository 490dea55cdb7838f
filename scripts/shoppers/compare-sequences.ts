/**
 * Whether every sequence was played as the settings say, by what arrived at Twilio: the words of each step, none too early, no
 * more than the caps allow, none left out that had its time and its place, and an end with a reason that others confirm.
 *
 * Deadlines and caps are reckoned here a second time, from the times that Twilio wrote down.
 */
import assert from "node:assert/strict"
import type { Cap } from "../../actors/recovery/caps.ts"
import type { RuledSequence } from "../../actors/recovery/settings.ts"
import type { Sides } from "./compare-books.ts"
import type { RecoveryAccount, Skip } from "./hub-books.ts"
import { linkIn } from "./hub-files.ts"

/** A message that is decided on is at Twilio by then. */
const ON_ITS_WAY_MS = 1_000
/** What was due this long before a recovery ended has been decided on; a machine may be busy. */
const SURELY_DECIDED_MS = 3_000

interface Text {
  readonly attemptId: string
  readonly recoveryId: string
  readonly step: number
  readonly body: string
  readonly at: number
}

export interface Played {
  /** Texts by step, the first one first. */
  readonly byStep: ReadonlyArray<number>
  /** Steps that came later because a cap was full, and those that did not come for that reason. */
  readonly delayedByCaps: number
  readonly skipped: number
  /** Recoveries by how they ended; `running`: not yet. */
  readonly endings: Readonly<Record<string, number>>
}

export const playedOf = (sides: Sides): Played => {
  const endings: Record<string, number> = {}
  const byStep: Array<number> = []
  let [delayedByCaps, skipped] = [0, 0]
  for (const played of recoveriesOf(sides)) {
    const how = played.recovery.endings.at(-1)?.reason ?? "running"
    endings[how] = (endings[how] ?? 0) + 1
    for (const { number, plannedAt, roomAt, skip, text } of played.steps) {
      if (text !== undefined) byStep[number] = (byStep[number] ?? 0) + 1
      if (text !== undefined && roomAt > plannedAt) delayedByCaps++
      if (skip !== undefined) skipped++
    }
  }
  return { byStep, delayedByCaps, skipped, endings }
}

export const compareSequences = (sides: Sides): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  for (const [customerId, own] of textsByCustomer(sides)) {
    for (const cap of capsOf(sides.settings)) wrong.push(...compareCap(customerId, own, cap))
  }
  for (const played of recoveriesOf(sides)) {
    wrong.push(...compareTexts(sides, played), ...compareEnd(sides, played), ...compareSteps(sides, played))
  }
  return wrong
}

interface PlayedStep {
  readonly number: number
  /** By the cart and the message before. */
  readonly plannedAt: number
  /** When the caps had room for it. */
  readonly roomAt: number
  readonly text: Text | undefined
  readonly skip: Skip | undefined
}

interface PlayedRecovery {
  readonly recoveryId: string
  readonly recovery: RecoveryAccount
  readonly sequence: RuledSequence
  readonly texts: ReadonlyArray<Text>
  readonly steps: ReadonlyArray<PlayedStep>
}

const recoveriesOf = (sides: Sides): ReadonlyArray<PlayedRecovery> => {
  const { books, settings } = sides
  const [sequence] = settings.sequences
  assert.ok(sequence !== undefined, "the hub has a sequence")
  const byCustomer = textsByCustomer(sides)
  return [...books.recoveries].map(([recoveryId, recovery]) => {
    const all = byCustomer.get(recovery.customerId) ?? []
    const texts = all.filter((text) => text.recoveryId === recoveryId)
    let lastAt = -Infinity
    const steps = sequence.steps.map(({ delayMs }, number) => {
      const text = texts.find(({ step }) => step === number)
      const plannedAt = Math.max(recovery.abandonment.at + delayMs, lastAt + sequence.gapMs)
      const roomAt = roomIn(capsOf(settings), all, plannedAt)
      lastAt = text?.at ?? lastAt
      return { number, plannedAt, roomAt, text, skip: recovery.skipped.get(number) }
    })
    return { recoveryId, recovery, sequence, texts, steps }
  })
}

const textsByCustomer = ({ books, twilio }: Sides): ReadonlyMap<string, ReadonlyArray<Text>> => {
  const groups = new Map<string, Array<Text>>()
  for (const text of textsOf({ books, twilio })) {
    const { customerId = "" } = books.attempts.get(text.attemptId) ?? {}
    const group = groups.get(customerId)
    if (group === undefined) groups.set(customerId, [text])
    else group.push(text)
  }
  return groups
}

/** In the order in which they arrived; what no attempt has sent is found elsewhere. */
const textsOf = ({ books, twilio }: Pick<Sides, "books" | "twilio">): ReadonlyArray<Text> =>
  twilio
    .sent()
    .flatMap(({ body, createdMs: at }) => {
      const attemptId = linkIn(body)?.attempt ?? ""
      const attempt = books.attempts.get(attemptId)
      return attempt === undefined ? [] : { attemptId, body, at, recoveryId: attempt.recoveryId, step: attempt.step }
    })
    .toSorted((left, right) => left.at - right.at)

/** Everything that arrives here is a text. */
const capsOf = ({ contact }: Sides["settings"]): ReadonlyArray<Cap> =>
  contact.caps.filter(({ channel }) => channel === undefined || channel === "sms")

const compareCap = (customerId: string, texts: ReadonlyArray<Text>, { messagesMax, windowMs }: Cap) =>
  texts.flatMap(({ at }) => {
    const count = texts.filter((other) => other.at <= at && other.at > at - windowMs).length
    return count <= messagesMax ? [] : `${customerId} was written to ${count} times within ${windowMs} ms`
  })

const compareTexts = (
  { settings }: Sides,
  { recovery, recoveryId, sequence, texts }: PlayedRecovery
): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  for (const [index, { at, body, step: number }] of texts.entries()) {
    const step = sequence.steps[number]
    const before = texts[index - 1]
    const words = settings.templates[step?.template ?? ""]?.text ?? ""
    if (step === undefined || !isSaidBy(words, body)) wrong.push(`${recoveryId}: "${body}" is not its step ${number}`)
    const dueAt = recovery.abandonment.at + (step?.delayMs ?? 0)
    if (at < dueAt) wrong.push(`${recoveryId}: the step ${number} came ${dueAt - at} ms too early`)
    if (before === undefined) continue
    if (before.step >= number) wrong.push(`${recoveryId}: the step ${number} came after the step ${before.step}`)
    if (at < before.at + sequence.gapMs) wrong.push(`${recoveryId}: the step ${number} came within the gap`)
  }
  return wrong
}

/** What stands between the places that are filled in, in its order. */
const isSaidBy = (words: string, body: string): boolean => {
  let from = 0
  for (const piece of words.split(/\{\w+\}/).map((one) => one.trim())) {
    const found = body.indexOf(piece, from)
    if (found < 0) return false
    from = found + piece.length
  }
  return words !== ""
}

/** Who ended it is asked: the cart that changed, or an order. */
const compareEnd = ({ books, isPlayedOut }: Sides, { recovery, recoveryId }: PlayedRecovery): ReadonlyArray<string> => {
  const { abandonment, customerId, endings } = recovery
  const [end, ...more] = endings
  if (end === undefined) return isPlayedOut ? [`${recoveryId} has not ended`] : []
  if (more.length > 0) return [`${recoveryId} ended ${endings.length} times`]
  const wrong = [...books.attempts.values()]
    .filter((attempt) => attempt.recoveryId === recoveryId && attempt.intendedAt > end.at)
    .map(() => `${recoveryId} intended a message after its end`)
  const cart = books.carts.get(abandonment.cartId)
  const hasBought = [...books.carts.values()].some(
    (one) => one.customerId === customerId && (one.orderedAt ?? -Infinity) >= abandonment.at
  )
  const hasChanged = cart !== undefined && cart.contents !== abandonment.cartVersion
  const isConfirmed =
    end.reason === "completed" ||
    (end.reason === "bought" && hasBought) ||
    (end.reason === "cart-changed" && hasChanged)
  if (!isConfirmed) wrong.push(`${recoveryId} ended as ${end.reason}, of which nobody else knows`)
  return wrong
}

/** Each step has its text, or no room in the caps until the sequence expires, or the end came before its time. */
const compareSteps = ({ isKilled }: Sides, { recovery, recoveryId, sequence, steps }: PlayedRecovery) => {
  const [end] = recovery.endings
  const endedAt = end?.reason === "completed" ? Infinity : (end?.at ?? -Infinity)
  const expiresAt = recovery.abandonment.at + sequence.expiresMs
  const wrong: Array<string> = []
  for (const { number, roomAt, skip, text } of steps) {
    if (text !== undefined && skip !== undefined) wrong.push(`${recoveryId}: the step ${number} went and was skipped`)
    if (skip !== undefined && roomAt < expiresAt - ON_ITS_WAY_MS) {
      const why = skip.refused.map(({ reason }) => reason).join(", ")
      wrong.push(`${recoveryId}: the step ${number} was skipped (${why}) with room in the caps`)
    }
    const isDue = text === undefined && skip === undefined && roomAt + SURELY_DECIDED_MS < endedAt
    if (isDue && !isKilled) wrong.push(`${recoveryId}: the step ${number} was left out`)
  }
  return wrong
}

/** The first moment from `at` on at which no cap is full, by the texts that had arrived before it. */
const roomIn = (caps: ReadonlyArray<Cap>, texts: ReadonlyArray<Text>, at: number): number => {
  const fullUntil = caps.map(({ messagesMax, windowMs }) => {
    const within = texts.filter((text) => text.at <= at && text.at > at - windowMs)
    return within.length < messagesMax ? at : (within[within.length - messagesMax] as Text).at + windowMs
  })
  const until = Math.max(at, ...fullUntil)
  return until === at ? at : roomIn(caps, texts, until)
}
