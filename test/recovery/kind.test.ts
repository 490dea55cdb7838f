/**
 * Goal: what is reckoned for a command on a customer is enough for what it writes, and no more than a burst can afford.
 * Method: customers in memory who leave carts, with rules of offers and without.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import type { CustomerCommand } from "../../actors/customer/commands.ts"
import { TURN_BYTES_MAX } from "../../config/limits.ts"
import { hubsCommand } from "../../src/host/owner-mail.ts"
import { commitBytesMax } from "../../src/recovery/kind.ts"
import { Customers, eager } from "../support/offered-customers.ts"

const left = (customers: Customers): { readonly reckoned: number; readonly written: number } => {
  const abandonment = { abandonmentId: "left1", cartId: "cart-of-ann", cartVersion: 1, at: customers.at }
  const command: CustomerCommand = { type: "abandoned", mutationId: "m1", customerId: "ann", abandonment }
  const reckoned = commitBytesMax(
    hubsCommand(command, () => undefined),
    customers.book
  )
  customers.leave("ann")
  return { reckoned, written: Buffer.byteLength(JSON.stringify(customers.records.at(-1))) }
}

describe("a cart that was left", () => {
  it("has room in its commit for an offer with everything that spoke for it", () => {
    const customers = eager()
    const { reckoned, written } = left(customers)
    assert.equal(customers.of("offer-decided").length, 1)
    assert.ok(written <= reckoned, `${written} of ${reckoned} bytes`)
  })

  it("takes none for it where nothing is offered: a turn decides on more than a hundred", () => {
    const customers = eager().save(null)
    const { reckoned, written } = left(customers)
    assert.equal(customers.of("offer-decided").length, 0)
    assert.ok(written <= reckoned, `${written} of ${reckoned} bytes`)
    assert.ok(TURN_BYTES_MAX / reckoned > 100, `${TURN_BYTES_MAX / reckoned} commands`)
  })
})
