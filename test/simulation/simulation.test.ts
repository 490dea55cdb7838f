/**
 * Goal: whatever faults, crashes and second owners do, nothing acknowledged is lost and nothing is sold twice.
 * Method: whole runs of `scripts/simulate` from many seeds; a failure prints the seed that plays it again.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { simulateCarts } from "../../scripts/simulate/carts.ts"
import { simulate } from "../../scripts/simulate/cluster.ts"
import { times } from "../support/runs.ts"

const SEEDS = times(60)
const CART_SEEDS = times(20)

describe("simulation", () => {
  for (const partitions of [1, 4]) {
    it.effect(
      `keeps every invariant over ${SEEDS} seeds with ${partitions} partition(s)`,
      () =>
        Effect.gen(function* () {
          const struck = new Map<string, number>()
          let staged = 0
          for (let seed = 1; seed <= SEEDS; seed++) {
            const report = yield* simulate({ seed: seed * 7_919 + partitions, steps: 60, partitions })
            assert.deepStrictEqual(report.violations, [], `seed ${seed * 7_919 + partitions}`)
            staged += report.staged
            for (const [fault, count] of report.faults) struck.set(fault, (struck.get(fault) ?? 0) + count)
          }
          assert.isAbove(staged, SEEDS)
          // A run in which nothing went wrong would prove nothing.
          for (const fault of ["lostAck", "lostAppend", "lateAppend", "spuriousConflict", "failedRead"]) {
            assert.isAbove(struck.get(fault) ?? 0, 10, fault)
          }
        }),
      times(120_000)
    )
  }

  for (const partitions of [1, 3]) {
    it.effect(
      `keeps carts, merged ones too, and the stock that they hold in step over ${CART_SEEDS} seeds with ${partitions} partition(s)`,
      () =>
        Effect.gen(function* () {
          let [crashes, merged, orders] = [0, 0, 0]
          for (let seed = 1; seed <= CART_SEEDS; seed++) {
            const report = yield* simulateCarts({ seed: seed * 6_007 + partitions, steps: 60, partitions })
            assert.deepStrictEqual(report.violations, [], `seed ${seed * 6_007 + partitions}`)
            crashes += report.crashes
            merged += report.merged
            orders += report.orders
          }
          assert.isAbove(crashes, CART_SEEDS)
          assert.isAbove(merged, CART_SEEDS / 2)
          assert.isAbove(orders, CART_SEEDS)
        }),
      times(120_000)
    )
  }
})
