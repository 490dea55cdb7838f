/**
 * What waits in the customers' mailbox.
 */
import type { CustomerBook } from "../../actors/customer/book.ts"
import type { CustomerCommand } from "../../actors/customer/commands.ts"
import type { Refusal } from "../gateway/protocol.ts"
import type { OwnerMail } from "../host/owner-mail.ts"

/** `changed`: something was written down. `version`: of the settings, where they were asked to change. */
export type CustomerAnswer =
  | { readonly ok: true; readonly changed: boolean; readonly version?: number; readonly replayed?: true }
  | Refusal

export type CustomerMail = OwnerMail<CustomerCommand, CustomerAnswer, CustomerBook>
