/**
 * One turn: every waiting command is decided against the book as the ones before it left it.
 *
 * `knownPositions` says first which commits must be at hand to know what was answered before; `decideTurn` then decides
 * the whole batch without waiting for anything. What it returns is not true yet: answers go out and positions are noted
 * only when the records are in the journal.
 *
 * T1 A mutation id that is known gets its first answer, or `mutation_conflict` when the content differs.
 * T2 Every command leaves either records that remember its id, or an answer that need not be remembered.
 * T3 Facts are decided in the order of their stream, and the position covers exactly the facts decided.
 * T4 Whoever is bound to channels closes and replaces no open hold of another channel, nor one of no channel.
 */

import type { Decision, HoldOutcome } from "../../actors/sku/decision.ts"
import type { JournalRecord, LinesRecord, RecordedAnswer, StockEvent } from "../../actors/sku/events.ts"
import { type Hold, holdKey } from "../../actors/sku/state.ts"
import type { StockBook } from "../../actors/stock/book.ts"
import { decide, decideDue, decideLines } from "../../actors/stock/decide.ts"
import { LINES_SCOPE, type SpanningHold } from "../../actors/stock/stock.ts"
import { TURN_EXPIRIES_MAX } from "../../config/limits.ts"
import { factSubject } from "../../streams/subjects.ts"
import type { Answer } from "../gateway/protocol.ts"
import {
  conflict,
  eventAnswer,
  linesAnswer,
  otherChannelsHold,
  recordedAnswer,
  replayed,
  unchangedAnswer
} from "./answers.ts"
import type { Given } from "./kind.ts"
import type { AnyAnswer, CommandMail, LinesMail, Mail, ResolutionMail, ViewMail } from "./mail.ts"
import { type Fingerprint, fingerprintOf, type Position, type Remembered } from "./remembered.ts"

/** Records of a commit by its sequence; `undefined` when it is not at hand. */
export type RecordsAt<R = JournalRecord> = (sequence: number) => ReadonlyArray<R> | undefined

export interface ToRemember {
  readonly id: Fingerprint
  /** Of the turn's records, the one that answers. */
  readonly index: number
}

export interface DeadFact {
  readonly sequence: number
  /** What it is a letter of, and the subject that it came by. */
  readonly source: string
  readonly subject: string
  /** The fact itself, as it was read. */
  readonly fact: object
  readonly answer: AnyAnswer
}

/** `M`: the mail that it decided, `R`: what it recorded. */
export interface Turn<M = Mail, R = JournalRecord> {
  readonly at: number
  readonly records: ReadonlyArray<R>
  readonly remember: ReadonlyArray<ToRemember>
  /** To be given in order once the records are in the journal. */
  readonly answers: ReadonlyArray<{ readonly mail: M; readonly answer: AnyAnswer }>
  /** Mail that is owed no more than word that the turn is in the journal. */
  readonly seen: ReadonlyArray<Extract<M, { readonly kind: "view" | "resolution" }>>
  /** Facts that were refused for good; they must be in the dead letters before the position passes them. */
  readonly deadFacts: ReadonlyArray<DeadFact>
  /** Last fact decided, 0 when there was none. */
  readonly facts: number
  /** More holds are due than one turn releases. */
  readonly moreDue: boolean
}

/** A turn in which nobody asked for anything. */
export const emptyTurn = (at: number): Turn<never, never> => ({
  at,
  records: [],
  remember: [],
  answers: [],
  seen: [],
  deadFacts: [],
  facts: 0,
  moreDue: false
})

/** The owner that an id is unique for: the SKU, or nobody for the several-lines endpoint. */
const ownerOf = (mail: CommandMail | LinesMail): string => (mail.kind === "command" ? mail.command.sku : "")

