/**
 * What waits in the customers' mailbox. Every piece of mail is answered exactly once.
 */
import type { CustomerBook } from "../../actors/customer/book.ts"
import type { CustomerCommand } from "../../actors/customer/commands.ts"
import type { Refusal } from "../gateway/protocol.ts"
import type { HubMail } from "../host/mail.ts"

/** `changed`: something was written down. */
export type CustomerAnswer = { readonly ok: true; readonly changed: boolean; readonly replayed?: true } | Refusal

export interface CustomerCommandMail {
  readonly kind: "command"
  readonly command: CustomerCommand
  /** Empty: the hub's own, whose id need not be remembered. */
  readonly hash: string
  /** The command's place in the stream of facts; 0 when it came another way. */
  readonly factSequence: number
  /** `performance.now()` when it came in. */
  readonly receivedAtMs: number
  readonly reply: (answer: CustomerAnswer) => void
}

export interface CustomerViewMail {
  readonly kind: "view"
  readonly view: (book: CustomerBook) => void
  readonly reply: (failure: CustomerAnswer | undefined) => void
}

export type CustomerMail = CustomerCommandMail | CustomerViewMail | HubMail
