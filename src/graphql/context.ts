/**
 * What a resolver works with: who asks, and the services that answer, which are those of the HTTP routes.
 */
import type { Principal } from "../../actors/access/may.ts"
import type { StockPages } from "../gateway/http/stock.ts"
import type { MailTaker } from "../gateway/requests.ts"

export interface GraphqlServices {
  readonly host: MailTaker
  readonly pages: StockPages
}

export interface GraphqlContext {
  readonly principal: Principal
  readonly services: GraphqlServices
  /** `performance.now()` when the request came in. */
  readonly receivedAtMs: number
}
