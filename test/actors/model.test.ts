/**
 * Goal: the deciders and the book do what the contract says, whatever is asked in whatever order, and neither sleep nor
 * a snapshot in the middle changes anything.
 * Method: model-based; after every step the naive model and the book must agree on the outcome and on every number.
 * A failure prints seed, path and the shortest list of steps.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { findLocation, isBundle } from "../../actors/sku/state.ts"
import { anyCommand, corner, openingOf, shop, type World } from "../support/arbitraries.ts"
import type { AnyCommand } from "../support/commands.ts"
import { closingOf, Desk, START_AT } from "../support/desk.ts"
import { Model } from "../support/model.ts"
import { runs, times } from "../support/runs.ts"

/** A few seconds' work on one core, on a machine that others use too. */
const TIMEOUT_MS = times(120_000)

const HOLDS_PER_HOLDER_MAX = 2

type StepCommand = fc.Command<Model, Desk>

class Take implements StepCommand {
  private readonly command: AnyCommand

  constructor(command: AnyCommand) {
    this.command = command
  }

  check = () => true

  run(model: Model, desk: Desk): void {
    const expected = model.take(this.command)
    const decision = desk.take(this.command)
    const outcome = decision.refusal?.code ?? (decision.unchanged === true ? "unchanged" : "ok")
    assert.ok(expected.split(" or ").includes(outcome), `the contract says ${expected}, the decider ${outcome}`)
    agree(model, desk)
  }

  toString(): string {
    return `take(${JSON.stringify({ ...this.command, mutationId: undefined })})`
  }
}

class Wait implements StepCommand {
  private readonly waitMs: number

  constructor(waitMs: number) {
    this.waitMs = waitMs
  }

  check = () => true

  run(model: Model, desk: Desk): void {
    model.at += this.waitMs
    desk.wait(this.waitMs)
    agree(model, desk)
  }

  toString(): string {
    return `wait(${this.waitMs})`
  }
}

/** The hub has looked for what is due. */
class Timers implements StepCommand {
  check = () => true

  run(model: Model, desk: Desk): void {
    for (const { records } of desk.releaseDue()) {
      // A bundle's hold has an end of its own beside its components'.
      const [closed] = records.flatMap((record) => closingOf(record) ?? [])
      if (closed !== undefined) model.expire(closed.owner, closed.holdId)
    }
    assert.equal(model.dueCount(), 0, "holds that are due and were not released")
    agree(model, desk)
  }

  toString(): string {
    return "timers"
  }
}

class Sweep implements StepCommand {
  check = () => true

  run(model: Model, desk: Desk): void {
    desk.sweep()
    agree(model, desk)
  }

  toString(): string {
    return "sweep"
  }
}

class Restart implements StepCommand {
  check = () => true

  run(model: Model, desk: Desk): void {
    desk.restart()
    agree(model, desk)
  }

  toString(): string {
    return "restart"
  }
}

const agree = (model: Model, desk: Desk): void => {
  const told: Record<string, unknown> = {}
  const decided: Record<string, unknown> = {}
  for (const [sku, known] of model.skus) {
    told[sku] = { version: known.version, numbers: model.numbers(sku) }
    const state = desk.state(sku)
    decided[sku] = { version: state.version, numbers: [state.physical, state.allocated] }
    if (isBundle(state)) continue
    for (const locationId of ["default", "north"]) {
      const place = findLocation(state, locationId)
      told[`${sku} at ${locationId}`] = model.numbers(sku, locationId)
      decided[`${sku} at ${locationId}`] = [place?.physical ?? 0, place?.allocated ?? 0]
    }
  }
  assert.deepEqual(decided, told)
  assert.deepEqual(desk.skus(), [...model.skus.keys()].toSorted())
  assert.equal(desk.book.deadlines.size, model.holds.size)
  for (const holder of ["ann", "bob"]) {
    const open = [...model.holds.values()].filter((hold) => hold.holder === holder).length
    assert.equal(desk.book.openHoldsOf(holder), open, `open holds of ${holder}`)
  }
}

const stepsIn = (world: World) => {
  const take = anyCommand(world).map((command) => new Take(command))
  return fc.commands(
    [
      // The same arbitrary many times is its weight: `fc.commands` draws from each alike.
      ...Array.from({ length: 8 }, () => take),
      fc.constantFrom(50, 100, 350, 1_000).map((waitMs) => new Wait(waitMs)),
      fc.constant(new Timers()),
      fc.constant(new Sweep()),
      fc.constant(new Restart())
    ],
    { size: "max", maxCommands: 60 }
  )
}

const setup = (opening: ReadonlyArray<AnyCommand>) => () => {
  const model = new Model(START_AT, HOLDS_PER_HOLDER_MAX)
  const real = new Desk(HOLDS_PER_HOLDER_MAX)
  for (const command of opening) {
    model.take(command)
    real.take(command)
  }
  return { model, real }
}

const parameters = runs(1_500)

const agrees = (world: World, opening: ReadonlyArray<AnyCommand>): void => {
  fc.assert(
    fc.property(stepsIn(world), (commands) => fc.modelRun(setup(opening), commands)),
    parameters
  )
}

describe("the deciders and the contract's model", { timeout: TIMEOUT_MS }, () => {
  it("agree from an empty shop on", () => agrees(shop, []))
  it("agree in a shop with stock and bundles", () => agrees(shop, openingOf(shop)))
  it("agree where everything happens to the same unit", () => agrees(corner, openingOf(corner)))
})
