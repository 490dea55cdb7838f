/**
 * `given(history).when(command).then(…)` over a book: what was accepted before, what is asked, what comes of it.
 *
 * The history is told in commands, each of which must be accepted; numbers in the history's events are then those of
 * real decisions and cannot drift from them.
 */
import assert from "node:assert/strict"
import type { Decision, Refusal } from "../../actors/sku/decision.ts"
import { isStockEvent, type JournalRecord, type StockEvent } from "../../actors/sku/events.ts"
import { findLocation } from "../../actors/sku/state.ts"
import type { AnyCommand } from "./commands.ts"
import { Desk } from "./desk.ts"

/** A command, or milliseconds that pass. A wait that ends a hold lets its timer come, unless `timerIsLate`. */
export type Step = AnyCommand | { readonly waitMs: number; readonly timerIsLate?: true }

export interface Numbers {
  readonly available: number
  readonly physical: number
  readonly allocated: number
  readonly version?: number
}

export const wait = (waitMs: number): Step => ({ waitMs })
export const waitWithoutTimer = (waitMs: number): Step => ({ waitMs, timerIsLate: true })

export const given = (...steps: ReadonlyArray<Step>): Given => new Given(new Desk(), steps)
export const givenHolderCap = (holdsPerHolderMax: number, ...steps: ReadonlyArray<Step>): Given =>
  new Given(new Desk(holdsPerHolderMax), steps)

class Given {
  private readonly desk: Desk

  constructor(desk: Desk, steps: ReadonlyArray<Step>) {
    this.desk = desk
    for (const step of steps) {
      const decision = perform(desk, step)
      assert.equal(decision?.refusal?.message, undefined, "what is given must have been accepted")
    }
  }

  /** Anything about the book as it is given. */
  also(check: (desk: Desk) => void): this {
    check(this.desk)
    return this
  }

  when(step: Step): Then {
    const heldFrom = this.desk.history.length
    const decision = perform(this.desk, step)
    return new Then(this.desk, decision, heldFrom)
  }
}

const perform = (desk: Desk, step: Step): Decision | undefined => {
  if (!("waitMs" in step)) return desk.take(step)
  desk.wait(step.waitMs)
  if (step.timerIsLate !== true) desk.releaseDue()
  return undefined
}

export class Then {
  private readonly desk: Desk
  private readonly decision: Decision | undefined
  private readonly heldFrom: number

  constructor(desk: Desk, decision: Decision | undefined, heldFrom: number) {
    this.desk = desk
    this.decision = decision
    this.heldFrom = heldFrom
  }

  /** What was decided, as it was written down. */
  get records(): ReadonlyArray<JournalRecord> {
    return this.desk.history.slice(this.heldFrom).map((kept) => kept.record)
  }

  get refusal(): Refusal | undefined {
    return this.decision?.refusal
  }

  get isUnchanged(): boolean {
    return this.decision?.unchanged === true
  }

  get events(): ReadonlyArray<StockEvent> {
    return this.records.filter(isStockEvent)
  }

  accepted(): this {
    assert.equal(this.decision?.refusal, undefined)
    assert.notEqual(this.records.length, 0, "accepted, but nothing was written down")
    return this
  }

  /** Answered `ok`, and nothing changed. */
  unchanged(): this {
    assert.equal(this.decision?.refusal, undefined)
    assert.equal(this.decision?.unchanged, true)
    assert.deepEqual(this.records, [])
    return this
  }

  /** Refused in these words, and nothing changed (a hold found to be over is released all the same). */
  refused(expected: Partial<Refusal>): this {
    assert.ok(this.decision?.refusal, "was not refused")
    assertHas(this.decision.refusal, { ok: false, ...expected })
    if (expected.code !== "hold_expired") assert.deepEqual(this.records, [])
    return this
  }

  /** Writes exactly these records down, each with at least these fields. */
  writes(...expected: ReadonlyArray<Readonly<Record<string, unknown>>>): this {
    const types = (records: ReadonlyArray<{ readonly type?: unknown }>) => records.map((record) => record.type)
    assert.deepEqual(types(this.records), types(expected))
    for (const [index, record] of this.records.entries()) assertHas(record, expected[index] ?? {})
    return this
  }

  /** The SKU's numbers afterwards. */
  leaves(sku: string, expected: Numbers): this {
    const { physical, allocated, version } = this.desk.state(sku)
    assert.deepEqual({ available: physical - allocated, physical, allocated }, withoutVersion(expected), sku)
    if (expected.version !== undefined) assert.equal(version, expected.version, `version of ${sku}`)
    return this
  }

  /** `[physical, allocated]` of one of the SKU's locations afterwards. */
  leavesAt(sku: string, locationId: string, expected: readonly [physical: number, allocated: number]): this {
    const place = findLocation(this.desk.state(sku), locationId)
    assert.deepEqual([place?.physical ?? 0, place?.allocated ?? 0], expected, `${sku} at ${locationId}`)
    return this
  }

  /** The next step; what came of this one is part of what is given. */
  when(step: Step): Then {
    const heldFrom = this.desk.history.length
    return new Then(this.desk, perform(this.desk, step), heldFrom)
  }

  /** Anything else about the book afterwards. */
  also(check: (desk: Desk) => void): this {
    check(this.desk)
    return this
  }
}

const withoutVersion = ({ available: free, physical, allocated }: Numbers) => ({ available: free, physical, allocated })

const assertHas = (actual: object, expected: Readonly<Record<string, unknown>>): void => {
  const fields = actual as Readonly<Record<string, unknown>>
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, fields[name]])), { ...expected })
}
