/**
 * What a decision may look at: every SKU's state, the holds that span several SKUs, who holds how much.
 *
 * The host's book (`book.ts`) implements it; deciders only read. A *spanning hold* is one hold with units on several
 * SKUs (its legs): the several-lines endpoint's, or a bundle's over its components.
 */
import type { HeldUnits, Hold, SkuState } from "../sku/state.ts"

export interface SpanningHold {
  /** `holdKey(scope, holdId)`. */
  readonly key: string
  readonly scope: string
  /** The bundle that it is a hold on; absent for the several-lines endpoint. */
  readonly sku: string | undefined
  readonly holdId: string
  readonly legs: ReadonlyArray<string>
  readonly asked: ReadonlyArray<string>
  readonly holder: string | undefined
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** As if it were a hold of its SKU alone. */
export type HeldLeg = HeldUnits & Pick<Hold, "holdId">

export interface Stock {
  readonly find: (sku: string) => SkuState | undefined
  readonly spanning: (key: string) => SpanningHold | undefined
  /** What the open hold with this key holds of one SKU. */
  readonly leg: (key: string, sku: string) => HeldLeg | undefined
  /** The open hold that was made on this SKU as a bundle. */
  readonly bundleHold: (sku: string, holdId: string) => SpanningHold | undefined
  /** Open holds of one holder, each counted once however many SKUs it spans. */
  readonly openHoldsOf: (holder: string) => number
  /** Bundles that a SKU is a component of. */
  readonly bundlesOf: (sku: string) => ReadonlyArray<string>
  /** Open holds that one holder may have; a script that asks for more is refused, an honest buyer never sees it. */
  readonly holdsPerHolderMax: number
}

export const LINES_SCOPE = "lines"

export const bundleScope = (sku: string): string => `bundle ${sku}`

/** Of a scope that is neither absent nor `LINES_SCOPE`. */
export const bundleOf = (scope: string): string => scope.slice("bundle ".length)
