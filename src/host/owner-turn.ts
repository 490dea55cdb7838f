/**
 * One turn of actors whose every command is somebody's: what is known of a repeated id, what is decided, what falls due.
 * The rules are those of the stock's turn (`turn.ts`). What a kind decides, it says in its `OwnerRules`.
 */
import type { Deadlines } from "../../actors/stock/deadlines.ts"
import { conflict } from "./answers.ts"
import type { ActorBook, Given } from "./kind.ts"
import type { AnyAnswer } from "./mail.ts"
import type { OwnerCommandMail, OwnerMail, OwnerViewMail } from "./owner-mail.ts"
import { type Fingerprint, fingerprintOf, type Position, type Remembered } from "./remembered.ts"
import type { DeadFact, ToRemember, Turn } from "./turn.ts"

/** A record that may keep a mutation id: with the fingerprint of the command's content. */
export interface OwnerRecord {
  readonly mutationId: string
  readonly hash?: string
}

/** Its deadlines are the names of those that are due. */
export interface OwnerBook<R> extends ActorBook<R> {
  readonly deadlines: Deadlines<string>
}

/** Where a decision puts what happens. */
export interface Keeper<B, R> {
  readonly book: B
  readonly at: number
  /** Into the journal, and into the book at once. */
  keep(record: R): void
  /** Into the journal alone: it changes no actor. */
  note(record: R): void
}

/** `C`: its commands, `A`: its answers, `B`: its book, `R`: its records. */
export interface OwnerRules<C, A, B, R> {
  readonly ownerOf: (command: C) => string
  readonly ownerOfRecord: (record: R) => string
  /**
   * Of what it keeps and notes one record carries the hash, unless that is empty. Where none does, the answer need not be
   * remembered, and the same id is decided afresh.
   */
  readonly decide: (command: C, hash: string, keeper: Keeper<B, R>) => A
  /** What the record has answered; `records`: its commit's. */
  readonly answerOf: (record: R, records: ReadonlyArray<R>) => A
  /** An answer that was given before. */
  readonly repeated: (answer: A) => A
  readonly decideDue: (key: string, keeper: Keeper<B, R>) => void
  readonly dueMax: number
  /** What a refused fact is a letter of, and the subject that it came by; absent: facts are never refused. */
  readonly letterOf?: (owner: string) => Pick<DeadFact, "source" | "subject">
}

interface Fresh<A> {
  readonly hash: string
  readonly answer: A
}

const NOTHING: ReadonlyArray<Position> = []

type Owned = { readonly mutationId: string }

class OwnerTurn<C extends Owned, A extends AnyAnswer, B extends OwnerBook<R>, R extends OwnerRecord> {
  readonly records: Array<R> = []
  readonly remember: Array<ToRemember> = []
  readonly answers: Array<{ readonly mail: OwnerCommandMail<C, A>; readonly answer: AnyAnswer }> = []
  readonly seen: Array<OwnerViewMail<B, A>> = []
  readonly deadFacts: Array<DeadFact> = []
  facts = 0
  moreDue = false
  private readonly fresh = new Map<string, Fresh<A>>()
  private readonly rules: OwnerRules<C, A, B, R>
  private readonly given: Given<B, OwnerMail<C, A, B>, R>

  constructor(rules: OwnerRules<C, A, B, R>, given: Given<B, OwnerMail<C, A, B>, R>) {
    this.rules = rules
    this.given = given
  }

  get book(): B {
    return this.given.book
  }

  get at(): number {
    return this.given.at
  }

  keep(record: R): void {
    this.records.push(record)
    this.book.apply(record, this.at)
  }

  note(record: R): void {
    this.records.push(record)
  }

  take(mail: OwnerMail<C, A, B>): void {
    switch (mail.kind) {
      case "command":
        return this.takeCommand(mail)
      case "view":
        mail.view(this.book)
        this.seen.push(mail)
        return
      case "due":
        return this.passDeadlines()
      case "skipped":
        this.facts = mail.factSequence
    }
  }

