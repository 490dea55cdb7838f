/**
 * Kills the hub, NATS, Redis and PostgreSQL in turn under load, and checks after each round what was promised: everything
 * acknowledged is in the journal exactly once, no hold is lost, the books add up, Redis and PostgreSQL agree, and sockets
 * that resume see nothing twice or out of order.
 */
import { Accounts, type RawCommit } from "../audit/accounts.ts"
import { compareRedis, waitForProjections } from "../audit/compare.ts"
import { comparePostgres } from "../audit/postgres.ts"
import { withJournal } from "../journal-reader.ts"
import { Effect } from "effect"
import { type Acknowledged, Shoppers } from "./shoppers.ts"
import { pause, VICTIMS, Victims, type VictimName } from "./victims.ts"
import { Watcher } from "./watcher.ts"

export interface RoundReport {
  readonly round: number
  readonly victim: VictimName
  readonly acknowledged: number
  readonly events: number
  /** From the kill until a request was answered again. */
  readonly backAfterMs: number
  readonly wrong: ReadonlyArray<string>
}

const LOAD_MS = 800
const PROJECTIONS_MS_MAX = 60_000
const FACTS_MS_MAX = 20_000

export const crashTest = async (rounds: number, onRound: (report: RoundReport) => void): Promise<boolean> => {
  const victims = await Victims.start()
  try {
    const shoppers = await Shoppers.open(victims.hubUrl, victims.url("nats"))
    const watcher = new Watcher(victims.hubUrl)
    let isClean = true
    for (let round = 1; round <= rounds; round++) {
      const victim = VICTIMS[(round - 1) % VICTIMS.length] as VictimName
      shoppers.start()
      await pause(LOAD_MS)
      const backAfterMs = await crash(victims, victim, shoppers)
      await pause(LOAD_MS)
      await shoppers.pauseShopping()
      const { wrong, events } = await check(victims, shoppers.acknowledged, watcher)
      isClean &&= wrong.length === 0
      onRound({ round, victim, acknowledged: shoppers.acknowledged.length, events, backAfterMs, wrong })
    }
    watcher.close()
    await shoppers.close()
    return isClean
  } finally {
    await victims.stop()
  }
}

const crash = async (victims: Victims, victim: VictimName, shoppers: Shoppers): Promise<number> => {
  const startedMs = performance.now()
  const before = shoppers.acknowledged.length
  await victims.crash(victim)
  while (shoppers.acknowledged.length <= before) await pause(10)
  return performance.now() - startedMs
}

const readJournal = async (victims: Victims) => {
  const accounts = new Accounts()
  const recorded = new Map<string, number>()
  const last = await withJournal(victims.url("nats"), (journal) =>
    Effect.flatMap(journal.lastSequence, (until) =>
      Effect.as(
        journal.scan({ fromSequence: 1, untilSequence: until }, (commit) => {
          accounts.visit(commit as unknown as RawCommit)
          note(commit as unknown as RawCommit, recorded)
        }),
        until
      )
    )
  )
  accounts.finish()
  return { accounts, recorded, last }
}

/** A fact is acknowledged by the broker; the hub has it a moment later. What is still missing then is lost. */
const settledJournal = async (victims: Victims, acknowledged: ReadonlyArray<Acknowledged>) => {
  const untilMs = performance.now() + FACTS_MS_MAX
  for (;;) {
    const read = await readJournal(victims)
    if (missing(acknowledged, read.recorded).length === 0 || performance.now() > untilMs) return read
    await pause(100)
  }
}

const check = async (victims: Victims, acknowledged: ReadonlyArray<Acknowledged>, watcher: Watcher) => {
  const { accounts, recorded, last } = await settledJournal(victims, acknowledged)
  const late = await waitForProjections(
    { redis: victims.url("redis"), postgres: victims.url("postgres") },
    last,
    PROJECTIONS_MS_MAX
  )
  if (late !== undefined) accounts.find("", late)
  await compareRedis(victims.url("redis"), accounts)
  await comparePostgres(victims.url("postgres"), accounts)
  return {
    events: accounts.events,
    wrong: [
      ...accounts.findings,
      ...missing(acknowledged, recorded),
      ...lostHolds(acknowledged, accounts),
      ...(await staleSocket(watcher, accounts))
    ]
  }
}

const keyOf = (sku: string, mutationId: string): string => JSON.stringify([sku, mutationId])

const note = (commit: RawCommit, recorded: Map<string, number>): void => {
  for (const record of commit.records) {
    if (record["hash"] === undefined) continue
    const key = keyOf(String(record["sku"] ?? ""), String(record["mutationId"]))
    recorded.set(key, (recorded.get(key) ?? 0) + 1)
  }
}

const missing = (
  acknowledged: ReadonlyArray<Acknowledged>,
  recorded: ReadonlyMap<string, number>
): ReadonlyArray<string> =>
  acknowledged.flatMap(({ sku, mutationId, kind }) => {
    const times = recorded.get(keyOf(sku, mutationId)) ?? 0
    return times === 1 ? [] : [`${kind} ${mutationId} was acknowledged and is in the journal ${times} times`]
  })

/** Held, and neither bought nor given back: the units must still be allocated. */
const lostHolds = (acknowledged: ReadonlyArray<Acknowledged>, accounts: Accounts): ReadonlyArray<string> => {
  const open = new Set<string>()
  for (const account of accounts.bySku.values()) {
    for (const key of account.holds.keys()) open.add(String((JSON.parse(key) as ReadonlyArray<string>)[1]))
  }
  const wanted = new Set<string>()
  for (const { kind, ok, holdId } of acknowledged) {
    if (!ok || holdId === undefined) continue
    if (kind === "reserve") wanted.add(holdId)
    else wanted.delete(holdId)
  }
  return [...wanted].filter((holdId) => !open.has(holdId)).map((holdId) => `the hold ${holdId} is lost`)
}

/** The dashboard has had time to hear of the last change: it must have every SKU's newest version. */
const staleSocket = async (watcher: Watcher, accounts: Accounts): Promise<ReadonlyArray<string>> => {
  const behind = () => [...accounts.bySku].filter(([sku, { version }]) => (watcher.have.get(sku) ?? 0) < version)
  for (let waitedMs = 0; behind().length > 0 && waitedMs < 5_000; waitedMs += 50) await pause(50)
  return [
    ...watcher.wrong,
    ...behind().map(
      ([sku, { version }]) => `the socket has version ${watcher.have.get(sku) ?? 0} of ${sku}, the journal ${version}`
    )
  ]
}