/** Where the journal may know this mail's mutation id, or the closed hold that it names; oldest first. */
export const knownPositions = (mail: Mail, book: StockBook, remembered: Remembered): ReadonlyArray<Position> => {
  if (mail.kind !== "command" && mail.kind !== "lines") return NOTHING
  const owner = ownerOf(mail)
  const { command } = mail
  const known = remembered.find(fingerprintOf("m", owner, command.mutationId))
  if (command.type !== "commit" && command.type !== "release") return known
  if (openHold(book, mail, command.holdId) !== undefined) return known
  const closed = remembered.find(fingerprintOf("h", owner, command.holdId))
  return known.length === 0 ? closed : [...known, ...closed]
}

const NOTHING: ReadonlyArray<Position> = []

const openHold = (book: StockBook, mail: CommandMail | LinesMail, holdId: string): Hold | SpanningHold | undefined => {
  if (mail.kind === "lines") return book.spanning(holdKey(LINES_SCOPE, holdId))
  const { sku } = mail.command
  return book.find(sku)?.holds?.get(holdKey(undefined, holdId)) ?? book.bundleHold(sku, holdId)
}

/** A hold over several SKUs has its channel on each of its legs. */
const channelOf = (book: StockBook, hold: Hold | SpanningHold): string | undefined => {
  if (!("legs" in hold)) return hold.channel
  const [leg] = hold.legs
  return leg === undefined ? undefined : book.leg(hold.key, leg)?.channel
}

/** Identifiers may hold any character: only the length keeps two pairs apart. */
const pairKey = (owner: string, id: string): string => `${owner.length}:${owner}${id}`

const outcomes: Readonly<Record<string, HoldOutcome>> = { commit: "committed", release: "released", expiry: "expired" }

interface Fresh {
  readonly hash: string
  readonly answer: Answer
}

class TurnInProgress {
  readonly records: Array<JournalRecord> = []
  readonly remember: Array<ToRemember> = []
  readonly answers: Array<{ readonly mail: Mail; readonly answer: Answer }> = []
  readonly seen: Array<ViewMail | ResolutionMail> = []
  readonly deadFacts: Array<DeadFact> = []
  facts = 0
  moreDue = false
  private readonly fresh = new Map<string, Fresh>()
  private readonly closed = new Map<string, HoldOutcome>()
  private readonly book: StockBook
  private readonly recordsAt: RecordsAt
  private readonly at: number
  /** Of the mail being decided. */
  private known: ReadonlyArray<Position> = NOTHING

  constructor(book: StockBook, recordsAt: RecordsAt, at: number) {
    this.book = book
    this.recordsAt = recordsAt
    this.at = at
  }

  take(mail: Mail, known: ReadonlyArray<Position>): void {
    this.known = known
    switch (mail.kind) {
      case "command":
      case "lines":
        this.takeCommand(mail)
        return
      case "view":
        mail.view(this.book)
        this.seen.push(mail)
        return
      case "due":
        this.expire()
        return
      case "skipped":
        this.facts = mail.factSequence
        return
      case "resolution":
        this.records.push(mail.record)
        this.seen.push(mail)
    }
  }

  private takeCommand(mail: CommandMail | LinesMail): void {
    const owner = ownerOf(mail)
    const id = fingerprintOf("m", owner, mail.command.mutationId)
    const freshKey = pairKey(owner, mail.command.mutationId)
    const before = this.fresh.get(freshKey) ?? this.recall(mail, owner)
    const answer =
      before === undefined
        ? this.decide(mail, owner, id, freshKey)
        : before.hash === mail.hash
          ? replayed(before.answer)
          : conflict(mail.command.mutationId, owner === "" ? undefined : owner)
    if (mail.kind === "command" && mail.factSequence > 0) this.noteFact(mail, answer)
    this.answers.push({ mail, answer })
  }

  private noteFact(mail: CommandMail, answer: Answer): void {
    this.facts = mail.factSequence
    if (answer.ok) return
    const { command: fact, factSequence: sequence } = mail
    this.deadFacts.push({ sequence, source: "fact", subject: factSubject(fact.sku), fact, answer })
  }

