/**
 * The hub's settings from the environment, as one record. Units are in the names.
 */
import type { Effect } from "effect"
import { oneOf, optionalText, ratio, readSettings, reloadable, text, whole } from "./setting.ts"

export const hubSettings = {
  port: whole("PORT", { otherwise: 3020, min: 0, max: 65_535 }, "Where the hub listens; 0 takes a free port."),
  host: text("HOST", "127.0.0.1", "The address it listens on; any but the loopback address needs a proxy in front."),
  home: text("HOLDFAST_HOME", ".holdfast", "What this hub keeps on disk: private servers, files of settings, keys."),
  natsUrl: optionalText(
    "NATS_URL",
    "an address",
    "A NATS server of 2.12 or newer with JetStream; without it the hub runs one of its own.",
    true
  ),
  redisUrl: optionalText(
    "REDIS_URL",
    "an address",
    "A Redis of 7 or newer, or Valkey; without it the hub runs one of its own.",
    true
  ),
  databaseUrl: optionalText(
    "DATABASE_URL",
    "an address",
    "A database of PostgreSQL 14 or newer; without it the hub runs one of its own.",
    true
  ),
  channelsFile: optionalText(
    "CHANNELS_FILE",
    "a path",
    "The sales channels; without it channels.json in the home, if there is one. See CHANNELS.md."
  ),
  outreachFile: optionalText(
    "OUTREACH_FILE",
    "a path",
    "The ways to customers; without it outreach.json in the home, if there is one. See OUTREACH.md."
  ),
  recoveryFile: optionalText(
    "RECOVERY_FILE",
    "a path",
    "What is said to who left a cart; without it recovery.json in the home, if there is one. See RECOVERY.md."
  ),
  settingsFile: optionalText(
    "SETTINGS_FILE",
    "a path",
    "Settings that may change while the hub runs, as NAME=value lines: read at the start and at SIGHUP, before the environment; without it settings.env in the home, if there is one."
  ),
  logLevel: reloadable(oneOf("LOG_LEVEL", ["debug", "info", "warn", "error"], "info", "The least that is logged.")),
  partitions: whole(
    "PARTITIONS",
    { otherwise: 1, min: 1, max: 64 },
    "Hash ranges of SKUs, fixed when the journal is made. One process owns them all; see ARCHITECTURE.md."
  ),
  cartPartitions: whole(
    "CART_PARTITIONS",
    { otherwise: 1, min: 1, max: 64 },
    "The same of carts, whose journal is another."
  ),
  journalReplicas: whole(
    "JOURNAL_REPLICAS",
    { otherwise: 1, min: 1, max: 5 },
    "Copies of every stream; 3 needs a cluster of three NATS servers."
  ),
  idempotencyWindowHours: whole(
    "IDEMPOTENCY_WINDOW_HOURS",
    { otherwise: 24, min: 1, max: 8_760 },
    "For so long a mutation id gets the same answer again."
  ),
  idempotencyIdsMax: whole(
    "IDEMPOTENCY_IDS_MAX",
    { otherwise: 16_000_000, min: 1_000, max: 1_000_000_000 },
    "Mutation ids and closed holds remembered at most; the oldest are forgotten first, and a metric tells."
  ),
  holdsPerHolderMax: whole(
    "HOLDS_PER_HOLDER_MAX",
    { otherwise: 20, min: 1, max: 1_000_000 },
    "Open holds of one holder, for requests that name one."
  ),
  cartsKeptDays: whole(
    "CARTS_KEPT_DAYS",
    { otherwise: 60, min: 0, max: 36_500 },
    "Carts that were left, emptied or went into another one are forgotten after so many days; 0: never."
  ),
  ordersKeptDays: whole(
    "ORDERS_KEPT_DAYS",
    { otherwise: 400, min: 0, max: 36_500 },
    "Carts that were bought; refunds and cancellations come for months. 0: never."
  ),
  requestsPerSecondMax: reloadable(
    whole(
      "REQUESTS_PER_SECOND_MAX",
      { otherwise: 0, min: 0, max: 1_000_000 },
      "Per client address, key or user over HTTP and per socket; 0 is no limit on an open hub, and 500 where access control is on."
    )
  ),
  otlpEndpoint: optionalText(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "an address",
    "A collector of OpenTelemetry (OTLP over HTTP) that traces are sent to; without it there are none. See OPERATIONS.md.",
    true
  ),
  otlpHeaders: optionalText(
    "OTEL_EXPORTER_OTLP_HEADERS",
    "name=value, with commas between",
    "Sent with each export: the collector's keys.",
    true
  ),
  otlpEveryMs: whole(
    "OTEL_BSP_SCHEDULE_DELAY",
    { otherwise: 5_000, min: 10, max: 60_000 },
    "Milliseconds between two exports."
  ),
  tracesRatio: reloadable(
    ratio(
      "OTEL_TRACES_SAMPLER_ARG",
      0.1,
      "Of what comes without a trace so many get one, from 0 to 1; what comes with one is its sender's to decide."
    )
  ),
  graphqlIntrospection: oneOf(
    "GRAPHQL_INTROSPECTION",
    ["on", "off"],
    "on",
    "Whether GraphQL's schema may be asked for its types."
  ),
  graphqlQueriesFile: optionalText(
    "GRAPHQL_QUERIES_FILE",
    "a path",
    "Registered queries; with it no others are taken. See GRAPHQL.md."
  )
} as const

/** Reads the environment. Fails with a `WrongSetting` that names the variable when a value cannot be read. */
export const hubConfig = readSettings(hubSettings)

export type HubConfig = Effect.Success<typeof hubConfig>
