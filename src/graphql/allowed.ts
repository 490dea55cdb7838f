/**
 * Asks whether who sends the operation may do what one of its fields does; the same answer that HTTP's addresses get.
 */
import type { Action } from "../../actors/access/actions.ts"
import { may, type Principal, type Target } from "../../actors/access/may.ts"
import { refusal } from "./refusals.ts"

/** Throws the refusal. */
export const demand = (principal: Principal, action: Action, target?: Target): void => {
  if (may(principal, action, target)) return
  throw refusal({
    ok: false,
    code: "unauthorized",
    message: `${principal.name} may not do this (${action}); ask an administrator of the hub.`
  })
}
