/**
 * An order as requests: all its sold lines are held at once and paid for; what is refused is counted.
 */
import { LINES_MAX } from "../../config/limits.ts"
import type { Answer, LinesRequestBody, ReserveLine } from "../../src/gateway/protocol.ts"
import type { Order, PlannedLine } from "./plan.ts"

export interface Cart {
  /** Names the invoice and the lines of it that are bought, so that an auditor can tell from the file what was refused. */
  readonly holdId: string
  readonly lines: ReadonlyArray<ReserveLine>
}

/** An invoice of more lines than a cart may have is bought in several carts. */
export const cartsOf = (order: Order): ReadonlyArray<Cart> => {
  const sales = order.lines.filter(({ meaning }) => meaning.kind === "sale")
  const carts: Array<Cart> = []
  for (let first = 0; first < sales.length; first += LINES_MAX) {
    const some = sales.slice(first, first + LINES_MAX)
    carts.push({ holdId: holdIdOf(order.invoice, some), lines: some.map(lineOf) })
  }
  return carts
}

const holdIdOf = (invoice: string, lines: ReadonlyArray<PlannedLine>): string =>
  `invoice ${invoice}:${lines[0]?.number ?? 0}-${lines[lines.length - 1]?.number ?? 0}`

const lineOf = ({ meaning }: PlannedLine): ReserveLine => ({ sku: meaning.sku, quantity: meaning.units })

export type Bought =
  | { readonly outcome: "bought" }
  /** By an earlier replay. */
  | { readonly outcome: "already" }
  | { readonly outcome: "refused"; readonly code: string; readonly lines: number }

/**
 * A replay that was interrupted between hold and payment, and is repeated when the hold has expired, is answered with
 * the old hold: a new one is then asked for, under the next id.
 */
const HOLDS_MAX = 3

export const buy = async (cart: Cart, ask: (body: LinesRequestBody) => Promise<Answer>): Promise<Bought> => {
  const { holdId, lines } = cart
  for (let hold = 1; ; hold++) {
    const held = await ask({ type: "reserve", mutationId: `${holdId} hold ${hold}`, holdId, lines })
    if (!held.ok) return { outcome: "refused", code: held.code, lines: lines.length }
    const paid = await ask({ type: "commit", mutationId: `${holdId} pay ${hold}`, holdId })
    if (paid.ok) return { outcome: paid.replayed === true ? "already" : "bought" }
    if (paid.code !== "hold_expired" || hold === HOLDS_MAX) {
      return { outcome: "refused", code: paid.code, lines: lines.length }
    }
  }
}
