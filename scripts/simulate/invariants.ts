/**
 * What must be true of the journal and of every answer, whatever happened on the way. Each check names what it found.
 *
 * The journal is read with arithmetic of its own, not with the fold that the hub uses.
 */
import { isStockEvent, type JournalRecord, type StockEvent } from "../../actors/sku/events.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import type { Asked } from "./shoppers.ts"

export const violations = (commits: ReadonlyArray<StoredCommit>, book: ReadonlyArray<Asked>): ReadonlyArray<string> => [
  ...wrongVersions(commits),
  ...wrongStock(commits),
  ...wrongCarts(commits),
  ...wrongAnswers(commits, book)
]

const eventsOf = (commits: ReadonlyArray<StoredCommit>): ReadonlyArray<StockEvent> =>
  commits.flatMap((commit) => commit.records.filter(isStockEvent))

/** Versions rise by one from 1; a mutation makes one event on a SKU. */
const wrongVersions = (commits: ReadonlyArray<StoredCommit>): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const versions = new Map<string, number>()
  const mutations = new Set<string>()
  for (const event of eventsOf(commits)) {
    const before = versions.get(event.sku) ?? 0
    if (event.version !== before + 1) wrong.push(`${event.sku} goes from version ${before} to ${event.version}`)
    versions.set(event.sku, event.version)
    const mutation = JSON.stringify([event.sku, event.scope ?? "", event.mutationId])
    if (mutations.has(mutation)) wrong.push(`${event.sku} has two events of ${event.mutationId}`)
    mutations.add(mutation)
  }
  return wrong
}

/** No sale facts are made here, so nothing may ever go below nothing; what is allocated is what is held. */
const wrongStock = (commits: ReadonlyArray<StoredCommit>): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const physical = new Map<string, number>()
  const held = new Map<string, Map<string, number>>()
  for (const event of eventsOf(commits)) {
    const { sku } = event
    const holds = held.get(sku) ?? new Map<string, number>()
    held.set(sku, holds)
    const key = "holdId" in event ? JSON.stringify([event.scope ?? "", event.holdId]) : ""
    if (event.type === "receipt" || event.type === "return")
      physical.set(sku, (physical.get(sku) ?? 0) + event.quantity)
    if (event.type === "reserve") holds.set(key, event.quantity)
    if (event.type === "commit") physical.set(sku, (physical.get(sku) ?? 0) - (holds.get(key) ?? Number.NaN))
    if (event.type === "commit" || event.type === "release" || event.type === "expiry") {
      if (!holds.delete(key)) wrong.push(`${sku} version ${event.version} closes the hold ${event.holdId} twice`)
    }
    const allocated = [...holds.values()].reduce((sum, units) => sum + units, 0)
    if (event.physical !== (physical.get(sku) ?? 0)) wrong.push(`${sku} version ${event.version} has wrong physical`)
    if (event.allocated !== allocated) wrong.push(`${sku} version ${event.version} has wrong allocated`)
    if (event.allocated > event.physical) wrong.push(`${sku} version ${event.version} is oversold`)
  }
  return wrong
}

/** A commit holds all legs of a cart's reserve or none: a hold over several SKUs is never there in part. */
const wrongCarts = (commits: ReadonlyArray<StoredCommit>): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const turns = new Map<string, Array<JournalRecord>>()
  for (const commit of commits) turns.set(commit.id, [...(turns.get(commit.id) ?? []), ...commit.records])
  for (const records of turns.values()) {
    for (const record of records) {
      if (record.type !== "lines" || record.act === "expiry") continue
      const touched = records.filter((other) => isStockEvent(other) && other.mutationId === record.mutationId)
      const skus = new Set(touched.map((event) => (event as StockEvent).sku))
      const missing = record.legs.filter((leg) => !skus.has(leg))
      if (missing.length > 0)
        wrong.push(`the cart ${record.holdId} misses ${missing.join(", ")} in ${record.mutationId}`)
    }
  }
  return wrong
}

/** All answers to one id are the same, and those that say yes are in the journal, once. */
const wrongAnswers = (commits: ReadonlyArray<StoredCommit>, book: ReadonlyArray<Asked>): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const recorded = new Set<string>()
  for (const commit of commits) {
    for (const record of commit.records) {
      if ("hash" in record && record.hash !== undefined) {
        recorded.add(JSON.stringify([record.sku ?? "", record.mutationId]))
      }
    }
  }
  for (const one of book) {
    if (one.replied !== one.asked)
      wrong.push(`${one.mutationId} was asked ${one.asked} times and answered ${one.replied}`)
    const distinct = new Set(one.answers.map((answer) => JSON.stringify({ ...answer, replayed: undefined })))
    if (distinct.size > 1) wrong.push(`${one.mutationId} got different answers: ${[...distinct].join(" and ")}`)
    const isRecorded = recorded.has(JSON.stringify([one.sku ?? "", one.mutationId]))
    if (one.answers.some((answer) => answer.ok) && !isRecorded) {
      wrong.push(`${one.mutationId} was answered yes and is not in the journal`)
    }
  }
  return wrong
}