  /** What was answered to this id before this turn; a record of another id with the same hash is passed over. */
  private recall(mail: CommandMail | LinesMail, owner: string): Fresh | undefined {
    for (const { sequence, index } of this.known) {
      const records = this.recordsAt(sequence)
      const record = records?.[index]
      if (records === undefined || record === undefined) continue
      const known = answerOf(record, records, owner, mail.command.mutationId)
      if (known !== undefined) return known
    }
    return undefined
  }

  private decide(mail: CommandMail | LinesMail, owner: string, id: Fingerprint, freshKey: string): Answer {
    const outside = this.outside(mail)
    if (outside !== undefined) return outside
    const { hash } = mail
    const given = { at: this.at, hash, closed: this.closedHold(mail, owner) }
    const decision =
      mail.kind === "command" ? decide(this.book, mail.command, given) : decideLines(this.book, mail.command, given)
    const first = this.records.length
    this.keep(decision.records)
    const answer = this.answerTo(mail, decision)
    // `invalid_request` is decided afresh each time: the sender will mend it and may keep its id.
    if (!answer.ok && answer.code === "invalid_request") return answer
    this.remember.push({ id, index: this.carrierOf(mail, decision, first, answer) })
    this.fresh.set(freshKey, { hash, answer })
    return answer
  }

  /** Not remembered: it must not stand in the way of whose hold it is, should they use the same mutation id. */
  private outside(mail: CommandMail | LinesMail): Answer | undefined {
    const { channels, command } = mail
    if (channels === undefined || !("holdId" in command)) return undefined
    const hold = openHold(this.book, mail, command.holdId)
    if (hold === undefined) return undefined
    // A hold of no channel is of all of them.
    return channels.includes(channelOf(this.book, hold) ?? "") ? undefined : otherChannelsHold(command.holdId)
  }

  private answerTo(mail: CommandMail | LinesMail, decision: Decision): Answer {
    if (decision.refusal !== undefined) return decision.refusal
    if (decision.unchanged !== undefined) return this.unchanged(mail)
    return answerFrom(decision.records.find(remembers) as Carrier, decision.records)
  }

  /** Where the record stands that remembers the answer: the event itself, or one put down for the answer's sake. */
  private carrierOf(mail: CommandMail | LinesMail, decision: Decision, first: number, answer: Answer): number {
    if (decision.refusal === undefined && decision.unchanged === undefined) {
      return first + decision.records.findIndex(remembers)
    }
    this.records.push({
      type: "answered",
      ...(mail.kind === "command" ? { sku: mail.command.sku } : {}),
      mutationId: mail.command.mutationId,
      hash: mail.hash,
      answer: answer as unknown as RecordedAnswer
    })
    return this.records.length - 1
  }

  private unchanged(mail: CommandMail | LinesMail): Answer {
    const { command } = mail
    const holdId = "holdId" in command ? command.holdId : ""
    if (mail.kind === "command") {
      const state = this.book.find(mail.command.sku)
      return unchangedAnswer(holdId, state === undefined ? [] : [state], true)
    }
    const asked = this.lastLinesOf(holdId)
    return unchangedAnswer(
      holdId,
      asked.flatMap((sku) => this.book.find(sku) ?? []),
      false
    )
  }

  /** The SKUs that a closed several-lines hold had asked for. */
  private lastLinesOf(holdId: string): ReadonlyArray<string> {
    const here = this.records.findLast((record) => record.type === "lines" && record.holdId === holdId)
    if (here?.type === "lines") return here.asked
    for (const { sequence, index } of this.known.toReversed()) {
      const record = this.recordsAt(sequence)?.[index]
      if (record?.type === "lines" && record.holdId === holdId) return record.asked
    }
    return []
  }

