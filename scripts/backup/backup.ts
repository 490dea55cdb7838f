/**
 * Copies what a hub keeps in NATS into a folder while the hub works; see `plan.ts` for what fits together and why.
 *
 * Redis and PostgreSQL hold nothing that cannot be made again from it, so they are not copied. The master key is not either,
 * unless somebody asks: with it the backup can be read by whoever has it.
 */
import { mkdir } from "node:fs/promises"
import type { StreamInfo } from "@nats-io/jetstream"
import { decodeCommit } from "../../streams/codec.ts"
import type { NatsShape } from "../../streams/nats/connection.ts"
import {
  type BackedUpConsumer,
  type BackedUpStream,
  type BackupManifest,
  streamPath,
  writeManifest
} from "./manifest.ts"
import { type Copied, KINDS, planOf } from "./plan.ts"
import { readStream } from "./read-stream.ts"
import { type CopiedMessage, writeStreamFile } from "./stream-file.ts"

export interface BackupOptions {
  readonly folder: string
  /** Tells which master key it needs. */
  readonly masterKey: string | null
  readonly onStream: (stream: BackedUpStream) => void
}

/** It could not be made whole; the message says what to do. */
export class BackupFailed extends Error {
  override readonly name = "BackupFailed"
}

/** The hub drops facts once a minute: of two copies in a row at most one meets that, unless the journal takes minutes. */
const FACTS_TRIES_MAX = 3

type Named = Map<string, BackedUpStream>

export const backup = async (nats: NatsShape, options: BackupOptions): Promise<BackupManifest> => {
  await mkdir(options.folder, { recursive: true, mode: 0o700 })
  const infos: Array<StreamInfo> = []
  for await (const info of nats.manager.streams.list()) infos.push(info)
  const plan = planOf(infos.map(({ config }) => config.name))
  const consumers = await consumersOf(nats, infos)
  const done: Named = new Map()
  const copying = { nats, options, consumers, done }
  for (const copied of plan.beforeCut) await copy(copying, copied, undefined)
  for (let tries = 1; ; tries++) {
    const firstFacts = await firstFactsOf(nats)
    const cutAtMs = await serverTimeMs(nats, infos)
    const consumed = new Map<string, number>()
    for (const copied of plan.afterCut) await copy(copying, copied, cutAtMs, consumed)
    const early = droppedTooEarly({ done, consumed, firstFacts })
    if (early === undefined) {
      const manifest: BackupManifest = {
        v: 1,
        cutAt: new Date(cutAtMs).toISOString(),
        natsVersion: nats.connection.info?.version ?? "",
        masterKey: options.masterKey,
        streams: [...done.values()]
      }
      writeManifest(options.folder, manifest)
      return manifest
    }
    if (tries >= FACTS_TRIES_MAX) {
      throw new BackupFailed(
        `Facts of ${early} are dropped faster than the journal is copied: try when less is going on.`
      )
    }
  }
}

/** Durable ones; what they have acknowledged is read before anything else (B2). */
const consumersOf = async (
  { manager }: NatsShape,
  infos: ReadonlyArray<StreamInfo>
): Promise<ReadonlyMap<string, ReadonlyArray<BackedUpConsumer>>> => {
  const found = new Map<string, ReadonlyArray<BackedUpConsumer>>()
  for (const { config } of infos) {
    const durable: Array<BackedUpConsumer> = []
    for await (const consumer of manager.consumers.list(String(config.name))) {
      const { durable_name: name } = consumer.config
      if (name !== undefined)
        durable.push({ name, config: consumer.config, acknowledged: consumer.ack_floor.stream_seq })
    }
    found.set(config.name, durable)
  }
  return found
}

/** A moment that has passed by the server's own clock: nothing will be stored in it any more. */
const serverTimeMs = async ({ manager }: NatsShape, infos: ReadonlyArray<StreamInfo>): Promise<number> => {
  const [first] = infos
  if (first === undefined) throw new BackupFailed("There is nothing to back up: this NATS server has no streams.")
  // The client takes it for optional; servers that the hub runs on all tell it.
  const { ts = "" } = await manager.streams.info(first.config.name)
  return Date.parse(ts) - 1
}

interface Copying {
  readonly nats: NatsShape
  readonly options: BackupOptions
  readonly consumers: ReadonlyMap<string, ReadonlyArray<BackedUpConsumer>>
  readonly done: Named
}

const BATCH_HEADER = "Nats-Batch-Id"
const journals = new Set(KINDS.map(({ journal }) => journal))

/** `consumed` gets how far the last commit had taken its kind's facts. */
const copy = async (
  { nats, options, consumers, done }: Copying,
  copied: Copied,
  cutAtMs: number | undefined,
  consumed = new Map<string, number>()
): Promise<void> => {
  const { stream } = copied
  const { config, state } = await nats.manager.streams.info(stream)
  const isJournal = journals.has(stream)
  let messages = 0
  let first: number | undefined
  let last: CopiedMessage | undefined
  const takes = (message: CopiedMessage): boolean =>
    !copied.untilCut || cutAtMs === undefined || message.atMs <= cutAtMs || isOfOneTurn(last, message)
  const counted = async function* (): AsyncGenerator<CopiedMessage> {
    for await (const message of readStream(nats, copied, state.last_seq, takes)) {
      messages++
      first ??= message.sequence
      last = message
      if (isJournal) consumed.set(stream, decodeCommit(message.data).facts)
      yield message
    }
  }
  const sha256 = await writeStreamFile(streamPath(options.folder, stream), counted())
  const lastSequence = last?.sequence ?? state.last_seq
  const firstSequence = first ?? state.last_seq + 1
  const isWhole = copied.subjects === ">" && lastSequence - firstSequence + 1 === messages
  if (isJournal && !(isWhole && firstSequence === 1)) {
    throw new BackupFailed(`${stream} has gaps, which a journal never has: look at the NATS server's disk and log.`)
  }
  const about = { name: stream, config, messages, firstSequence, lastSequence, isWhole, sha256 }
  const entry: BackedUpStream = { ...about, consumers: consumers.get(stream) ?? [] }
  done.set(stream, entry)
  options.onStream(entry)
}

/** A turn over several partitions is one batch, of which all or nothing was stored; so is its copy. */
const isOfOneTurn = (last: CopiedMessage | undefined, next: CopiedMessage): boolean => {
  const batch = (message: CopiedMessage | undefined) => message?.headers.find(([name]) => name === BATCH_HEADER)?.[1]
  return batch(next) !== undefined && batch(next) === batch(last)
}

const firstFactsOf = async ({ manager }: NatsShape): Promise<ReadonlyMap<string, number>> => {
  const known = await Promise.all(KINDS.map(({ facts }) => manager.streams.info(facts).catch(() => undefined)))
  return new Map(known.flatMap((info) => (info === undefined ? [] : [[info.config.name, info.state.first_seq]])))
}

interface Dropping {
  readonly done: Named
  readonly consumed: ReadonlyMap<string, number>
  /** Of each stream of facts, where it began before it was copied. */
  readonly firstFacts: ReadonlyMap<string, number>
}

/** The kind's facts of which some are neither in a commit nor in the copy; `undefined`: there are none. */
const droppedTooEarly = ({ done, consumed, firstFacts }: Dropping): string | undefined =>
  KINDS.find(({ facts, journal }) => {
    const first = done.get(facts)?.firstSequence ?? 0
    // What had gone before had gone by age, or for being in a commit.
    return first > (consumed.get(journal) ?? 0) + 1 && first > (firstFacts.get(facts) ?? first)
  })?.facts
