/**
 * The hub's settings from the environment, as one record. Units are in the names.
 */
import { Config } from "effect"

export interface HubConfig {
  readonly port: number
  readonly host: string
  readonly home: string
  readonly natsUrl: string | undefined
  readonly redisUrl: string | undefined
  readonly databaseUrl: string | undefined
  readonly channelsFile: string | undefined
  readonly outreachFile: string | undefined
  readonly recoveryFile: string | undefined
  readonly logLevel: "debug" | "info" | "warn" | "error"
  readonly partitions: number
  readonly cartPartitions: number
  readonly journalReplicas: number
  readonly idempotencyWindowHours: number
  readonly idempotencyIdsMax: number
  readonly holdsPerHolderMax: number
  readonly cartsKeptDays: number
  readonly ordersKeptDays: number
  readonly requestsPerSecondMax: number
}

const optional = (name: string) => Config.String(name).pipe(Config.withDefault(undefined))

/** Reads the environment. Fails with a `ConfigError` that names the variable when a value cannot be read. */
export const hubConfig = Config.all({
  /** `0` takes a free port. */
  port: Config.Int("PORT").pipe(Config.withDefault(3020)),
  host: Config.String("HOST").pipe(Config.withDefault("127.0.0.1")),
  home: Config.String("HOLDFAST_HOME").pipe(Config.withDefault(".holdfast")),
  natsUrl: optional("NATS_URL"),
  redisUrl: optional("REDIS_URL"),
  databaseUrl: optional("DATABASE_URL"),
  /** The sales channels; without it `channels.json` in the home, if there is one. */
  channelsFile: optional("CHANNELS_FILE"),
  /** The ways to customers; without it `outreach.json` in the home, if there is one. */
  outreachFile: optional("OUTREACH_FILE"),
  /** What is said to who left a cart; without it `recovery.json` in the home, if there is one. */
  recoveryFile: optional("RECOVERY_FILE"),
  logLevel: Config.Literals(["debug", "info", "warn", "error"], "LOG_LEVEL").pipe(Config.withDefault("info" as const)),
  /** Hash ranges of SKUs, fixed when the journal is made. One process owns them all; see ARCHITECTURE.md. */
  partitions: Config.Int("PARTITIONS").pipe(Config.withDefault(1)),
  /** The same of carts, whose journal is another. */
  cartPartitions: Config.Int("CART_PARTITIONS").pipe(Config.withDefault(1)),
  /** Copies of the journal; 3 needs a cluster of three servers. */
  journalReplicas: Config.Int("JOURNAL_REPLICAS").pipe(Config.withDefault(1)),
  idempotencyWindowHours: Config.Int("IDEMPOTENCY_WINDOW_HOURS").pipe(Config.withDefault(24)),
  /** Mutation ids and closed holds remembered at most; the oldest are forgotten first, and a metric tells. */
  idempotencyIdsMax: Config.Int("IDEMPOTENCY_IDS_MAX").pipe(Config.withDefault(16_000_000)),
  holdsPerHolderMax: Config.Int("HOLDS_PER_HOLDER_MAX").pipe(Config.withDefault(20)),
  /** Carts that were left, emptied or went into another one are forgotten after so many days; 0: never. */
  cartsKeptDays: Config.Int("CARTS_KEPT_DAYS").pipe(Config.withDefault(60)),
  /** Carts that were bought; refunds and cancellations come for months. 0: never. */
  ordersKeptDays: Config.Int("ORDERS_KEPT_DAYS").pipe(Config.withDefault(400)),
  /** Per client address over HTTP and per socket; 0 is no limit, the default until access control is configured. */
  requestsPerSecondMax: Config.Int("REQUESTS_PER_SECOND_MAX").pipe(Config.withDefault(0))
})
