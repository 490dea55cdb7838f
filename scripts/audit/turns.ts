/**
 * What must hold when a turn is over, because its commits are stored whole or not at all: a hold over several SKUs is
 * there with all its legs or with none, bundles follow their components, and every shortage has its incident.
 */
import type { Account } from "./account.ts"
import { keyOf } from "./account.ts"
import { type RawRecord, textOf } from "./records.ts"

export interface Books {
  readonly find: (sku: string, text: string) => void
  readonly known: (sku: string) => Account | undefined
}

interface Touched {
  readonly scope: string
  readonly holdId: string
  /** The last record of the spanning hold in this turn; absent when only legs have moved. */
  record: RawRecord | undefined
  readonly movedLegs: Set<string>
}

const scopeOf = (record: RawRecord): string => {
  const sku = textOf(record["sku"])
  return sku === "" ? "lines" : `bundle ${sku}`
}

export class Turns {
  private readonly books: Books
  private turnId: string | undefined
  private readonly touched = new Map<string, Touched>()
  private readonly shortages = new Map<string, number>()
  private readonly movedBundles = new Set<string>()
  private readonly bundlesOf = new Map<string, Set<string>>()
  /** Legs of the spanning holds that are open. */
  private readonly legs = new Map<string, ReadonlyArray<string>>()

  constructor(books: Books) {
    this.books = books
  }

  /** Commits of one id are one turn's. */
  begin(turnId: string): void {
    if (turnId === this.turnId) return
    this.end()
    this.turnId = turnId
  }

  /** A change of one SKU. */
  moved(account: Account, record: RawRecord): void {
    const scope = textOf(record["scope"])
    if (scope !== "" && record["holdId"] !== undefined && !account.isBundle) {
      this.touch(scope, textOf(record["holdId"])).movedLegs.add(account.sku)
    }
    if (record.type === "configure") this.follow(account)
    if (account.isBundle) this.movedBundles.add(account.sku)
    for (const bundle of this.bundlesOf.get(account.sku) ?? []) this.movedBundles.add(bundle)
  }

  /** The record of a hold that spans several SKUs. */
  spanning(record: RawRecord): void {
    this.touch(scopeOf(record), textOf(record["holdId"])).record = record
  }

  short(sku: string, version: number, location: string, units: number, kind: string): void {
    this.shortages.set(JSON.stringify([sku, version, location, kind]), units)
  }

  incident(record: RawRecord): void {
    const sku = textOf(record["sku"])
    const key = JSON.stringify([sku, record["version"], record["locationId"], record["kind"]])
    const units = this.shortages.get(key)
    this.shortages.delete(key)
    if (units === record["units"]) return
    const what = `the incident of version ${textOf(record["version"])} names ${textOf(record["units"])} units`
    this.books.find(sku, `${what}; ${units ?? 0} were short`)
  }

  end(): void {
    for (const key of this.shortages.keys()) {
      const [sku, version, location] = JSON.parse(key) as [string, number, string]
      this.books.find(sku, `version ${version} left units short at ${location}, and there is no incident`)
    }
    for (const touched of this.touched.values()) this.checkWhole(touched)
    for (const bundle of this.movedBundles) this.checkBundle(bundle)
    this.shortages.clear()
    this.touched.clear()
    this.movedBundles.clear()
  }

  private touch(scope: string, holdId: string): Touched {
    const key = keyOf(scope, holdId)
    let touched = this.touched.get(key)
    if (touched === undefined) {
      touched = { scope, holdId, record: undefined, movedLegs: new Set() }
      this.touched.set(key, touched)
    }
    return touched
  }

  private checkWhole({ scope, holdId, record, movedLegs }: Touched): void {
    const key = keyOf(scope, holdId)
    const named = scope === "lines" ? `the cart ${holdId}` : `the hold ${holdId} of ${scope}`
    if (record === undefined) {
      for (const sku of movedLegs) this.books.find(sku, `${named} moved here, and there is no word of it as a whole`)
      return
    }
    const now = record["act"] === "reserve" ? (record["legs"] as ReadonlyArray<string>) : []
    const ever = new Set([...(this.legs.get(key) ?? []), ...movedLegs, ...(record["legs"] as ReadonlyArray<string>)])
    for (const sku of ever) {
      const isOpen = this.books.known(sku)?.holds.has(key) === true
      if (now.includes(sku) && !isOpen) this.books.find(sku, `${named} is open, and holds nothing here`)
      if (!now.includes(sku) && isOpen)
        this.books.find(sku, `${named} is ${textOf(record["act"])}, and still holds units here`)
    }
    if (now.length > 0) this.legs.set(key, now)
    else this.legs.delete(key)
  }

  private follow(bundle: Account): void {
    for (const { sku } of bundle.components) {
      const bundles = this.bundlesOf.get(sku)
      if (bundles === undefined) this.bundlesOf.set(sku, new Set([bundle.sku]))
      else bundles.add(bundle.sku)
    }
  }

  private checkBundle(sku: string): void {
    const bundle = this.books.known(sku)
    if (bundle === undefined || !bundle.isBundle) return
    const made = (unitsOf: (component: Account | undefined) => number): number =>
      Math.min(
        ...bundle.components.map(({ sku: of, quantity }) => Math.floor(unitsOf(this.books.known(of)) / quantity))
      )
    const physical = made((component) => component?.physical ?? 0)
    const available = made((component) => component?.available ?? 0)
    if (bundle.physical === physical && bundle.available === available) return
    const said = `the bundle says physical ${bundle.physical} and available ${bundle.available} at version ${bundle.version}`
    this.books.find(sku, `${said}; its components make ${physical} and ${available}`)
  }
}
