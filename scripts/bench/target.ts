/**
 * What is measured: a store of stock that can hold units, once for each mutation id, all lines of a cart or none.
 */
export interface Target {
  readonly name: string
  /** Makes SKUs with so much stock, and forgets what was before. */
  readonly prepare: (skus: ReadonlyArray<string>, units: number) => Promise<void>
  /** True: held. False: refused, because there is not enough. */
  readonly reserve: (sku: string, mutationId: string) => Promise<boolean>
  readonly reserveLines: (skus: ReadonlyArray<string>, mutationId: string) => Promise<boolean>
  /** Units held of all SKUs, and SKUs of which more is held than there is. */
  readonly check: () => Promise<{ readonly held: number; readonly oversold: number }>
  /** Ends what it would go on doing while others are measured. */
  readonly rest: () => Promise<void>
  readonly close: () => Promise<void>
}
