/**
 * What waits in the carts' mailbox. Every piece of mail is answered exactly once.
 */
import type { CartBook } from "../../actors/cart/book.ts"
import type { CartCommand } from "../../actors/cart/commands.ts"
import type { HubMail } from "../host/mail.ts"
import type { CartAnswer } from "./protocol.ts"

export interface CartCommandMail {
  readonly kind: "command"
  readonly command: CartCommand
  /** Empty: the hub's own, whose id need not be remembered. */
  readonly hash: string
  /** The command's place in the stream of facts; 0 when it came another way. */
  readonly factSequence: number
  /** `performance.now()` when it came in. */
  readonly receivedAtMs: number
  readonly reply: (answer: CartAnswer) => void
}

export interface CartViewMail {
  readonly kind: "view"
  readonly view: (book: CartBook) => void
  readonly reply: (failure: CartAnswer | undefined) => void
}

export type CartMail = CartCommandMail | CartViewMail | HubMail
