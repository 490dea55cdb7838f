/**
 * What the names in the addresses stand for.
 */
import type { Schema } from "effect"
import { CART_ID_LENGTH_MAX } from "../../../config/carts.ts"
import { Id, textUpTo } from "./values.ts"

/** What no other rule is known for. */
export const Name = textUpTo(512)

export const PARAMETERS: Readonly<Record<string, Schema.Codec<string>>> = {
  sku: Id.annotate({ description: "The SKU, percent-encoded." }),
  location: Id.annotate({ description: "The location's name, percent-encoded." }),
  cart: textUpTo(CART_ID_LENGTH_MAX).annotate({ description: "The cart's name, percent-encoded." }),
  customer: Id.annotate({ description: "The customer's id, percent-encoded." }),
  channel: Name.annotate({ description: "The channel's name." }),
  topic: Name.annotate({ description: "The topic that the channel was given." }),
  carrier: Name.annotate({ description: "The carrier's name." }),
  payment: Name.annotate({ description: "Stripe's id of a PaymentIntent or a session." }),
  code: Name.annotate({ description: "The promotion's code." }),
  id: Name.annotate({ description: "The incident's id." }),
  user: Name.annotate({ description: "The user's name." }),
  key: Name.annotate({ description: "The key's id." }),
  token: Name.annotate({ description: "Signed: it names the message that it was sent in." })
}
