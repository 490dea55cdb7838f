/**
 * The audit's own arithmetic: what the journal's records say about each SKU, added up without the code that runs the hub.
 *
 * Deliberately shares nothing with `actors/`: if the hub's fold is wrong, this one must not be wrong in the same way.
 * Only the shape of the records is common to both.
 */

/** A record as it stands in the journal. */
export type RawRecord = Readonly<Record<string, unknown>> & { readonly type: string }

export interface RawCommit {
  readonly id: string
  readonly at: number
  readonly sequence: number
  readonly records: ReadonlyArray<RawRecord>
}

export interface Account {
  version: number
  physical: number
  allocated: number
  safetyThreshold: number
  backorder: number
  bundle: boolean
  components: ReadonlyArray<{ readonly sku: string; readonly quantity: number }>
  readonly locations: Map<string, { physical: number; allocated: number }>
  /** Units by location of each open hold. */
  readonly holds: Map<string, ReadonlyArray<readonly [string, number]>>
  /** How facts of the retailer's file have moved it. */
  fileUnits: number
}

const MUTATIONS = new Set([
  "sale",
  "receipt",
  "return",
  "count",
  "adjustment",
  "transfer",
  "reserve",
  "commit",
  "release",
  "expiry",
  "configure",
  "bundle"
])

/** Differences kept with their text; the rest is only counted. */
const FINDINGS_MAX = 1_000
const FILE_CHANNEL = "online-retail"

export class Accounts {
  readonly bySku = new Map<string, Account>()
  readonly findings: Array<string> = []
  readonly wrongSkus = new Set<string>()
  commits = 0
  events = 0
  incidents = 0
  oversoldByRequest = 0
  lastSequence = 0
  private lastAt = 0
  /** Mutation ids of the last day, by SKU and scope; older ones may come back. */
  private readonly mutations = new Map<string, number>()

  visit(commit: RawCommit): void {
    this.commits++
    if (commit.sequence !== this.lastSequence + 1)
      this.find("", `the journal goes from ${this.lastSequence} to ${commit.sequence}`)
    if (commit.at < this.lastAt) this.find("", `commit ${commit.sequence} is earlier than the one before it`)
    this.lastSequence = commit.sequence
    this.lastAt = commit.at
    for (const record of commit.records) {
      if (MUTATIONS.has(record.type)) this.event(record, commit)
      else if (record.type === "incident") this.incidents++
      else if (record.type === "lines") this.lines(record, commit)
    }
  }

  account(sku: string): Account {
    let account = this.bySku.get(sku)
    if (account === undefined) {
      account = {
        version: 0,
        physical: 0,
        allocated: 0,
        safetyThreshold: 0,
        backorder: 0,
        bundle: false,
        components: [],
        locations: new Map(),
        holds: new Map(),
        fileUnits: 0
      }
      this.bySku.set(sku, account)
    }
    return account
  }

  find(sku: string, text: string): void {
    this.wrongSkus.add(sku)
    if (this.findings.length < FINDINGS_MAX) this.findings.push(sku === "" ? text : `${sku}: ${text}`)
  }

  /** What can be told only at the end: bundles follow their components. */
  finish(): void {
    for (const [sku, account] of this.bySku) {
      if (!account.bundle) continue
      const made = (of: (part: Account) => number) =>
        Math.min(...account.components.map((part) => Math.floor(of(this.account(part.sku)) / part.quantity)))
      if (account.physical !== made((part) => part.physical))
        this.find(sku, "the bundle's physical is not what its components make")
      if (account.physical - account.allocated !== made((part) => part.physical - part.allocated)) {
        this.find(sku, "the bundle's available is not what its components leave")
      }
    }
  }

  private event(record: RawRecord, commit: RawCommit): void {
    this.events++
    const sku = String(record["sku"])
    const account = this.account(sku)
    const version = Number(record["version"])
    if (version !== account.version + 1) this.find(sku, `version ${version} follows version ${account.version}`)
    account.version = version
    this.mutation(sku, record, commit.at)
    this.move(sku, account, record)
    const physical = Number(record["physical"])
    const allocated = Number(record["allocated"])
    if (account.bundle) {
      account.physical = physical
      account.allocated = allocated
    } else {
      let sum = { physical: 0, allocated: 0 }
      for (const place of account.locations.values()) {
        sum = { physical: sum.physical + place.physical, allocated: sum.allocated + place.allocated }
      }
      if (sum.physical !== physical)
        this.find(sku, `version ${version} says physical ${physical}, the changes add up to ${sum.physical}`)
      if (sum.allocated !== allocated)
        this.find(sku, `version ${version} says allocated ${allocated}, the open holds are ${sum.allocated}`)
      account.physical = sum.physical
      account.allocated = sum.allocated
    }
    if (Number(record["safetyThreshold"] ?? 0) !== account.safetyThreshold)
      this.find(sku, `version ${version} has another safety threshold than was configured`)
  }

