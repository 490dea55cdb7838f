/**
 * The gateway as a service: HTTP, sockets and NATS requests in front of the host.
 */
import { randomUUID } from "node:crypto"
import { Context, Effect, FiberSet, Layer } from "effect"
import { REQUESTS_PER_SECOND_DEFAULT } from "../../config/access.ts"
import type { GraphqlConfig } from "../../config/graphql.ts"
import { DeadLetters } from "../../streams/dead-letters.ts"
import { deskNats } from "../../streams/desk.ts"
import { Journal } from "../../streams/journal.ts"
import { Nats } from "../../streams/nats/connection.ts"
import { Access, type AccessShape } from "../access/layer.ts"
import type { AccessMode } from "../access/mode.ts"
import { Carts } from "../carts/layer.ts"
import { cartMetrics } from "../carts/metrics.ts"
import { Channels, type ChannelsShape } from "../channels/channels.ts"
import { StockHost } from "../host/layer.ts"
import { OutreachDesk } from "../outreach/layer.ts"
import { Recovery } from "../recovery/layer.ts"
import { makeGraphql } from "../graphql/graphql.ts"
import { CartFeed } from "../graphql/live/cart-feed.ts"
import { StockFeed } from "../graphql/live/stock-feed.ts"
import { Fanout } from "./fanout/fanout.ts"
import { TenantStock } from "./fanout/tenant-stock.ts"
import { AccessRoutes } from "./http/access.ts"
import { AlertDesk } from "./http/alert-desk.ts"
import { CartRoutes } from "./http/carts.ts"
import { ChannelLogRoutes } from "./http/channel-log.ts"
import { ChannelRoutes } from "./http/channels.ts"
import { CustomerRoutes } from "./http/customers.ts"
import { HistoryRoutes } from "./http/history.ts"
import { LetterDesk } from "./http/letter-desk.ts"
import { LinkRoutes } from "./http/links.ts"
import { LocationRoutes } from "./http/locations.ts"
import { Lists } from "./http/lists.ts"
import { NatsAdapterRoutes } from "./http/nats-adapters.ts"
import { OutreachRoutes } from "./http/outreach.ts"
import { PaymentsService } from "../payments/layer.ts"
import { PersonalDataRoutes } from "./http/personal-data.ts"
import { PaymentRoutes } from "./http/payments.ts"
import { RecoverySettingsRoutes } from "./http/recovery-settings.ts"
import { RecoveryRoutes } from "./http/recovery.ts"
import { ReorderDesk } from "./http/reorder.ts"
import { makeHandle } from "./http/dispatch.ts"
import type { Entry } from "./http/entry.ts"
import { routeTable } from "./http/routes.ts"
import { StaticFiles } from "./http/static-files.ts"
import { SystemRoutes } from "./http/system.ts"
import { StockPages, type SyncServices } from "./http/stock.ts"
import { Entrance } from "./entrance.ts"
import { type Measured, metricsRegistry, status } from "./metrics.ts"
import { answerNatsRequests } from "./nats-requests.ts"
import { type RateLimit, RateLimiter } from "./rate-limit.ts"
import type { MailTaker } from "./requests.ts"
import { Projections } from "./projections.ts"
import { RecentFigures } from "./recent-figures.ts"
import { serve } from "./server.ts"
import { liveSettings } from "../live-settings.ts"
import { keepingPlace } from "../tracing/traced-call.ts"
import type { SocketPath } from "./serving.ts"
import { SocketClient } from "./sockets.ts"

export interface GatewayOptions {
  readonly host: string
  readonly port: number
  /** Built pages. */
  readonly webDirectory: string
  /** Of the journal of each kind of actors. */
  readonly partitions: Readonly<Record<"stock" | "carts" | "customers", number>>
  readonly graphql: GraphqlConfig
}

export class Gateway extends Context.Service<Gateway, { readonly port: number }>()("holdfast/src/gateway/Gateway") {
  static readonly layer = (options: GatewayOptions) => Layer.effect(Gateway, acquire(options))
}

/** Who calls wants to know where the change has arrived, and not to wait for a channel that sleeps. */
const SHOWN_MS_MAX = 450

