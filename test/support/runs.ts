/**
 * How often a property is tried, and from which seed.
 *
 * `PROPERTY_RUNS` is a factor: with 50 every property is tried fifty times as often as usual, and simulations play fifty
 * times as many seeds. `PROPERTY_SEED` plays a failure again.
 */
import assert from "node:assert/strict"

const factor = Number(process.env["PROPERTY_RUNS"] ?? 1)
assert.ok(
  factor >= 1,
  "PROPERTY_RUNS is how many times as often as usual properties are tried: give a number from 1, or none"
)

const seed = process.env["PROPERTY_SEED"] === undefined ? {} : { seed: Number(process.env["PROPERTY_SEED"]) }

/** Of runs or seeds, or of the milliseconds that they may take. */
export const times = (usual: number): number => Math.ceil(usual * factor)

/** For `fc.assert`; fast-check itself tries a hundred times where nothing is said. */
export const runs = (usual = 100): { readonly numRuns: number; readonly seed?: number } => ({
  numRuns: times(usual),
  ...seed
})
