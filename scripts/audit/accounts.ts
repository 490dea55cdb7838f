/**
 * The audit's own arithmetic over the whole journal: every SKU's account, and what holds between them.
 *
 * Deliberately shares nothing with `actors/`: if the hub's fold is wrong, this one must not be wrong in the same way.
 * Only the shape of the records is common to both. Memory is bounded by the SKUs, their open holds, and the mutation ids
 * that are compared at a time; not by the journal's length.
 *
 * Not checked: which part of the stock a channel may sell (buffers, caps, ring fences) beyond what is there at all.
 */
import { Account } from "./account.ts"
import { Mutations, mutationNumber } from "./mutations.ts"
import { addRow, type RawCommit, type RawRecord, textOf } from "./records.ts"
import { Turns } from "./turns.ts"

export type { RawCommit } from "./records.ts"

/** Differences kept with their text; the rest is only counted. */
const FINDINGS_KEPT = 1_000
/** Suspected repeats that are looked into. */
const SUSPECTS_MAX = 1_000
const DAY_MS = 24 * 60 * 60_000
/** What a replay of the retailer's file goes by in the journal. */
const FILE_CHANNEL = "online-retail"
const FILE_HOLD = "invoice "

const EVENTS = new Set(
  "sale receipt return count adjustment transfer reserve commit release expiry configure bundle".split(" ")
)
const FACTS = new Set(["sale", "receipt", "return", "count", "adjustment", "transfer"])

interface Suspect {
  readonly sku: string
  readonly scope: string
  readonly mutationId: string
  readonly number: number
}

export class Accounts {
  readonly bySku = new Map<string, Account>()
  readonly findings: Array<string> = []
  readonly wrongSkus = new Set<string>()
  /** All differences, also those that are not kept. */
  differences = 0
  commits = 0
  events = 0
  incidents = 0
  lastSequence = 0
  /** Carts of the retailer's file that were asked for and have not been bought. */
  readonly unboughtCarts = new Set<string>()
  private lastAt = 0
  private readonly windowMs: number
  private readonly mutations: Mutations
  private suspects: Array<Suspect> = []
  private readonly turns = new Turns({
    find: (sku, text) => this.find(sku, text),
    known: (sku) => this.bySku.get(sku)
  })

  /** `windowMs`: how long the hub remembers mutation ids. */
  constructor(windowMs = DAY_MS) {
    this.windowMs = windowMs
    this.mutations = new Mutations(windowMs)
  }

  get oversoldByRequest(): number {
    let units = 0
    for (const account of this.bySku.values()) units += account.oversoldByRequest
    return units
  }

  /** How far back mutation ids were compared, when it was least; `Infinity` when all were. */
  get reachMs(): number {
    return this.mutations.reachMs
  }

  visit(commit: RawCommit): void {
    this.commits++
    if (commit.sequence !== this.lastSequence + 1) {
      this.find("", `the journal goes from commit ${this.lastSequence} to ${commit.sequence}`)
    }
    if (commit.at < this.lastAt) this.find("", `commit ${commit.sequence} is earlier than the one before it`)
    this.lastSequence = commit.sequence
    this.lastAt = Math.max(this.lastAt, commit.at)
    this.turns.begin(commit.id)
    for (const record of commit.records) this.record(record, commit)
  }

  account(sku: string): Account {
    let account = this.bySku.get(sku)
    if (account === undefined) this.bySku.set(sku, (account = new Account(sku)))
    return account
  }

  find(sku: string, text: string): void {
    this.differences++
    this.wrongSkus.add(sku)
    if (this.findings.length < FINDINGS_KEPT) this.findings.push(sku === "" ? text : `${sku}: ${text}`)
  }

  /** What can be told only at the end. More commits may follow, and another end. */
  finish(): void {
    this.turns.end()
    for (const { sku, mutationId } of this.suspects) this.find(sku, `the mutation ${mutationId} was applied twice`)
    this.suspects = []
    for (const [sku, account] of this.bySku) {
      if (account.isBundle) continue
      if (account.balance !== account.physical) {
        const { received, returned, sold, bought, adjusted, counted } = account.terms
        this.find(
          sku,
          `received ${received} + returned ${returned} - sold ${sold} - bought ${bought} + adjusted ${adjusted} + counted ${counted} = ${account.balance}, and physical is ${account.physical}`
        )
      }
      let held = 0
      for (const hold of account.holds.values()) for (const [, units] of hold.split) held += units
      if (held !== account.allocated)
        this.find(sku, `the open holds have ${held} units, and allocated is ${account.allocated}`)
    }
  }

