/**
 * A customer as the recovery knows them: how they may be reached, and what was begun to win their cart back.
 */
import { type Contact, type ContactEvent, evolveContact, unknownContact } from "../recovery/contact.ts"
import type { RecoveryEvent, RecoveryWithheld } from "../recovery/events.ts"
import { evolve, type Recovery, startedBy } from "../recovery/recovery.ts"
import type { SettingsVersion } from "../recovery/settings.ts"
import type { SuppressionEvent } from "../recovery/suppression.ts"

export type CustomerEvent = ContactEvent | RecoveryEvent | RecoveryWithheld | SuppressionEvent

/** What one command did to one customer. */
export interface CustomerRecord {
  /** Empty: nobody's, an answer that must be given again. */
  readonly customerId: string
  /** The customer's version after it; 0 with an answer that changed nothing. */
  readonly version: number
  readonly mutationId: string
  /** Fingerprint of the command's content; present where the mutation id is to be remembered with this record. */
  readonly hash?: string
  readonly events: ReadonlyArray<CustomerEvent>
  /** An address as only the customer's key opens it, by the blind one; or what they are called, by `NAME`. */
  readonly sealed?: readonly [address: string, text: string]
  /** Nobody's: what holds from then on for recoveries that begin. */
  readonly settings?: SettingsVersion
}

/** No blind address is so short. */
export const NAME = "name"

export interface Customer {
  readonly customerId: string
  readonly version: number
  readonly contact: Contact
  readonly sealed: Readonly<Record<string, string>>
  /** The last one, running or not. */
  readonly recovery: Recovery | undefined
  /** The abandonment that was decided on last, also when nothing was begun for it. */
  readonly decidedOn: string | undefined
  /** Why nothing was begun for it. */
  readonly withheld: Pick<RecoveryWithheld, "reason" | "refused"> | undefined
}

export const newCustomer = (customerId: string): Customer => ({
  customerId,
  version: 0,
  contact: unknownContact,
  sealed: {},
  recovery: undefined,
  decidedOn: undefined,
  withheld: undefined
})

export const evolveCustomer = (customer: Customer, record: CustomerRecord): Customer => {
  let next: Customer = { ...customer, version: record.version }
  if (record.sealed !== undefined) {
    const [address, text] = record.sealed
    next = { ...next, sealed: { ...next.sealed, [address]: text } }
  }
  for (const event of record.events) next = afterEvent(next, event)
  return next
}

const afterEvent = (customer: Customer, event: CustomerEvent): Customer => {
  switch (event.type) {
    case "contact-point-removed": {
      const { [event.address]: _gone, ...sealed } = customer.sealed
      const contact = evolveContact(customer.contact, event)
      const isUsed = contact.points.some(({ address }) => address === event.address)
      return { ...customer, contact, sealed: isUsed ? customer.sealed : sealed }
    }
    case "contact-point-set":
    case "contact-settings-set":
    case "contact-joined":
    case "link-followed":
    case "name-set":
    case "customer-wrote":
    case "opted-out":
    case "opted-in":
      return { ...customer, contact: evolveContact(customer.contact, event) }
    case "address-suppressed":
    case "address-reopened":
      return customer
    case "recovery-withheld":
      return {
        ...customer,
        decidedOn: event.abandonment.abandonmentId,
        withheld: { reason: event.reason, refused: event.refused }
      }
    case "recovery-started":
      return {
        ...customer,
        recovery: startedBy(event),
        decidedOn: event.abandonment.abandonmentId,
        withheld: undefined
      }
    case "message-intended":
    case "message-retried":
    case "message-sent":
    case "message-failed":
    case "message-skipped":
      return inRecovery({ ...customer, contact: evolveContact(customer.contact, event) }, event)
    default:
      return inRecovery(customer, event)
  }
}

/** What comes of a recovery that another one has followed changes nothing any more. */
const inRecovery = (customer: Customer, event: RecoveryEvent): Customer =>
  customer.recovery?.recoveryId === event.recoveryId
    ? { ...customer, recovery: evolve(customer.recovery, event) }
    : customer
