/**
 * Which request goes where. The contract's addresses, version 1, and the pages.
 */
import type { Registry } from "prom-client"
import { decodeSku } from "../../../streams/subjects.ts"
import { invalid } from "../decode.ts"
import type { HubStatus } from "../protocol.ts"
import type { AddressLimiter } from "../rate-limit.ts"
import type { MailTaker } from "../requests.ts"
import type { Handle, Request } from "../serving.ts"
import type { CartRoutes } from "./carts.ts"
import type { ChannelRoutes } from "./channels.ts"
import type { CustomerRoutes } from "./customers.ts"
import { type LeakageServices, postLeakage } from "./leakage.ts"
import type { LinkRoutes } from "./links.ts"
import type { Lists } from "./lists.ts"
import type { OutreachRoutes } from "./outreach.ts"
import type { PersonalDataRoutes } from "./personal-data.ts"
import type { PaymentRoutes } from "./payments.ts"
import type { RecoverySettingsRoutes } from "./recovery-settings.ts"
import type { RecoveryRoutes } from "./recovery.ts"
import { json, refused } from "./replies.ts"
import type { StaticFiles } from "./static-files.ts"
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

export interface HttpServices {
  readonly host: MailTaker
  readonly pages: StockPages
  readonly lists: Lists
  readonly channels: ChannelRoutes
  readonly outreach: OutreachRoutes
  readonly customers: CustomerRoutes
  readonly personalData: PersonalDataRoutes
  readonly recoverySettings: RecoverySettingsRoutes
  readonly recovery: RecoveryRoutes
  readonly payments: PaymentRoutes
  readonly links: LinkRoutes
  readonly carts: CartRoutes
  readonly leakage: LeakageServices
  readonly sync: SyncServices
  readonly status: () => HubStatus
  readonly metrics: Registry
  /** The channels' figures as text, joined to those of the rest. */
  readonly channelMetrics: () => Promise<string>
  /** Why the hub cannot take requests now, or `undefined`. */
  readonly unready: () => string | undefined
  readonly files: StaticFiles
  readonly limiter: AddressLimiter | undefined
}

type Route = (request: Request, respond: Respond, ...parameters: ReadonlyArray<string | undefined>) => void

/** `:x` stands for one segment, handed over percent-decoded; `undefined` when it cannot be decoded. */
const table = (services: HttpServices): ReadonlyArray<Entry> => [
  ["post", "/v1/stock/requests", (request, respond) => postLines(services.host, request, respond)],
  ["post", "/v1/stock/:sku/requests", (request, respond, sku) => postRequest(services.host, sku, request, respond)],
  ["post", "/v1/stock/:sku/facts", (request, respond, sku) => postFacts(services.host, sku, request, respond)],
  ["get", "/v1/stock", (request, respond) => services.pages.get(request, respond)],
  ["get", "/v1/stock/:sku", (_request, respond, sku) => getSku(services.host, sku, respond)],
  ["get", "/v1/stock/:sku/ledger", (request, respond, sku) => services.lists.ledger(request, respond, sku)],
  ["get", "/v1/incidents", (request, respond) => services.lists.incidents(request, respond)],
  ["post", "/v1/incidents/:id/resolution", (request, respond, id) => services.lists.resolve(request, respond, id)],
  ["get", "/v1/alerts", (request, respond) => services.lists.alerts(request, respond)],
  ["get", "/v1/dead-letters", (request, respond) => services.lists.deadLetters(request, respond)],
  ...channelRoutes(services.channels),
  ...outreachRoutes(services.outreach),
  ["get", "/v1/customers/:customer", (_request, respond, customer) => services.customers.get(respond, customer)],
  [
    "post",
    "/v1/customers/:customer/requests",
    (request, respond, customer) => services.customers.request(request, respond, customer)
  ],
  ...recoverySettingsRoutes(services.recoverySettings),
  ...personalDataRoutes(services.personalData),
  ...recoveryRoutes(services.recovery),
  ["post", "/v1/payments/stripe/webhooks", (request, respond) => services.payments.webhook(request, respond)],
  ["post", "/v1/carts/:cart/payment-link", (request, respond, cart) => services.payments.link(request, respond, cart)],
  ["get", "/v1/payments/:payment", (_request, respond, payment) => services.payments.get(respond, payment)],
  ["post", "/v1/payments/:payment/refund", (_request, respond, payment) => services.payments.refund(respond, payment)],
  ["get", "/v1/checkout/return", (request, respond) => services.payments.returned(request, respond)],
  ["get", "/c/:token", (_request, respond, token) => services.links.open(respond, token)],
  ["post", "/c/:token", (request, respond, token) => services.links.press(request, respond, token)],
  ...cartRoutes(services.carts),
  ["post", "/v1/leakage", (request, respond) => postLeakage(services.leakage, request, respond)],
  ["get", "/v1/status", (_request, respond) => respond(json(200, services.status()))],
  ["post", "/api/inventory/sync-stock", (request, respond) => postSync(services.sync, request, respond)],
  ["get", "/healthz", (_request, respond) => respond(json(200, { ok: true }))],
  ["get", "/readyz", (_request, respond) => respond(ready(services.unready()))],
  ["get", "/metrics", (_request, respond) => void writeMetrics(services, respond)]
]

