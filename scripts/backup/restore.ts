/**
 * Brings a backup back into servers that hold nothing of a hub. All of it is checked before the first byte is written. What may
 * not come back is left out on the way: who was erased (`erased.ts`), who was taken away, every session (`admitted.ts`).
 *
 * PostgreSQL and Redis are made again by the hub when it starts: PostgreSQL's tables say of which journal they are, the register
 * does not, so it is emptied here.
 */
import { Redis } from "ioredis"
import type { AccessState } from "../../actors/access/state.ts"
import type { NatsShape } from "../../streams/nats/connection.ts"
import { REGISTER_CHECKPOINT, registerKey } from "../../streams/projections/register.ts"
import {
  ACCESS,
  ACCESS_EVENT_SUBJECT,
  bucketStream,
  bucketSubject,
  CHANNELS,
  DEAD_LETTERS,
  PERSONAL_KEYS_BUCKET
} from "../../streams/subjects.ts"
import { STORED_AT } from "../../streams/stored-at.ts"
import { CHECK, isCheckedBy } from "../../src/personal-data/layer.ts"
import { type AdmittedEvents, admittedBy, admittedIn, admittedSince, admittedText, isSession } from "./admitted.ts"
import { withoutErased } from "./erased.ts"
import { type BackedUpStream, type BackupManifest, checkedManifest, streamPath } from "./manifest.ts"
import { type CopiedMessage, Damaged, readStreamFile } from "./stream-file.ts"
import { RestoreFailed, writeStream } from "./write-stream.ts"

export interface RestoreOptions {
  readonly folder: string
  readonly redisUrl: string
  readonly masterKey: Buffer
  /** Tokens of customers who were erased since; see `erased.ts`. */
  readonly erased: ReadonlySet<string>
  /** Users and keys as they were last written down; `then`: as they were; `undefined`: nobody has said. */
  readonly admitted: AdmittedEvents | "then" | undefined
  /** Copies of each stream; 3 needs a cluster. */
  readonly replicas: number
  readonly onStream: (stream: BackedUpStream) => void
}

export interface Restored {
  readonly manifest: BackupManifest
  /** Who may come in now. */
  readonly admitted: AccessState
}

export const restore = async (nats: NatsShape, options: RestoreOptions): Promise<Restored> => {
  const manifest = await checkedManifest(options.folder)
  await checkKey(options, manifest)
  await checkEmpty(nats, manifest)
  const { all, since } = await admittedOf(options, manifest)
  await emptyRegister(options.redisUrl)
  for (const stream of manifest.streams) {
    const messages = restored(streamPath(options.folder, stream.name), stream, options.erased)
    if (stream.name === ACCESS) {
      await writeStream(nats, { ...stream, isWhole: false }, withoutSessions(messages, since), options.replicas)
    } else {
      await writeStream(nats, stream, messages, options.replicas)
    }
    options.onStream(stream)
  }
  return { manifest, admitted: admittedBy(all) }
}

/** Refused while nobody has said who may come in, where there is anybody, and where what was said would be written nowhere. */
const admittedOf = async ({ admitted, folder }: RestoreOptions, { streams }: BackupManifest) => {
  const backedUp: Array<string> = []
  const isKept = streams.some(({ name }) => name === ACCESS)
  if (isKept) {
    for await (const message of readStreamFile(streamPath(folder, ACCESS))) {
      const event = admittedIn(message)
      if (event !== undefined) backedUp.push(event)
    }
  }
  if (admitted === undefined && backedUp.length > 0) {
    throw new RestoreFailed(
      `The backup lets in whom it let in then. Say who may come in now by --admitted <file>, or --admitted-then:\n${admittedText(admittedBy(backedUp))}`
    )
  }
  const since = admitted === undefined || admitted === "then" ? [] : admittedSince(backedUp, admitted)
  if (!isKept && since.length > 0) {
    throw new RestoreFailed(
      "The backup has no stream of users and keys, so it lets in nobody, and the file of --admitted would be written nowhere: leave that out, and let in whom you want once the hub runs."
    )
  }
  return { all: [...backedUp, ...since], since }
}

async function* withoutSessions(
  messages: AsyncIterable<CopiedMessage>,
  since: AdmittedEvents
): AsyncGenerator<CopiedMessage> {
  for await (const message of messages) if (!isSession(message)) yield message
  for (const event of since) {
    const data = new TextEncoder().encode(event)
    yield { sequence: 0, atMs: 0, subject: ACCESS_EVENT_SUBJECT, headers: [], data }
  }
}

/** Counted once more: a file can be what was written and still not be what the manifest says of it. */
async function* restored(
  path: string,
  stream: BackedUpStream,
  erased: ReadonlySet<string>
): AsyncGenerator<CopiedMessage> {
  let messages = 0
  for await (const message of readStreamFile(path)) {
    messages++
    const kept = withoutErased(stream.name, message, erased)
    if (kept !== undefined) yield SHOWN.has(stream.name) ? dated(kept) : kept
  }
  if (messages !== stream.messages)
    throw new Damaged(`${path} has ${messages} messages and should have ${stream.messages}.`)
}

/** Of these people are shown when something was stored. */
const SHOWN = new Set([CHANNELS, DEAD_LETTERS])

/** As it was stored at first, however often it is restored. */
const dated = (message: CopiedMessage): CopiedMessage =>
  message.headers.some(([name]) => name === STORED_AT)
    ? message
    : { ...message, headers: [...message.headers, [STORED_AT, new Date(message.atMs).toISOString()]] }

/** With another key a hub could open nothing, and would not start. */
const checkKey = async ({ folder, masterKey }: RestoreOptions, { streams, masterKey: wanted }: BackupManifest) => {
  const keys = streams.find(({ name }) => name === bucketStream(PERSONAL_KEYS_BUCKET))
  if (keys === undefined) return
  for await (const { subject, data } of readStreamFile(streamPath(folder, keys.name))) {
    if (subject !== bucketSubject(PERSONAL_KEYS_BUCKET, CHECK) || isCheckedBy(masterKey, data)) continue
    throw new RestoreFailed(
      `The backup was sealed with another master key (${wanted ?? "unknown"}): put that one into HOLDFAST_HOME or PERSONAL_DATA_KEY first.`
    )
  }
}

const checkEmpty = async ({ manager }: NatsShape, { streams }: BackupManifest): Promise<void> => {
  for (const { name } of streams) {
    const known = await manager.streams.info(name).catch(() => undefined)
    if (known === undefined) continue
    throw new RestoreFailed(
      `The NATS server has a stream ${name} already: a backup goes into an empty server; move its store directory away.`
    )
  }
}

/** Keys deleted with one command. */
const DELETED_AT_ONCE = 1_000

const emptyRegister = async (url: string): Promise<void> => {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  redis.on("error", () => undefined)
  try {
    await redis.connect()
    await redis.del(REGISTER_CHECKPOINT)
    for await (const keys of redis.scanStream({ match: registerKey("*"), count: DELETED_AT_ONCE }) as AsyncIterable<
      ReadonlyArray<string>
    >) {
      if (keys.length > 0) await redis.unlink(...keys)
    }
  } catch (cause) {
    throw new RestoreFailed(`Redis cannot be emptied of what it has of another journal: ${String(cause)}.`)
  } finally {
    redis.disconnect()
  }
}