const showing = async (channels: ChannelsShape, sku: string, version: number): Promise<ReadonlyArray<string>> => {
  const { body } = await channels.ask({ op: "shows", sku, version, patienceMs: SHOWN_MS_MAX })
  return (body as { readonly channels?: ReadonlyArray<string> }).channels ?? []
}

const channelMetrics = async (channels: ChannelsShape): Promise<string> => {
  const { status: code, body } = await channels.ask({ op: "metrics" })
  return code === 200 ? String(body) : ""
}

const nowMicros = (): number => Math.round((performance.timeOrigin + performance.now()) * 1_000)

const syncing = (host: MailTaker, channels: ChannelsShape): SyncServices => ({
  host,
  newId: () => `sync-${randomUUID()}`,
  now: () => new Date(),
  channelsShowing: (sku, version) => showing(channels, sku, version)
})

const unready = ({ isOpen, isStalled }: { readonly isOpen: boolean; readonly isStalled: boolean }) =>
  isOpen ? (isStalled ? "The journal does not answer." : undefined) : "The hub has stopped."

type Publish = (topic: string, frame: string) => void

/** Every change to the sockets, by the server's topics once there is a server, and to GraphQL's subscriptions. */
const spreading = (host: MailTaker) => {
  let publish: Publish = () => undefined
  const fanout: Fanout = new Fanout({
    host,
    publish: (topic, frame) => {
      publish(topic, frame)
      stockFeed.publish(topic, frame)
    },
    nowMicros
  })
  const stockFeed = new StockFeed(fanout)
  return { fanout, stockFeed, publishBy: (server: Publish) => void (publish = server) }
}

/** What is spoken of beside the stock. */
const partRoutes = Effect.fnUntraced(function* (run: (effect: Effect.Effect<void>) => void) {
  const { receive } = yield* OutreachDesk
  const carts = yield* Carts
  const recovery = yield* Recovery
  const { history, locations, lowStock } = yield* Projections
  const journal = yield* Journal
  const nats = yield* Nats
  const reorder = new ReorderDesk({ desk: deskNats(nats), run, nowMs: Date.now })
  return {
    alerts: new AlertDesk({ readModels: lowStock, desk: deskNats(nats), reorder, run, nowMs: Date.now }),
    reorder,
    letters: new LetterDesk({
      host: yield* StockHost,
      carts,
      channels: yield* Channels,
      deadLetters: yield* DeadLetters,
      desk: deskNats(nats),
      run,
      now: () => new Date()
    }),
    locations: new LocationRoutes({ readModels: locations, run }),
    history: new HistoryRoutes({ readModels: history, journal, channels: yield* Channels, run }),
    access: new AccessRoutes({ access: yield* Access, nowMs: Date.now, run }),
    adapters: new NatsAdapterRoutes({ access: yield* Access, nowMs: Date.now, run }),
    links: new LinkRoutes({ desk: recovery.links, shopName: recovery.shopName, run }),
    channels: new ChannelRoutes(yield* Channels),
    channelLog: new ChannelLogRoutes({ nats, run }),
    carts: new CartRoutes(carts),
    customers: new CustomerRoutes({ ...recovery, run }),
    personalData: new PersonalDataRoutes({ personal: recovery.personal, carts: carts.host.book, run }),
    recoverySettings: new RecoverySettingsRoutes({ ...recovery, carts: carts.host.book, nowMs: Date.now }),
    recovery: new RecoveryRoutes({
      ...recovery,
      readModels: (yield* Projections).recovery,
      nowMs: Date.now,
      run
    }),
    outreach: new OutreachRoutes({ receive, run, nowMs: Date.now }),
    payments: new PaymentRoutes({ ...(yield* PaymentsService), links: carts.links, repaying: carts.repaying, run })
  }
})

const rateLimitOf = (mode: AccessMode): RateLimit => ({
  get requestsPerSecond() {
    const { requestsPerSecondMax } = liveSettings()
    return requestsPerSecondMax > 0 || mode === "open" ? requestsPerSecondMax : REQUESTS_PER_SECOND_DEFAULT
  }
})