type Entry = readonly [method: string, pattern: string, route: Route]

const channelRoutes = (channels: ChannelRoutes): ReadonlyArray<Entry> => [
  ["get", "/v1/channels", (_request, respond) => channels.all(respond)],
  ["post", "/v1/channels/:channel/webhooks", (request, respond, name) => channels.webhook(request, respond, name)],
  [
    "post",
    "/v1/channels/:channel/webhooks/:topic",
    (request, respond, name, topic) => channels.webhook(request, respond, name, topic)
  ],
  [
    "get",
    "/v1/channels/:channel/listings",
    (request, respond, name) => channels.list("listings", request, respond, name)
  ],
  [
    "get",
    "/v1/channels/:channel/unmapped",
    (request, respond, name) => channels.list("unmapped", request, respond, name)
  ],
  ["get", "/v1/channels/:channel/held", (request, respond, name) => channels.list("held", request, respond, name)],
  [
    "get",
    "/v1/channels/:channel/dead-letters",
    (request, respond, name) => channels.list("letters", request, respond, name)
  ],
  ["post", "/v1/channels/:channel/mappings", (request, respond, name) => channels.act("map", request, respond, name)],
  [
    "post",
    "/v1/channels/:channel/mappings/by-sku",
    (request, respond, name) => channels.act("adopt", request, respond, name)
  ],
  [
    "post",
    "/v1/channels/:channel/dead-letters/redrive",
    (request, respond, name) => channels.act("redrive", request, respond, name)
  ],
  [
    "post",
    "/v1/channels/:channel/dead-letters/discard",
    (request, respond, name) => channels.act("discard", request, respond, name)
  ],
  ["post", "/v1/channels/:channel/shipments", (request, respond, name) => channels.act("ship", request, respond, name)],
  [
    "post",
    "/v1/channels/:channel/reconcile",
    (request, respond, name) => channels.act("reconcile", request, respond, name)
  ],
  ["post", "/v1/channels/:channel/resume", (_request, respond, name) => channels.resume(respond, name)]
]

/** GET for Messenger's handshake, and for the page that asks before it unsubscribes. */
const outreachRoutes = (outreach: OutreachRoutes): ReadonlyArray<Entry> =>
  (["inbound", "status", "unsubscribe"] as const).flatMap((what) =>
    (["get", "post"] as const).map((method): Entry => [
      method,
      `/v1/outreach/:carrier/${what}`,
      (request, respond, carrier) => outreach.receive(what, request, respond, carrier)
    ])
  )

const recoverySettingsRoutes = (settings: RecoverySettingsRoutes): ReadonlyArray<Entry> => [
  ["get", "/v1/recovery/settings", (request, respond) => settings.get(request, respond)],
  ["post", "/v1/recovery/settings", (request, respond) => settings.set(request, respond)],
  ["put", "/v1/recovery/settings", (request, respond) => settings.set(request, respond)],
  ["get", "/v1/recovery/settings/versions", (request, respond) => settings.versions(request, respond)],
  ["post", "/v1/recovery/preview", (request, respond) => settings.preview(request, respond)]
]