  private mutation(sku: string, record: RawRecord, at: number): void {
    const key = JSON.stringify([sku, record["scope"] ?? "", record["mutationId"]])
    const before = this.mutations.get(key)
    if (before !== undefined && at - before < DAY_MS)
      this.find(sku, `the mutation ${String(record["mutationId"])} was applied twice`)
    this.mutations.set(key, at)
    if (this.mutations.size <= MUTATIONS_MAX) return
    for (const oldest of this.mutations.keys()) {
      this.mutations.delete(oldest)
      break
    }
  }

  private move(sku: string, account: Account, record: RawRecord): void {
    const quantity = Number(record["quantity"] ?? 0)
    const place = String(record["locationId"] ?? "default")
    if (record.type === "configure") return this.configure(account, record)
    if (account.bundle) return
    const change = changes[record.type]
    if (change !== undefined) {
      const at = placeOf(account, place)
      at.physical += change * quantity
      if (record["channel"] === FILE_CHANNEL) account.fileUnits += change * quantity
    } else if (record.type === "count") placeOf(account, place).physical = quantity
    else if (record.type === "transfer") {
      placeOf(account, place).physical -= quantity
      placeOf(account, String(record["toLocationId"])).physical += quantity
    } else if (record.type === "reserve") this.reserve(sku, account, record, quantity, place)
    else if (record.type !== "bundle") this.close(sku, account, record)
  }

  private reserve(sku: string, account: Account, record: RawRecord, quantity: number, place: string): void {
    const key = JSON.stringify([record["scope"] ?? "", record["holdId"]])
    for (const [where, units] of account.holds.get(key) ?? []) placeOf(account, where).allocated -= units
    const split = (record["split"] ?? [[place, quantity]]) as ReadonlyArray<readonly [string, number]>
    for (const [where, units] of split) {
      const at = placeOf(account, where)
      at.allocated += units
      if (at.physical - at.allocated < -account.backorder) {
        this.oversoldByRequest++
        this.find(sku, `version ${account.version} promises ${units} units at ${where} that are not there`)
      }
    }
    account.holds.set(key, split)
  }

  private close(sku: string, account: Account, record: RawRecord): void {
    const key = JSON.stringify([record["scope"] ?? "", record["holdId"]])
    const split = account.holds.get(key)
    if (split === undefined)
      return this.find(sku, `version ${account.version} closes the hold ${String(record["holdId"])}, which is not open`)
    account.holds.delete(key)
    for (const [where, units] of split) {
      const at = placeOf(account, where)
      at.allocated -= units
      if (record.type !== "commit") continue
      at.physical -= units
      if (String(record["holdId"]).startsWith("invoice ")) account.fileUnits -= units
    }
  }

  private configure(account: Account, record: RawRecord): void {
    const settings = record["settings"] as Readonly<Record<string, unknown>>
    account.safetyThreshold = Number(settings["safetyThreshold"] ?? account.safetyThreshold)
    account.backorder = Number(settings["backorderLimit"] ?? account.backorder)
    if (settings["components"] === undefined) return
    account.components = settings["components"] as Account["components"]
    account.bundle = account.components.length > 0
    if (account.bundle) account.locations.clear()
  }

  /** A cart's legs are all in the same commit as the cart, or in its turn's other commits. */
  private lines(record: RawRecord, commit: RawCommit): void {
    if (record["elsewhere"] !== undefined || record["act"] === "expiry") return
    const moved = new Set(
      commit.records.filter((other) => other["mutationId"] === record["mutationId"]).map((other) => other["sku"])
    )
    for (const leg of record["legs"] as ReadonlyArray<string>) {
      if (!moved.has(leg))
        this.find(leg, `the cart ${String(record["holdId"])} has no leg here in commit ${commit.sequence}`)
    }
  }
}

const DAY_MS = 24 * 60 * 60_000
/** Mutation ids compared at a time: with their keys about 400 MB. */
const MUTATIONS_MAX = 2_000_000

const changes: Readonly<Record<string, number>> = { sale: -1, receipt: 1, return: 1, adjustment: 1 }

const placeOf = (account: Account, name: string): { physical: number; allocated: number } => {
  let place = account.locations.get(name)
  if (place === undefined) account.locations.set(name, (place = { physical: 0, allocated: 0 }))
  return place
}
