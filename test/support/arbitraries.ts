/**
 * Commands by chance, from a world so small that they meet: few SKUs, two locations, three channels, few hold ids.
 * Small quantities, so that stock runs out; short times, so that holds do too.
 */
import * as fc from "fast-check"
import type { ChannelRule, SettingsChange } from "../../actors/sku/commands.ts"
import {
  adjustment,
  type AnyCommand,
  bundle,
  commit,
  commitLines,
  configure,
  count,
  receipt,
  release,
  releaseLines,
  reserve,
  reserveLines,
  returned,
  sale,
  transfer
} from "./commands.ts"

export interface World {
  readonly plain: ReadonlyArray<string>
  readonly bundles: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly holdIds: ReadonlyArray<string>
  /** Units that may be promised beyond the stock; a property about overselling wants none. */
  readonly backorderLimits: ReadonlyArray<number>
  /** Of a hundred commands, how many change settings. */
  readonly configures: number
}

export const shop: World = {
  plain: ["A", "B", "C"],
  bundles: { X: { A: 2, B: 1 }, Y: { A: 1, C: 3 } },
  holdIds: ["h1", "h2", "h3", "h4"],
  backorderLimits: [0, 4],
  configures: 8
}

/** Where everything happens to the same unit, and settings change all the time. */
export const corner: World = {
  plain: ["A"],
  bundles: { X: { A: 2 } },
  holdIds: ["h1", "h2"],
  backorderLimits: [0, 4],
  configures: 20
}

/** Every SKU known, some stock at both locations, the bundles made. */
export const openingOf = (world: World): ReadonlyArray<AnyCommand> => [
  ...world.plain.flatMap((sku) => [receipt(sku, 12), receipt(sku, 6, { locationId: "north" })]),
  ...Object.entries(world.bundles).map(([sku, parts]) => bundle(sku, parts))
]

const locationId = fc.constantFrom("default", "north")
const channel = fc.constantFrom("web", "shop", undefined)
const holder = fc.constantFrom("ann", "bob", undefined, undefined)
const quantity = fc.integer({ min: 1, max: 8 })
const ttlMs = fc.constantFrom(100, 400, 1_000, 60_000)
const skuOf = (world: World) => fc.constantFrom(...world.plain, ...Object.keys(world.bundles))
const holdIdOf = (world: World) => fc.constantFrom(...world.holdIds)

/** Leaves out what was not drawn: an absent field and an undefined one are not the same. */
const present = <A extends object>(fields: A) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof A]?: Exclude<A[K], undefined>
  }

const makers = { sale, receipt, returned, count }

const factIn = (world: World): fc.Arbitrary<AnyCommand> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .record({
          sku: skuOf(world),
          type: fc.constantFrom("sale" as const, "receipt" as const, "receipt" as const, "returned", "count"),
          units: quantity,
          more: fc.record({ locationId, channel }).map(present)
        })
        .map(({ sku, type, units, more }) => makers[type](sku, units, more))
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ sku: skuOf(world), units: fc.integer({ min: -8, max: 8 }), locationId })
        .map(({ sku, units, locationId: place }) => adjustment(sku, units === 0 ? 1 : units, { locationId: place }))
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ sku: skuOf(world), units: quantity, from: locationId, to: locationId })
        .map(({ sku, units, from, to }) => transfer(sku, units, to, { locationId: from }))
    }
  )

const holdMore = fc.record({ ttlMs, channel, holder }).map(present)

const reserveIn = (world: World): fc.Arbitrary<AnyCommand> =>
  fc
    .record({ sku: skuOf(world), holdId: holdIdOf(world), quantity, locationId, more: holdMore })
    .map(({ sku, holdId, quantity: units, locationId: place, more }) =>
      reserve(sku, holdId, units, { ...more, locationId: place })
    )

const cartIn = (world: World): fc.Arbitrary<AnyCommand> => {
  const sku = fc.oneof({ weight: 29, arbitrary: skuOf(world) }, { weight: 1, arbitrary: fc.constant("unknown") })
  const line = fc
    .tuple(sku, quantity, locationId)
    .map(([name, units, place]) => [name, Math.ceil(units / 2), place] as const)
  return fc
    .record({ holdId: holdIdOf(world), lines: fc.array(line, { minLength: 1, maxLength: 4 }), more: holdMore })
    .map(({ holdId, lines, more }) => reserveLines(holdId, lines, more))
}

const closeIn = (world: World): fc.Arbitrary<AnyCommand> =>
  fc
    .record({ sku: fc.option(skuOf(world)), holdId: holdIdOf(world), isCommit: fc.boolean() })
    .map(({ sku, holdId, isCommit }) => {
      if (sku === null) return isCommit ? commitLines(holdId) : releaseLines(holdId)
      return isCommit ? commit(sku, holdId) : release(sku, holdId)
    })

const rule: fc.Arbitrary<ChannelRule> = fc
  .record({
    buffer: fc.constantFrom(0, 0, 2),
    cap: fc.constantFrom(undefined, undefined, 4),
    ringFenced: fc.constantFrom(0, 3, 6)
  })
  .map(({ cap, ...others }) => (cap === undefined ? others : { ...others, cap }))

const maybeRule = fc.option(rule, { nil: undefined })
const channels = fc
  .record({ web: maybeRule, shop: maybeRule })
  .map((rules) => present(rules) as Readonly<Record<string, ChannelRule>>)

const configureIn = (world: World): fc.Arbitrary<AnyCommand> =>
  fc.oneof(
    fc
      .record({
        sku: skuOf(world),
        safetyThreshold: fc.constantFrom(undefined, 0, 3, 12),
        backorderLimit: fc.constantFrom(undefined, ...world.backorderLimits),
        channels: fc.option(channels, { nil: undefined })
      })
      .map(({ sku, ...settings }) => configure(sku, present(settings) as SettingsChange)),
    fc.constantFrom(...Object.entries(world.bundles)).map(([sku, parts]) => bundle(sku, parts)),
    fc.record({ sku: skuOf(world), part: skuOf(world) }).map(({ sku, part }) => bundle(sku, { [part]: 1 })),
    skuOf(world).map((sku) => configure(sku, { components: [] }))
  )

export const anyCommand = (world: World): fc.Arbitrary<AnyCommand> => {
  const others = 100 - world.configures
  return fc.oneof(
    { weight: Math.round(others * 0.26), arbitrary: factIn(world) },
    { weight: Math.round(others * 0.26), arbitrary: reserveIn(world) },
    { weight: Math.round(others * 0.22), arbitrary: cartIn(world) },
    { weight: Math.round(others * 0.26), arbitrary: closeIn(world) },
    { weight: world.configures, arbitrary: configureIn(world) }
  )
}
