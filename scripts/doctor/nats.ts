/**
 * The NATS of a hub: the one server that must not lose anything.
 */
import { type JetStreamManager, jetstreamManager, StorageType, type StreamInfo } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { randomBytes } from "node:crypto"
import { Effect } from "effect"
import { withoutSecret } from "../../config/address.ts"
import { serverOf } from "../../streams/nats/connection.ts"
import { CART, CUSTOMER, STOCK } from "../../streams/subjects.ts"
import { withJournal } from "../journal-reader.ts"
import { doubtful, type Finding, isAtLeast, skew, well, wrong } from "./finding.ts"
import { COMMIT_BYTES, median } from "./machine.ts"

const ABOUT = "NATS"
const VERSION_MIN = [2, 12]
const ANSWER_MS_MAX = 3_000
const PROBES = 20
/** What looks as if it were not fsynced is looked at again: a disk that others use is slow by turns. */
const LOOKS = 3
/** A server that fsyncs cannot acknowledge in less than half the time that an fsync takes here. */
const UNSYNCED = 0.5
/** Of what a stream may hold. */
const FULL = 0.8
const COMMITS_LOOKED_AT = 200
const COMMIT_BYTES_LOOKED_AT = 64 * 1024 * 1024
const TAKEN_OVER_WITHIN_MS = 60_000

export interface NatsToLookAt {
  readonly url: string
  /** What the hub would ask for. */
  readonly replicas: number
  readonly partitions: Readonly<Record<string, number>>
  /** Does one on this machine and says how many ms it took; `undefined` if the server is on another. */
  readonly fsync: (() => number) | undefined
}

export const nats = async (of: NatsToLookAt): Promise<ReadonlyArray<Finding>> => {
  let connection: NatsConnection
  try {
    connection = await connect({ ...serverOf(of.url), timeout: ANSWER_MS_MAX, reconnect: false })
  } catch (error) {
    return [unreachable(of.url, String(error))]
  }
  try {
    return await looked(connection, of)
  } finally {
    await connection.close()
  }
}

const unreachable = (url: string, said: string): Finding =>
  /authorization/i.test(said)
    ? wrong(
        ABOUT,
        `The one at ${withoutSecret(url)} refuses the user, password or token.`,
        "Put the right ones into NATS_URL."
      )
    : wrong(
        ABOUT,
        `None answers at ${withoutSecret(url)}.`,
        "Start it, or set NATS_URL; without that the hub runs its own."
      )

const looked = async (connection: NatsConnection, of: NatsToLookAt): Promise<ReadonlyArray<Finding>> => {
  const version = connection.info?.version ?? "0"
  const isOld = !isAtLeast(version, VERSION_MIN)
  const first = isOld
    ? wrong(ABOUT, `Version ${version} is too old.`, `Install nats-server ${VERSION_MIN.join(".")} or newer.`)
    : well(ABOUT, version)
  let manager: JetStreamManager
  try {
    manager = await jetstreamManager(connection, { timeout: ANSWER_MS_MAX })
  } catch {
    return [first, wrong(ABOUT, "It runs without JetStream, or this account may not use it.", "Start it with -js.")]
  }
  if (isOld) return [first]
  const infos: Array<StreamInfo> = []
  for await (const info of manager.streams.list()) infos.push(info)
  return [
    first,
    ...payload(connection),
    ...(await synced(manager, connection, of)),
    ...infos.flatMap((info) => [
      ...room(info),
      ...kept(info),
      ...copies(info, of.replicas),
      ...partitions(info, of.partitions)
    ]),
    ...(infos.some(({ config }) => config.name === STOCK.journal) ? await owners(of.url) : [])
  ]
}

const PAYLOAD_BYTES_MIN = 4 * 1024 * 1024

const payload = ({ info }: NatsConnection): ReadonlyArray<Finding> =>
  (info?.max_payload ?? 0) >= PAYLOAD_BYTES_MIN
    ? []
    : [
        doubtful(
          ABOUT,
          `It takes messages of ${info?.max_payload ?? 0} bytes, and a turn's commit may be larger.`,
          "Set max_payload: 8MB, as nats-server.conf has it."
        )
      ]

/** What a server does before it acknowledges is not told to clients; how long it takes is. Also asks for its clock. */
const synced = async (
  manager: JetStreamManager,
  connection: NatsConnection,
  { fsync }: NatsToLookAt
): Promise<ReadonlyArray<Finding>> => {
  const name = `DOCTOR_${randomBytes(4).toString("hex")}`
  try {
    await manager.streams.add({ name, subjects: [name], storage: StorageType.File, max_bytes: 1024 * 1024 })
  } catch (error) {
    return [
      wrong(
        ABOUT,
        `No stream can be made on it: ${String(error)}.`,
        "Look at its log, its disk and this account's limits."
      )
    ]
  }
  try {
    let acknowledgement = await asked(connection, name, fsync)
    for (let look = 1; look < LOOKS && acknowledgement.level === "wrong"; look++) {
      acknowledgement = await asked(connection, name, fsync)
    }
    const beforeMs = Date.now()
    const { ts = "" } = await manager.streams.info(name)
    return [acknowledgement, skew(ABOUT, Date.parse(ts), beforeMs - 1, Date.now())]
  } finally {
    await manager.streams.delete(name)
  }
}

