/**
 * What waits in the carts' mailbox.
 */
import type { CartBook } from "../../actors/cart/book.ts"
import type { CartCommand } from "../../actors/cart/commands.ts"
import type { OwnerCommandMail, OwnerMail } from "../host/owner-mail.ts"
import type { CartAnswer } from "./protocol.ts"

export type CartCommandMail = OwnerCommandMail<CartCommand, CartAnswer>
export type CartMail = OwnerMail<CartCommand, CartAnswer, CartBook>