  get hasSuspects(): boolean {
    return this.suspects.length > 0
  }

  /**
   * Looks into suspected repeats: to be given every commit again, then `finish`. Numbers of ids may coincide; the ids
   * themselves decide.
   */
  confirmer(): (commit: RawCommit) => void {
    const numbers = new Set(this.suspects.map(({ number }) => number))
    const applied = new Map<string, number>()
    const confirmed = new Map<string, Suspect>()
    this.suspects = []
    return (commit) => {
      for (const record of commit.records) {
        if (!EVENTS.has(record.type)) continue
        const named = namesOf(record)
        if (!numbers.has(named.number)) continue
        const key = JSON.stringify([named.sku, named.scope, named.mutationId])
        const before = applied.get(key)
        applied.set(key, commit.at)
        if (before === undefined || commit.at - before >= this.windowMs || confirmed.has(key)) continue
        confirmed.set(key, named)
        this.suspects.push(named)
      }
    }
  }

  private record(record: RawRecord, commit: RawCommit): void {
    if (EVENTS.has(record.type)) return this.event(record, commit)
    if (record.type === "lines") return this.lines(record)
    if (record.type === "answered") return this.answered(record)
    if (record.type === "incident") {
      this.incidents++
      const { sku, version, locationId, kind, units } = record
      addRow(this.account(textOf(sku)).incidents, [version, locationId, kind, units])
      return this.turns.incident(record)
    }
    if (record.type === "alert") {
      const { sku, version, state, available, safetyThreshold } = record
      return addRow(this.account(textOf(sku)).alerts, [version, state, available, safetyThreshold])
    }
    if (record.type !== "resolution") {
      this.find(textOf(record["sku"]), `commit ${commit.sequence} has a record of the unknown kind ${record.type}`)
    }
  }

  private event(record: RawRecord, commit: RawCommit): void {
    this.events++
    const sku = textOf(record["sku"])
    const account = this.account(sku)
    const boughtBefore = account.terms.bought
    account.apply(
      record,
      commit.at,
      (text) => this.find(sku, text),
      (location, units, kind) => this.turns.short(sku, account.version, location, units, kind)
    )
    this.turns.moved(account, record)
    const named = namesOf(record)
    if (this.mutations.isRepeat(named.sku, named.scope, named.mutationId, commit.at)) this.suspect(named)
    if (FACTS.has(record.type) && record["channel"] === FILE_CHANNEL) {
      account.fileUnits += record.type === "sale" ? -Number(record["quantity"]) : Number(record["quantity"])
    } else if (record.type === "commit" && textOf(record["holdId"]).startsWith(FILE_HOLD)) {
      account.fileUnits -= account.terms.bought - boughtBefore
    }
    addRow(account.ledger, ledgerFields(record, commit))
  }

  private suspect(named: Suspect): void {
    if (this.suspects.length < SUSPECTS_MAX) this.suspects.push(named)
    else this.find(named.sku, `the mutation ${named.mutationId} seems to have been applied twice`)
  }

  private lines(record: RawRecord): void {
    this.turns.spanning(record)
    const holdId = textOf(record["holdId"])
    if (record["sku"] !== undefined || !holdId.startsWith(FILE_HOLD)) return
    if (record["act"] === "commit") this.unboughtCarts.delete(holdId)
    else this.unboughtCarts.add(holdId)
  }

  private answered(record: RawRecord): void {
    const answer = record["answer"] as Readonly<Record<string, unknown>>
    const holdId = textOf(answer["holdId"])
    // A refused payment leaves the cart as it was; a refused hold is a cart that was not bought.
    const isHold = answer["code"] === "insufficient_stock" || answer["code"] === "unknown_sku"
    if (record["sku"] === undefined && isHold && holdId.startsWith(FILE_HOLD)) this.unboughtCarts.add(holdId)
  }
}

const namesOf = (record: RawRecord): Suspect => {
  const sku = textOf(record["sku"])
  const scope = textOf(record["scope"])
  const mutationId = textOf(record["mutationId"])
  return { sku, scope, mutationId, number: mutationNumber(sku, scope, mutationId) }
}

/** In the order in which the ledger's columns are read. */
const ledgerFields = (record: RawRecord, commit: RawCommit): ReadonlyArray<unknown> => [
  record["version"],
  record.type,
  record["mutationId"],
  record["scope"],
  record["quantity"],
  record["physical"],
  record["allocated"],
  record["locationId"],
  record["toLocationId"],
  record["channel"],
  record["holdId"],
  record["reference"],
  record["reason"],
  record["occurredAt"],
  commit.at,
  commit.sequence
]