/** By turns, so that both meet the same disk. */
const asked = async (connection: NatsConnection, subject: string, fsync: NatsToLookAt["fsync"]): Promise<Finding> => {
  const acknowledgements: Array<number> = []
  const fsyncs: Array<number> = []
  for (let probe = 0; probe < PROBES; probe++) {
    const startedMs = performance.now()
    await connection.request(subject, Buffer.alloc(COMMIT_BYTES, 1), { timeout: ANSWER_MS_MAX })
    acknowledgements.push(performance.now() - startedMs)
    if (fsync !== undefined) fsyncs.push(fsync())
  }
  return acknowledged(median(acknowledgements), fsync === undefined ? undefined : median(fsyncs))
}

export const acknowledged = (ms: number, fsyncMs: number | undefined): Finding => {
  const took = `it acknowledges in ${ms.toFixed(2)} ms`
  if (fsyncMs === undefined) {
    return well(ABOUT, `${took}; whether it fsyncs first (sync_interval: always) cannot be seen from another machine`)
  }
  return ms < fsyncMs * UNSYNCED
    ? wrong(
        ABOUT,
        `It acknowledges in ${ms.toFixed(2)} ms, where an fsync takes ${fsyncMs.toFixed(2)}: a power cut loses what was acknowledged.`,
        "Set sync_interval: always in its jetstream block, and start it again."
      )
    : well(ABOUT, `${took}, where an fsync takes ${fsyncMs.toFixed(2)}`)
}

export const room = ({ config, state }: Pick<StreamInfo, "config" | "state">): ReadonlyArray<Finding> => {
  const isFull = config.max_bytes > 0 && config.discard === "new" && state.bytes > config.max_bytes * FULL
  return isFull
    ? [
        wrong(
          ABOUT,
          `${config.name} holds ${state.bytes} of ${config.max_bytes} bytes, and full it refuses.`,
          "See that the hub runs and takes what waits there; raise max_bytes meanwhile."
        )
      ]
    : []
}

const JOURNALS: ReadonlySet<string> = new Set([STOCK, CART, CUSTOMER].map(({ journal }) => journal))

/** The hub itself makes them without an end, and refuses rather than forgets. */
export const kept = ({ config }: Pick<StreamInfo, "config">): ReadonlyArray<Finding> => {
  if (!JOURNALS.has(config.name)) return []
  const { discard, max_age: ageNanos, max_bytes: bytes, max_msgs: messages, storage } = config
  const isDropped = ageNanos > 0 || (discard !== "new" && (bytes > 0 || messages > 0))
  if (storage === StorageType.File && !isDropped) return []
  return [
    wrong(
      ABOUT,
      `${config.name} ${isDropped ? "throws its oldest commits away" : "is kept in memory"}: what the hub knows is lost with them.`,
      `Take the limits away (nats stream edit ${config.name}, max age and max messages unlimited, discard new); a stream in memory must be made anew from a backup.`
    )
  ]
}

const copies = ({ config }: StreamInfo, replicas: number): ReadonlyArray<Finding> =>
  config.name === STOCK.journal && config.num_replicas !== replicas
    ? [
        doubtful(
          ABOUT,
          `${config.name} has ${config.num_replicas} copies and JOURNAL_REPLICAS is ${replicas}.`,
          "Set JOURNAL_REPLICAS as it is meant; the hub changes the streams when it starts."
        )
      ]
    : []

const partitions = ({ config }: StreamInfo, wanted: NatsToLookAt["partitions"]): ReadonlyArray<Finding> => {
  const expected = wanted[config.name]
  const { partitions: made = "1" } = config.metadata ?? {}
  if (expected === undefined || made === String(expected)) return []
  const setting = config.name === CART.journal ? "CART_PARTITIONS" : "PARTITIONS"
  return [
    wrong(
      ABOUT,
      `${config.name} was made with ${setting}=${made}, and it is ${expected} here: the hub will not start.`,
      `Set ${setting}=${made}.`
    )
  ]
}

/** A start takes over once; owners that come back are two hubs that take it from each other. */
const owners = (url: string): Promise<ReadonlyArray<Finding>> =>
  withJournal(url, (journal) =>
    Effect.gen(function* () {
      const last = yield* journal.lastSequence
      const from = Math.max(1, last - COMMITS_LOOKED_AT + 1)
      const commits = yield* journal.read(from, { commitsMax: COMMITS_LOOKED_AT, bytesMax: COMMIT_BYTES_LOOKED_AT })
      return takenOver(commits, Date.now())
    })
  )

export const takenOver = (
  commits: ReadonlyArray<{ readonly id: string; readonly at: number }>,
  nowMs: number
): ReadonlyArray<Finding> => {
  const seen: Array<string> = []
  for (const { id, at } of commits) {
    const [owner = ""] = id.split(/x\d+-|-/)
    if (at < nowMs - TAKEN_OVER_WITHIN_MS || seen.at(-1) === owner) continue
    seen.push(owner)
  }
  return new Set(seen).size < seen.length
    ? [
        wrong(
          ABOUT,
          `Two hubs write one journal and take it from each other (${[...new Set(seen)].join(", ")}).`,
          "Stop one of them, or give it a NATS server of its own (NATS_URL)."
        )
      ]
    : []
}