  private closedHold(mail: CommandMail | LinesMail, owner: string): HoldOutcome | undefined {
    const { command } = mail
    if (command.type !== "commit" && command.type !== "release") return undefined
    if (openHold(this.book, mail, command.holdId) !== undefined) return undefined
    const here = this.closed.get(pairKey(owner, command.holdId))
    if (here !== undefined) return here
    for (const { sequence, index } of this.known.toReversed()) {
      const record = this.recordsAt(sequence)?.[index]
      const closing = record === undefined ? undefined : closingOf(record)
      if (closing?.owner === owner && closing.holdId === command.holdId) return closing.outcome
    }
    return undefined
  }

  private keep(records: ReadonlyArray<JournalRecord>): void {
    for (const record of records) {
      this.records.push(record)
      this.book.apply(record, this.at)
      const closing = closingOf(record)
      if (closing === undefined) continue
      this.closed.set(pairKey(closing.owner, closing.holdId), closing.outcome)
      this.remember.push({ id: fingerprintOf("h", closing.owner, closing.holdId), index: this.records.length - 1 })
    }
  }

  private expire(): void {
    const due = this.book.deadlines.dueBy(this.at, TURN_EXPIRIES_MAX)
    for (const one of due) this.keep(decideDue(this.book, one, this.at)?.records ?? [])
    this.moreDue = due.length === TURN_EXPIRIES_MAX
  }
}

/** The hold that a record closes, named as its maker would: legs of a spanning hold are closed by its own record. */
export const closingOf = (
  record: JournalRecord
): { readonly owner: string; readonly holdId: string; readonly outcome: HoldOutcome } | undefined => {
  if (record.type === "lines") {
    const outcome = outcomes[record.act]
    return outcome === undefined ? undefined : { owner: record.sku ?? "", holdId: record.holdId, outcome }
  }
  if (record.type !== "commit" && record.type !== "release" && record.type !== "expiry") return undefined
  if (record.scope !== undefined) return undefined
  return { owner: record.sku, holdId: record.holdId, outcome: outcomes[record.type] as HoldOutcome }
}

/** An accepted command's record that keeps its mutation id: exactly one of a decision's records does. */
type Carrier = StockEvent | LinesRecord

const remembers = (record: JournalRecord): record is Carrier =>
  record.type !== "answered" && "hash" in record && record.hash !== undefined

const answerFrom = (carrier: Carrier, records: ReadonlyArray<JournalRecord>): Answer =>
  carrier.type === "lines" ? linesAnswer(carrier, records) : eventAnswer(carrier)

/** The answer that a record stands for, when it is this id's. */
const answerOf = (
  record: JournalRecord,
  records: ReadonlyArray<JournalRecord>,
  owner: string,
  mutationId: string
): Fresh | undefined => {
  if (!("hash" in record) || record.hash === undefined || record.mutationId !== mutationId) return undefined
  if ((record.sku ?? "") !== owner) return undefined
  const answer = record.type === "answered" ? recordedAnswer(record.answer) : answerFrom(record, records)
  return { hash: record.hash, answer }
}

/** Decides a batch. The book is left as it will be once the records are in the journal. */
export const decideTurn = (batch: ReadonlyArray<Mail>, given: Given<StockBook, Mail, JournalRecord>): Turn => {
  const turn = new TurnInProgress(given.book, given.recordsAt, given.at)
  for (const mail of batch) turn.take(mail, given.known.get(mail) ?? NOTHING)
  const { records, remember, answers, seen, deadFacts, facts, moreDue } = turn
  return { at: given.at, records, remember, answers, seen, deadFacts, facts, moreDue }
}

/** What to note of a record that was read back from the journal. */
export const rememberedBy = (record: JournalRecord): ReadonlyArray<Fingerprint> => {
  const noted: Array<Fingerprint> = []
  if ("hash" in record && record.hash !== undefined) {
    const owner = "sku" in record && record.sku !== undefined ? record.sku : ""
    noted.push(fingerprintOf("m", owner, record.mutationId))
  }
  const closing = closingOf(record)
  if (closing !== undefined) noted.push(fingerprintOf("h", closing.owner, closing.holdId))
  return noted
}