interface Inside {
  readonly access: AccessShape
  readonly entrance: Entrance
  readonly rateLimit: RateLimit
  readonly routes: ReadonlyArray<Entry>
}

/** The doors: HTTP and sockets, through the one entrance. */
const opened = (
  options: GatewayOptions,
  { access, entrance, rateLimit, routes }: Inside,
  sockets: ReadonlyArray<SocketPath>
) =>
  serve({
    host: options.host,
    port: options.port,
    handle: makeHandle({
      routes,
      authenticate: (request) => entrance.admit(request),
      record: (act) => entrance.record(act),
      isCorsOrigin: (origin) => entrance.isCorsOrigin(origin),
      files: new StaticFiles(options.webDirectory),
      limiter: new RateLimiter(rateLimit)
    }),
    sockets,
    get keepsAllHeaders() {
      return access.mode !== "open" || liveSettings().corsOrigins.size > 0
    },
    get proxiesTrusted() {
      return liveSettings().proxiesTrusted
    }
  })

const systemRoutes = Effect.fnUntraced(function* (
  { partitions }: GatewayOptions,
  measured: Measured,
  run: (effect: Effect.Effect<void>) => void
) {
  const hosts = { stock: measured.host, carts: (yield* Carts).host, customers: (yield* Recovery).host }
  const recent = new RecentFigures(() => status(measured), Date.now)
  yield* Effect.forkScoped(recent.run)
  const { lags, servers } = yield* Projections
  const { startedAt } = measured
  return new SystemRoutes({ startedAt, hosts, partitions, lags, nats: yield* Nats, servers, recent, run })
})

const acquire = Effect.fnUntraced(function* (options: GatewayOptions) {
  const host = yield* StockHost
  const nats = yield* Nats
  const projections = yield* Projections
  const channels = yield* Channels
  const carts = yield* Carts
  const inFiber = yield* FiberSet.makeRuntime<never>()
  const run = (effect: Effect.Effect<void>): void => void inFiber(keepingPlace(effect))
  const access = yield* Access
  const rateLimit = rateLimitOf(access.mode)
  const entrance = new Entrance({ access, corsOrigins: () => liveSettings().corsOrigins, nowMs: Date.now, run })
  yield* entrance.looking
  const pages = new StockPages(host, host.book.skus())
  let sockets: () => number = () => 0
  const { fanout, publishBy, stockFeed } = spreading(host)
  const tenants = new TenantStock(host, fanout)
  host.onCommits((commits) => {
    pages.onCommits(commits)
    fanout.onCommits(commits)
    tenants.onCommits(commits)
  })
  const measured = {
    host,
    fanout,
    sockets: () => sockets(),
    projections: projections.lags,
    startedAt: new Date(),
    access: access.mode,
    nowMs: Date.now
  }
  const metrics = metricsRegistry(measured)
  cartMetrics(metrics, carts)
  const parts = yield* partRoutes(run)
  const cartFeed = new CartFeed(carts.followers)
  const asked = { ...parts, cartRoutes: parts.carts, host, pages, stockFeed, projections, carts, cartFeed, run }
  const graphql = makeGraphql({
    config: options.graphql,
    services: { ...asked, channels, status: () => status(measured), record: (act) => entrance.record(act) },
    rateLimit,
    entrance
  })
  const routes = routeTable({
    host,
    pages,
    graphql: graphql.routes,
    ...parts,
    lists: new Lists({ host, readModels: projections, run }),
    leakage: { incidents: projections.incidents, channels, run, nowMs: Date.now },
    sync: syncing(host, channels),
    system: yield* systemRoutes(options, measured, run),
    status: () => status(measured),
    metrics,
    channelMetrics: () => channelMetrics(channels),
    unready: () => unready(host)
  })
  const socketServices = { host, fanout, tenants, carts, rateLimit, entrance }
  const server = yield* opened(options, { access, entrance, rateLimit, routes }, [
    { path: "/v1/ws", open: (socket) => new SocketClient(socket, socketServices) },
    graphql.sockets
  ])
  publishBy(server.publish)
  sockets = server.sockets
  yield* answerNatsRequests(nats.connection, host, carts.requests)
  return Gateway.of({ port: server.port })
})
