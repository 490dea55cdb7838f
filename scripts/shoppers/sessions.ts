/**
 * Sessions in a shop: what somebody looked at, put into the cart and bought, and when. Read from a file (OTTO's sessions,
 * one in a line), or made from a seed.
 */
import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import type { Random } from "../simulate/random.ts"

/** `checkouts`: begun and left; OTTO's have none. */
export type SessionEventType = "clicks" | "carts" | "orders" | "checkouts"

export interface SessionEvent {
  readonly sku: string
  readonly atMs: number
  readonly type: SessionEventType
}

export interface Session {
  readonly name: string
  readonly events: ReadonlyArray<SessionEvent>
}

/** A line of the file does not do; the message says which. */
export class WrongSessions extends Error {
  override readonly name = "WrongSessions"
}

interface Line {
  readonly session: number
  readonly events: ReadonlyArray<{ readonly aid: number; readonly ts: number; readonly type: string }>
}

export const readSessions = async (file: string): Promise<ReadonlyArray<Session>> => {
  const sessions: Array<Session> = []
  let line = 0
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line++
    if (text.trim() !== "") sessions.push(sessionOf(text, line))
  }
  return sessions
}

const sessionOf = (text: string, line: number): Session => {
  try {
    const { events, session } = JSON.parse(text) as Line
    const read = events.map(({ aid, ts, type }) => {
      if (type !== "clicks" && type !== "carts" && type !== "orders") throw new Error(`an event is "${type}"`)
      if (!Number.isSafeInteger(aid) || !Number.isSafeInteger(ts)) throw new Error("an event has no aid or ts")
      return { sku: `otto-${aid}`, atMs: ts, type } as const
    })
    return { name: `otto-${session}`, events: read.toSorted((a, b) => a.atMs - b.atMs) }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new WrongSessions(`line ${line} is no session {"session","events":[{"aid","ts","type"}]}: ${why}`)
  }
}

const MINUTE_MS = 60_000
const SKUS = 200
const LEAVES_AT_ONCE = 0.35
const BUYS_AT_ONCE = 0.35
const BEGINS_CHECKOUT = 0.15
/** Of those who are back after an hour, the ones who only add something. */
const LEAVES_AGAIN = 0.05

/** Some leave their cart, or a checkout; some buy, some of them only when they are back after an hour; some leave it twice. */
export const makeSessions = function* (count: number, random: Random): Generator<Session> {
  for (let made = 0; made < count; made++) yield { name: `made-${made}`, events: makeEvents(random) }
}

const makeEvents = (random: Random): ReadonlyArray<SessionEvent> => {
  const events: Array<SessionEvent> = []
  let atMs = 0
  const then = (type: SessionEventType, afterMs: number, sku = `made-${random.integer(0, SKUS - 1)}`): string => {
    atMs += afterMs
    events.push({ type, sku, atMs })
    return sku
  }
  const look = (): void => {
    for (let clicks = random.integer(0, 3); clicks > 0; clicks--) then("clicks", random.integer(5_000, MINUTE_MS))
  }
  look()
  const skus: Array<string> = []
  for (let lines = random.integer(1, 3); lines > 0; lines--) {
    skus.push(then("carts", random.integer(5_000, 2 * MINUTE_MS)))
    look()
  }
  const fate = random.next()
  if (fate < LEAVES_AT_ONCE) return events
  if (fate < LEAVES_AT_ONCE + BEGINS_CHECKOUT) {
    then("checkouts", random.integer(5_000, MINUTE_MS))
    return events
  }
  const isBack = fate >= LEAVES_AT_ONCE + BEGINS_CHECKOUT + BUYS_AT_ONCE
  if (isBack) then("clicks", random.integer(30 * MINUTE_MS, 90 * MINUTE_MS))
  if (fate >= 1 - LEAVES_AGAIN) {
    then("carts", random.integer(5_000, MINUTE_MS))
    return events
  }
  const boughtAfterMs = random.integer(5_000, MINUTE_MS)
  for (const [index, sku] of [...new Set(skus)].entries()) then("orders", index === 0 ? boughtAfterMs : 0, sku)
  return events
}
