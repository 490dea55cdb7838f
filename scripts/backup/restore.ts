/**
 * Brings a backup back into servers that hold nothing of a hub. All of it is checked before the first byte is written.
 *
 * PostgreSQL and Redis are made again by the hub when it starts: PostgreSQL's tables say of which journal they are, the register
 * does not, so it is emptied here.
 */
import { Redis } from "ioredis"
import type { NatsShape } from "../../streams/nats/connection.ts"
import { REGISTER_CHECKPOINT, registerKey } from "../../streams/projections/register.ts"
import { bucketStream, bucketSubject, PERSONAL_KEYS_BUCKET } from "../../streams/subjects.ts"
import { CHECK, isCheckedBy } from "../../src/personal-data/layer.ts"
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
  /** Copies of each stream; 3 needs a cluster. */
  readonly replicas: number
  readonly onStream: (stream: BackedUpStream) => void
}

export const restore = async (nats: NatsShape, options: RestoreOptions): Promise<BackupManifest> => {
  const manifest = await checkedManifest(options.folder)
  await checkKey(options, manifest)
  await checkEmpty(nats, manifest)
  await emptyRegister(options.redisUrl)
  for (const stream of manifest.streams) {
    const messages = restored(streamPath(options.folder, stream.name), stream, options.erased)
    await writeStream(nats, stream, messages, options.replicas)
    options.onStream(stream)
  }
  return manifest
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
    if (kept !== undefined) yield kept
  }
  if (messages !== stream.messages)
    throw new Damaged(`${path} has ${messages} messages and should have ${stream.messages}.`)
}

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
