/**
 * One turn of the customers: every waiting command is decided against the book as the ones before it left it. The rules
 * are those of the stock's turn (`src/host/turn.ts`).
 */
import type { CustomerBook } from "../../actors/customer/book.ts"
import { ownerOf } from "../../actors/customer/commands.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import { type Circumstances, decideCustomers, decideDueCustomer, type Happened } from "../../actors/customer/decide.ts"
import { TURN_DUE_CUSTOMERS_MAX } from "../../config/recovery.ts"
import { conflict } from "../host/answers.ts"
import type { Given } from "../host/kind.ts"
import { type Fingerprint, fingerprintOf, type Position, type Remembered } from "../host/remembered.ts"
import type { ToRemember, Turn } from "../host/turn.ts"
import type { CustomerAnswer, CustomerCommandMail, CustomerMail, CustomerViewMail } from "./mail.ts"

/** What is known at the moment of deciding, but for the time. */
export type Surroundings = Omit<Circumstances, "at">

export const knownPositions = (
  mail: CustomerMail,
  _book: CustomerBook,
  remembered: Remembered
): ReadonlyArray<Position> =>
  mail.kind !== "command" || mail.hash === ""
    ? NOTHING
    : remembered.find(fingerprintOf("m", ownerOf(mail.command), mail.command.mutationId))

const NOTHING: ReadonlyArray<Position> = []

class CustomerTurn {
  readonly records: Array<CustomerRecord> = []
  readonly remember: Array<ToRemember> = []
  readonly answers: Array<{ readonly mail: CustomerMail; readonly answer: CustomerAnswer }> = []
  readonly seen: Array<CustomerViewMail> = []
  facts = 0
  moreDue = false
  /** Content by owner and id, of what this turn has decided. */
  private readonly fresh = new Map<string, string>()
  private readonly given: Given<CustomerBook, CustomerMail, CustomerRecord>
  private readonly circumstances: Circumstances

  constructor(given: Given<CustomerBook, CustomerMail, CustomerRecord>, surroundings: Surroundings) {
    this.given = given
    this.circumstances = { ...surroundings, at: given.at }
  }

  take(mail: CustomerMail): void {
    switch (mail.kind) {
      case "command":
        return this.takeCommand(mail)
      case "view":
        mail.view(this.given.book)
        this.seen.push(mail)
        return
      case "due":
        return this.passDeadlines()
      case "skipped":
        this.facts = mail.factSequence
    }
  }

  private takeCommand(mail: CustomerCommandMail): void {
    const { command, hash } = mail
    if (mail.factSequence > 0) this.facts = mail.factSequence
    const key = `${ownerOf(command).length}:${ownerOf(command)}${command.mutationId}`
    const before = hash === "" ? undefined : (this.fresh.get(key) ?? this.recall(mail))
    if (before !== undefined) {
      const answer =
        before === hash
          ? ({ ok: true, changed: false, replayed: true } as const)
          : conflict(command.mutationId, undefined)
      this.answers.push({ mail, answer })
      return
    }
    const happened = decideCustomers(this.given.book, command, this.circumstances)
    const changed = this.keep(happened, command.mutationId)
    if (hash !== "") {
      this.fresh.set(key, hash)
      this.remember.push({ id: fingerprintOf("m", ownerOf(command), command.mutationId), index: this.records.length })
      this.records.push({
        customerId: ownerOf(command),
        version: 0,
        mutationId: command.mutationId,
        hash,
        events: []
      })
    }
    this.answers.push({ mail, answer: { ok: true, changed } })
  }

  private recall(mail: CustomerCommandMail): string | undefined {
    const { command } = mail
    for (const { sequence, index } of this.given.known.get(mail) ?? NOTHING) {
      const record = this.given.recordsAt(sequence)?.[index]
      const isIt = record?.mutationId === command.mutationId && record.customerId === ownerOf(command)
      if (isIt && record.hash !== undefined) return record.hash
    }
    return undefined
  }

  private keep(happened: Happened, mutationId: string): boolean {
    let changed = false
    for (const { customerId, events, sealed } of happened) {
      if (events.length === 0) continue
      changed = true
      const version = (this.given.book.find(customerId)?.version ?? 0) + 1
      const record = { customerId, version, mutationId, events, ...(sealed === undefined ? {} : { sealed }) }
      this.records.push(record)
      this.given.book.apply(record)
    }
    return changed
  }

  private passDeadlines(): void {
    const { book, at } = this.given
    const due = book.deadlines.dueBy(at, TURN_DUE_CUSTOMERS_MAX)
    let decided = 0
    for (const { key } of due) {
      const events = decideDueCustomer(book, key, this.circumstances)
      decided += events.length
      this.keep([{ customerId: key, events }], `due:${key}:${at}`)
    }
    this.moreDue = decided > 0 && book.deadlines.dueBy(at, 1).length > 0
  }
}

export const decideCustomerTurn =
  (surroundings: () => Surroundings) =>
  (
    batch: ReadonlyArray<CustomerMail>,
    given: Given<CustomerBook, CustomerMail, CustomerRecord>
  ): Turn<CustomerMail, CustomerRecord> => {
    const turn = new CustomerTurn(given, surroundings())
    for (const mail of batch) turn.take(mail)
    const { records, remember, answers, seen, facts, moreDue } = turn
    return { at: given.at, records, remember, answers, seen, deadFacts: [], facts, moreDue }
  }

export const rememberedBy = ({ customerId, hash, mutationId }: CustomerRecord): ReadonlyArray<Fingerprint> =>
  hash === undefined ? [] : [fingerprintOf("m", customerId, mutationId)]
