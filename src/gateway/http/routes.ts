/**
 * Which request goes where, and as which action it counts: the contract's addresses, version 1, part by part.
 */
import type { Registry } from "prom-client"
import type { GraphqlRoutes } from "../../graphql/http.ts"
import { STOCK_REQUEST } from "../../access/request-action.ts"
import type { HubStatus } from "../protocol.ts"
import type { MailTaker } from "../requests.ts"
import type { AccessRoutes } from "./access.ts"
import { accessEntries } from "./access-entries.ts"
import { type AlertDesk, alertEntries } from "./alert-desk.ts"
import { cartEntries, customerEntries, paymentEntries, recoveryEntries } from "./customer-entries.ts"
import { channelEntries, outreachEntries } from "./channel-entries.ts"
import { EACH_FIELD, type Entry, OWN_NAMES, PUBLIC } from "./entry.ts"
import type { CartRoutes } from "./carts.ts"
import { channelLogEntries, type ChannelLogRoutes } from "./channel-log.ts"
import type { ChannelRoutes } from "./channels.ts"
import type { CustomerRoutes } from "./customers.ts"
import { historyEntries, type HistoryRoutes } from "./history.ts"
import { type LeakageServices, postLeakage } from "./leakage.ts"
import { type LetterDesk, letterEntries } from "./letter-desk.ts"
import type { LinkRoutes } from "./links.ts"
import type { Lists } from "./lists.ts"
import { locationEntries, type LocationRoutes } from "./locations.ts"
import { withOpenApi } from "./openapi.ts"
import { adapterEntries, type NatsAdapterRoutes } from "./nats-adapters.ts"
import type { OutreachRoutes } from "./outreach.ts"
import type { PersonalDataRoutes } from "./personal-data.ts"
import type { PaymentRoutes } from "./payments.ts"
import type { RecoverySettingsRoutes } from "./recovery-settings.ts"
import type { RecoveryRoutes } from "./recovery.ts"
import { type ReorderDesk, reorderEntries } from "./reorder.ts"
import { json } from "./replies.ts"
import {
  getSku,
  postFacts,
  postLines,
  postRequest,
  postSync,
  type Respond,
  type StockPages,
  type SyncServices
} from "./stock.ts"
import { systemEntries, type SystemRoutes } from "./system.ts"

export interface HttpServices {
  readonly host: MailTaker
  readonly pages: StockPages
  readonly lists: Lists
  readonly history: HistoryRoutes
  readonly locations: LocationRoutes
  readonly alerts: AlertDesk
  readonly reorder: ReorderDesk
  readonly letters: LetterDesk
  readonly channels: ChannelRoutes
  readonly channelLog: ChannelLogRoutes
  readonly outreach: OutreachRoutes
  readonly customers: CustomerRoutes
  readonly personalData: PersonalDataRoutes
  readonly recoverySettings: RecoverySettingsRoutes
  readonly recovery: RecoveryRoutes
  readonly payments: PaymentRoutes
  readonly links: LinkRoutes
  readonly carts: CartRoutes
  readonly graphql: GraphqlRoutes
  readonly access: AccessRoutes
  readonly adapters: NatsAdapterRoutes
  readonly leakage: LeakageServices
  readonly sync: SyncServices
  readonly system: SystemRoutes
  readonly status: () => HubStatus
  readonly metrics: Registry
  /** The channels' figures as text, joined to those of the rest. */
  readonly channelMetrics: () => Promise<string>
  /** Why the hub cannot take requests now, or `undefined`. */
  readonly unready: () => string | undefined
}

export const routeTable = (services: HttpServices): ReadonlyArray<Entry> => withOpenApi(partsOf(services))

const partsOf = (services: HttpServices): ReadonlyArray<Entry> => [
  ...stockEntries(services),
  ...historyEntries(services.history),
  ...locationEntries(services.locations),
  ...workEntries(services.lists),
  ...alertEntries(services.alerts),
  ...reorderEntries(services.reorder),
  ...letterEntries(services.letters),
  ...channelEntries(services.channels),
  ...channelLogEntries(services.channelLog),
  ...outreachEntries(services.outreach),
  ...customerEntries(services),
  ...recoveryEntries(services),
  ...paymentEntries(services),
  ...cartEntries(services.carts),
  ...graphqlEntries(services.graphql),
  ...accessEntries(services.access),
  ...adapterEntries(services.adapters),
  ...systemEntries(services.system),
  ...hubEntries(services)
]

const stockEntries = ({ host, pages, sync, leakage }: HttpServices): ReadonlyArray<Entry> => [
  ["post", "/v1/stock/requests", STOCK_REQUEST, (request, respond) => postLines(host, request, respond)],
  [
    "post",
    "/v1/stock/:sku/requests",
    STOCK_REQUEST,
    (request, respond, sku) => postRequest(host, sku, request, respond)
  ],
  ["post", "/v1/stock/:sku/facts", "stock.fact", (request, respond, sku) => postFacts(host, sku, request, respond)],
  ["get", "/v1/stock", "stock.read", (request, respond) => pages.get(request, respond), OWN_NAMES],
  ["get", "/v1/stock/:sku", "stock.read", (_request, respond, sku) => getSku(host, sku, respond)],
  ["post", "/api/inventory/sync-stock", "stock.fact", (request, respond) => postSync(sync, request, respond)],
  ["post", "/v1/leakage", "leakage.estimate", (request, respond) => postLeakage(leakage, request, respond)]
]

/** What people work through. */
const workEntries = (lists: Lists): ReadonlyArray<Entry> => [
  ["get", "/v1/incidents", "incidents.read", (request, respond) => lists.incidents(request, respond), OWN_NAMES],
  [
    "post",
    "/v1/incidents/:id/resolution",
    "incidents.resolve",
    (request, respond, id) => lists.resolve(request, respond, id)
  ],
  ["get", "/v1/alerts", "alerts.read", (request, respond) => lists.alerts(request, respond), OWN_NAMES]
]

const graphqlEntries = (graphql: GraphqlRoutes): ReadonlyArray<Entry> => [
  ["get", "/graphql", EACH_FIELD, (request, respond) => graphql.take(request, respond)],
  ["post", "/graphql", EACH_FIELD, (request, respond) => graphql.take(request, respond)]
]

const hubEntries = (services: HttpServices): ReadonlyArray<Entry> => [
  ["get", "/v1/status", "status.read", (_request, respond) => respond(json(200, services.status()))],
  // Whether it is there and takes requests: asked by what restarts it, and by proxies in front of it.
  ["get", "/healthz", PUBLIC, (_request, respond) => respond(json(200, { ok: true }))],
  ["get", "/readyz", PUBLIC, (_request, respond) => respond(ready(services.unready()))],
  ["get", "/metrics", "metrics.read", (_request, respond) => void writeMetrics(services, respond)]
]

const ready = (why: string | undefined) =>
  why === undefined ? json(200, { ok: true }) : json(503, { ok: false, code: "unavailable", message: why })

const writeMetrics = async ({ metrics, channelMetrics }: HttpServices, respond: Respond): Promise<void> => {
  const [own, ofChannels] = await Promise.all([metrics.metrics(), channelMetrics()])
  respond({ status: 200, contentType: metrics.contentType, body: `${own}${ofChannels}` })
}
