/**
 * Customers as a kind of actors: what the host asks of it, put together.
 */
import { CustomerBook } from "../../actors/customer/book.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import { FRAME_BYTES_MAX } from "../../config/limits.ts"
import type { Kind } from "../host/kind.ts"
import { ownerTurns } from "../host/owner-turn.ts"
import type { CustomerMail } from "./mail.ts"
import { customerRules, type Surroundings } from "./turn.ts"

/** Events of one command: a step decided with every reason, an intent, an end. */
const RECORD_BYTES = 4_096
/** An offer decided: sixteen judgements and draws of some 450 bytes each, and what was found about the customer. */
const OFFER_BYTES = 8_192
const MAY_OFFER = new Set(["abandoned", "outcome"])
/** UTF-8 needs at most three bytes for a UTF-16 code unit. */
const UNIT_BYTES_MAX = 3
/** What an address says holds for everybody whose it is; one number is hardly more than a family's. */
const SHARED_BYTES = FRAME_BYTES_MAX / 16

/** Where nothing is offered no room is kept for it: with it a turn took fifty commands, which bounded a burst of messages. */
export const commitBytesMax = (mail: CustomerMail, { settings }: Pick<CustomerBook, "settings">): number => {
  const offerBytes = settings.current.settings.offers ? OFFER_BYTES : 0
  if (mail.kind !== "command") return RECORD_BYTES + offerBytes
  const { command } = mail
  const said =
    RECORD_BYTES + (MAY_OFFER.has(command.type) ? offerBytes : 0) + JSON.stringify(command).length * UNIT_BYTES_MAX
  return "customerId" in command ? said : said + SHARED_BYTES
}

export const customerKind = (surroundings: () => Surroundings): Kind<CustomerRecord, CustomerMail, CustomerBook> => ({
  newBook: () => new CustomerBook(),
  ...ownerTurns(customerRules(surroundings)),
  commitBytesMax,
  keyOf: ({ customerId }) => customerId,
  // One partition: a commit always stands alone.
  standAlone: (record) => record,
  count: (records, stats) => {
    for (const { version } of records) if (version > 0) stats.changes.add(1)
  }
})
