/**
 * What a request for stock or a cart counts as: what it does, not that it was posted.
 */
import type { Action } from "../../actors/access/actions.ts"
import { isFields } from "./body-target.ts"

/** By the body's `type`; `otherwise` also where that cannot be read, which its route refuses. */
export interface ByType {
  readonly byType: Readonly<Record<string, Action>>
  readonly otherwise: Action
}

export const STOCK_REQUEST: ByType = {
  byType: { configure: "stock.configure", read: "stock.read" },
  otherwise: "stock.request"
}

export const CART_REQUEST: ByType = { byType: { read: "carts.read" }, otherwise: "carts.request" }

export const actionOf = ({ byType, otherwise }: ByType, body: unknown): Action => {
  const type = isFields(body) && Object.hasOwn(body, "type") ? body["type"] : undefined
  return (typeof type === "string" && Object.hasOwn(byType, type) ? byType[type] : undefined) ?? otherwise
}
