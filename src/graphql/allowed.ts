/**
 * Asks whether who sends the operation may do what one of its fields does; the same answer that HTTP's addresses get. What
 * changes something administrative goes to the audit record with its outcome, refused or not, before it is answered.
 */
import { GraphQLError, type GraphQLResolveInfo } from "graphql"
import { type Action, ACTIONS } from "../../actors/access/actions.ts"
import { may, ownOnly, type Principal, type Target } from "../../actors/access/may.ts"
import { maySay } from "../access/body-target.ts"
import { wrongSku } from "../gateway/decode.ts"
import { statusOf } from "../gateway/http/replies.ts"
import type { GraphqlContext } from "./context.ts"
import { refusal } from "./refusals.ts"

/** Throws the refusal. */
export const demand = (principal: Principal, action: Action, target?: Target): void => {
  if (!may(principal, action, target)) throw forbidden(principal, action)
}

const forbidden = ({ name }: Principal, action: Action): GraphQLError =>
  refusal({
    ok: false,
    code: "unauthorized",
    message: `${name} may not do this (${action}); ask an administrator of the hub.`
  })

/** That a list may be read: of a tenant all that is its own, which is what the answer begins the names of it with. */
export const demandOwn = (principal: Principal, action: Action): string => {
  const { channels, tenant } = principal
  demand(principal, action, tenant !== undefined && channels === undefined ? { isOwn: true } : undefined)
  return ownOnly(principal)
}

/** That it is a SKU, and may be read. Throws the refusal. */
export const demandSku = (principal: Principal, sku: string): void => {
  const wrong = wrongSku(sku)
  if (wrong !== undefined) throw refusal(wrong)
  demand(principal, "stock.read", { names: [sku] })
}

export interface Deed {
  readonly action: Action
  /** What the arguments say it is about. */
  readonly target: Required<Pick<Target, "names" | "channels">>
  /** As HTTP would be sent it: it may name others beside. */
  readonly body: unknown
}

/** What a mutation does, once it may. */
export const act = async <A>(
  { address, principal, services }: GraphqlContext,
  { fieldName }: GraphQLResolveInfo,
  { action, body, target }: Deed,
  run: () => Promise<A> | A
): Promise<A> => {
  const record = (outcome: number): Promise<void> => {
    if (!ACTIONS[action].isRecorded) return Promise.resolve()
    const about = [`/graphql ${fieldName}`, ...target.names, ...target.channels].join(" ")
    const { kind, name } = principal
    return services.record({ who: { kind, name }, action, target: about, outcome, address })
  }
  try {
    if (!maySay(principal, action, target, body)) throw forbidden(principal, action)
    const done = await run()
    await record(200)
    return done
  } catch (error) {
    await record(outcomeOf(error))
    throw error
  }
}

/** The status that HTTP would have given. */
const outcomeOf = (error: unknown): number => {
  const code = error instanceof GraphQLError ? error.extensions["code"] : undefined
  if (code === "unauthorized") return 403
  if (typeof code !== "string") return 500
  return statusOf[code as keyof typeof statusOf] ?? (code.startsWith("unknown_") ? 404 : 400)
}