const personalDataRoutes = (data: PersonalDataRoutes): ReadonlyArray<Entry> => [
  [
    "post",
    "/v1/customers/:customer/personal-data/export",
    (request, respond, name) => data.export(request, respond, name)
  ],
  [
    "post",
    "/v1/customers/:customer/personal-data/erase",
    (request, respond, name) => data.erase(request, respond, name)
  ],
  ["get", "/v1/customers/:customer/personal-data/accesses", (_request, respond, name) => data.accesses(respond, name)]
]

const recoveryRoutes = (recovery: RecoveryRoutes): ReadonlyArray<Entry> => [
  ["get", "/v1/recovery/figures", (request, respond) => recovery.figures(request, respond)],
  ["get", "/v1/recovery/budget", (request, respond) => recovery.budget(request, respond)],
  ["get", "/v1/recovery/queue", (request, respond) => recovery.queue(request, respond)],
  ["get", "/v1/recovery/suppressed", (request, respond) => recovery.suppressed(request, respond)],
  [
    "get",
    "/v1/customers/:customer/timeline",
    (request, respond, customer) => recovery.timeline(request, respond, customer)
  ]
]

const cartRoutes = (carts: CartRoutes): ReadonlyArray<Entry> => [
  ["get", "/v1/carts/:cart", (_request, respond, cart) => carts.get(respond, cart)],
  ["post", "/v1/carts/:cart/requests", (request, respond, cart) => carts.request(request, respond, cart)],
  ["post", "/v1/carts/:cart/facts", (request, respond, cart) => carts.facts(request, respond, cart)],
  ["get", "/v1/promotions/:code", (_request, respond, code) => carts.promotion(respond, code)],
  ["post", "/v1/promotions/:code", (request, respond, code) => carts.setPromotion(request, respond, code)],
  ["get", "/v1/cart-policy", (_request, respond) => carts.policy(respond)],
  ["post", "/v1/cart-policy", (request, respond) => carts.setPolicy(request, respond)]
]

const ready = (why: string | undefined) =>
  why === undefined ? json(200, { ok: true }) : json(503, { ok: false, code: "unavailable", message: why })

const writeMetrics = async ({ metrics, channelMetrics }: HttpServices, respond: Respond): Promise<void> => {
  const [own, ofChannels] = await Promise.all([metrics.metrics(), channelMetrics()])
  respond({ status: 200, contentType: metrics.contentType, body: `${own}${ofChannels}` })
}

/** Asked by programs that watch the hub: they must get through when nobody else does. */
const UNLIMITED = new Set(["/healthz", "/readyz", "/metrics"])

export const makeHandle = (services: HttpServices): Handle => {
  const routes = table(services).map(([method, pattern, route]) => ({ method, route, segments: pattern.split("/") }))
  return (request, respond) => {
    const tooFast =
      services.limiter !== undefined &&
      !UNLIMITED.has(request.path) &&
      !services.limiter.take(request.address, request.receivedAtMs)
    if (tooFast) {
      return respond(
        refused({ ok: false, code: "overloaded", message: "Too many requests; slow down.", retryAfterMs: 1_000 })
      )
    }
    const segments = request.path.split("/")
    const method = request.method === "head" ? "get" : request.method
    let otherMethod = false
    for (const route of routes) {
      const matched = match(route.segments, segments)
      if (matched === undefined) continue
      if (route.method === method) return route.route(request, respond, ...matched)
      otherMethod = true
    }
    const file = method === "get" && !otherMethod ? services.files.get(request) : undefined
    if (file !== undefined) return respond(file)
    if (otherMethod) return respond(refused(invalid(`${request.path} does not take ${request.method}.`), 405))
    respond(refused(invalid(`There is nothing at ${request.path}; see the README for the addresses.`), 404))
  }
}

const match = (
  pattern: ReadonlyArray<string>,
  path: ReadonlyArray<string>
): ReadonlyArray<string | undefined> | undefined => {
  if (pattern.length !== path.length) return undefined
  const parameters: Array<string | undefined> = []
  for (const [index, segment] of pattern.entries()) {
    const given = path[index] as string
    if (segment.startsWith(":")) parameters.push(decodeSku(given))
    else if (segment !== given) return undefined
  }
  return parameters
}