  private takeCommand(mail: OwnerCommandMail<C, A>): void {
    const { command, hash } = mail
    const owner = this.rules.ownerOf(command)
    // Identifiers may hold any character: only the length keeps two pairs apart.
    const key = `${owner.length}:${owner}${command.mutationId}`
    const before = hash === "" ? undefined : (this.fresh.get(key) ?? this.recall(mail, owner))
    const answer =
      before === undefined
        ? this.decide(mail, owner, key)
        : before.hash === hash
          ? this.rules.repeated(before.answer)
          : conflict(command.mutationId, undefined)
    if (mail.factSequence > 0) this.noteFact(mail, owner, answer)
    this.answers.push({ mail, answer })
  }

  private noteFact({ command, factSequence }: OwnerCommandMail<C, A>, owner: string, answer: AnyAnswer): void {
    this.facts = factSequence
    const letter = answer.ok ? undefined : this.rules.letterOf?.(owner)
    if (letter === undefined) return
    this.deadFacts.push({ sequence: factSequence, ...letter, fact: command, answer })
  }

  /** What was answered to this id before this turn; a record of another id with the same fingerprint is passed over. */
  private recall(mail: OwnerCommandMail<C, A>, owner: string): Fresh<A> | undefined {
    for (const { sequence, index } of this.given.known.get(mail) ?? NOTHING) {
      const records = this.given.recordsAt(sequence)
      const record = records?.[index]
      if (records === undefined || record?.hash === undefined) continue
      if (record.mutationId !== mail.command.mutationId || this.rules.ownerOfRecord(record) !== owner) continue
      return { hash: record.hash, answer: this.rules.answerOf(record, records) }
    }
    return undefined
  }

  private decide({ command, hash }: OwnerCommandMail<C, A>, owner: string, key: string): A {
    const first = this.records.length
    const answer = this.rules.decide(command, hash, this)
    if (hash === "") return answer
    const index = this.records.findIndex((record, place) => place >= first && record.hash !== undefined)
    if (index < 0) return answer
    this.remember.push({ id: fingerprintOf("m", owner, command.mutationId), index })
    this.fresh.set(key, { hash, answer })
    return answer
  }

  private passDeadlines(): void {
    const { deadlines } = this.book
    const first = this.records.length
    for (const key of deadlines.dueBy(this.at, this.rules.dueMax)) this.rules.decideDue(key, this)
    // An actor may have two deadlines behind it, when the hub was down.
    this.moreDue = this.records.length > first && deadlines.dueBy(this.at, 1).length > 0
  }
}

/** What `Kind` asks of such actors. */
export const ownerTurns = <C extends Owned, A extends AnyAnswer, B extends OwnerBook<R>, R extends OwnerRecord>(
  rules: OwnerRules<C, A, B, R>
) => ({
  knownPositions: (mail: OwnerMail<C, A, B>, _book: B, remembered: Remembered): ReadonlyArray<Position> =>
    mail.kind !== "command" || mail.hash === ""
      ? NOTHING
      : remembered.find(fingerprintOf("m", rules.ownerOf(mail.command), mail.command.mutationId)),

  decideTurn: (
    batch: ReadonlyArray<OwnerMail<C, A, B>>,
    given: Given<B, OwnerMail<C, A, B>, R>
  ): Turn<OwnerMail<C, A, B>, R> => {
    const turn = new OwnerTurn<C, A, B, R>(rules, given)
    for (const mail of batch) turn.take(mail)
    const { records, remember, answers, seen, deadFacts, facts, moreDue } = turn
    return { at: given.at, records, remember, answers, seen, deadFacts, facts, moreDue }
  },

  rememberedBy: (record: R): ReadonlyArray<Fingerprint> =>
    record.hash === undefined ? [] : [fingerprintOf("m", rules.ownerOfRecord(record), record.mutationId)]
})
