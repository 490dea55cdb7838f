/**
 * What a resolver works with: who asks, and the services that answer, which are those of the HTTP routes.
 */
import type { Principal } from "../../actors/access/may.ts"
import type { Effect } from "effect"
import type { Act } from "../access/acts.ts"
import type { CartsShape } from "../carts/layer.ts"
import type { ChannelsShape } from "../channels/channels.ts"
import type { AlertDesk } from "../gateway/http/alert-desk.ts"
import type { CartRoutes } from "../gateway/http/carts.ts"
import type { LetterDesk } from "../gateway/http/letter-desk.ts"
import type { PaymentRoutes } from "../gateway/http/payments.ts"
import type { RecoverySettingsRoutes } from "../gateway/http/recovery-settings.ts"
import type { RecoveryRoutes } from "../gateway/http/recovery.ts"
import type { ProjectionsShape } from "../gateway/projections.ts"
import type { HubStatus } from "../gateway/protocol.ts"
import type { CartFeed } from "./live/cart-feed.ts"
import type { StockPages } from "../gateway/http/stock.ts"
import type { MailTaker } from "../gateway/requests.ts"
import type { Outlet } from "./live/outlet.ts"
import type { StockFeed } from "./live/stock-feed.ts"

export interface GraphqlServices {
  readonly host: MailTaker
  readonly pages: StockPages
  readonly stockFeed: StockFeed
  readonly projections: Pick<ProjectionsShape, "incidents" | "alerts" | "history">
  readonly letters: LetterDesk
  readonly alerts: AlertDesk
  readonly payments: PaymentRoutes
  readonly cartRoutes: CartRoutes
  readonly recoverySettings: RecoverySettingsRoutes
  readonly carts: Pick<CartsShape, "requests">
  readonly cartFeed: CartFeed
  readonly channels: Pick<ChannelsShape, "ask">
  readonly recovery: RecoveryRoutes
  readonly status: () => HubStatus
  readonly run: (effect: Effect.Effect<void>) => void
  /** Settles when the act is recorded; never fails. */
  readonly record: (act: Omit<Act, "at">) => Promise<void>
}

export interface GraphqlContext {
  /** Where it comes from. */
  readonly address: string
  readonly principal: Principal
  readonly services: GraphqlServices
  /** Where a subscription's results go; over HTTP there is none. */
  readonly outlet?: Outlet
  /** `performance.now()` when the request came in. */
  readonly receivedAtMs: number
  /** Where the sender's trace is; over a socket nobody says. */
  readonly traceparent?: string | undefined
}
