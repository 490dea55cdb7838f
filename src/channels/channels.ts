/**
 * The hub's side of the channels thread: starts it, tells it what changed and what it asks about the stock, and hands it
 * the questions of others.
 *
 * Changes gather per SKU while the thread is busy with earlier ones, so what waits is never more than one entry a SKU,
 * and a channel is always told the newest.
 */
import { Worker } from "node:worker_threads"
import { Context, Deferred, Effect, Layer, Schema } from "effect"
import { hasChannelRules, shown } from "../../actors/sku/channels.ts"
import { isStockEvent, type StockEvent } from "../../actors/sku/events.ts"
import { available, type SkuState } from "../../actors/sku/state.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import { submitView } from "../gateway/requests.ts"
import type { PartitionHost } from "../host/host.ts"
import { StockHost } from "../host/layer.ts"
import { keepThread } from "../keep-thread.ts"
import { liveSettings } from "../live-settings.ts"
import { current } from "../tracing/tracing.ts"
import type { Change } from "./channel.ts"
import type { FromThread, Question, Reply, StartedThread, ThreadSettings, ToThread } from "./messages.ts"

/** The channels cannot be set up as they are configured. */
export class ChannelsWrong extends Schema.TaggedError<ChannelsWrong>()("ChannelsWrong", { message: Schema.String }) {}

export interface ChannelsShape {
  readonly isConfigured: boolean
  /** Always answers: when the thread does not, with 503. */
  readonly ask: (question: Question) => Promise<Reply>
}

export class Channels extends Context.Service<Channels, ChannelsShape>()("holdfast/src/channels/Channels") {
  static readonly layer = (settings: ThreadSettings) => Layer.effect(Channels, acquire(settings))
}

/** A turn's changes leave together; 500 a second would else be 500 messages. */
const GATHER_MS = 2
/** Batches that the thread has not taken in: with more, changes gather here. */
const UNTAKEN_MAX = 4
const QUESTIONS_MAX = 4_096
const ANSWER_MS_MAX = 30_000
/** Reading a channel to its end takes as long as its limits make it. */
const RECONCILE_MS_MAX = 30 * 60_000

/** What is asked of all channels. */
const ofNone: Partial<Record<Question["op"], Reply>> = {
  channels: { status: 200, body: { ok: true, channels: [] } },
  shows: { status: 200, body: { ok: true, channels: [] } },
  listed: { status: 200, body: { ok: true, items: [] } },
  metrics: { status: 200, body: "" }
}
const unknownChannel: Reply = {
  status: 404,
  body: { ok: false, code: "unknown_channel", message: "No channel is configured." }
}

const none: ChannelsShape = {
  isConfigured: false,
  ask: async ({ op }) => ofNone[op] ?? unknownChannel
}

const acquire = Effect.fnUntraced(function* (settings: ThreadSettings) {
  if (settings.channels.length === 0) return Channels.of(none)
  const host = yield* StockHost
  const side = new HubSide(host)
  host.onCommits((commits) => side.onCommits(commits))
  yield* Effect.forkScoped(side.keep(settings))
  yield* Deferred.await(side.ready)
  return Channels.of({ isConfigured: true, ask: (question) => side.ask(question) })
})

interface Asked {
  readonly settle: (reply: Reply) => void
  readonly patience: NodeJS.Timeout
}

class HubSide {
  private readonly host: PartitionHost
  private worker: Worker | undefined
  private gathered = new Map<string, Change>()
  private timer: NodeJS.Timeout | undefined
  private untaken = 0
  private readonly asked = new Map<number, Asked>()
  private count = 0
  /** Of the first start: settings that do not do are the operator's to mend before the hub runs. */
  readonly ready = Deferred.makeUnsafe<void, ChannelsWrong>()

  constructor(host: PartitionHost) {
    this.host = host
  }

  /** Another thread when one ends. What it had not sent the next one finds by comparing. */
  keep(settings: ThreadSettings): Effect.Effect<never> {
    return keepThread({
      name: "channels",
      start: () => this.start(settings),
      stop: () => this.tell({ type: "stop" })
    })
  }

  ask(question: Question): Promise<Reply> {
    return new Promise((resolve) => {
      if (this.worker === undefined || this.asked.size >= QUESTIONS_MAX) {
        return resolve(away("The channels do not take questions now. Try again."))
      }
      const id = this.count++
      const limitMs = question.op === "reconcile" || question.op === "adopt" ? RECONCILE_MS_MAX : ANSWER_MS_MAX
      const patience = setTimeout(() => this.settle(id, away("The channels did not answer in time.")), limitMs)
      this.asked.set(id, { settle: resolve, patience })
      this.tell({ type: "question", id, question })
    })
  }

  onCommits(commits: ReadonlyArray<StoredCommit>): void {
    const at = performance.timeOrigin + performance.now()
    for (const commit of commits) {
      for (const record of commit.records) if (isStockEvent(record)) this.gather(record, at)
    }
    if (this.gathered.size > 0) this.timer ??= setTimeout(() => this.flush(), GATHER_MS)
  }

  private gather(event: StockEvent, at: number): void {
    const { sku, version } = event
    const before = this.gathered.get(sku)
    const state = this.host.book.peek(sku)
    const rules = state === undefined || !hasChannelRules(state) ? undefined : ruled(state)
    const moves = "channel" in event && event.channel !== undefined ? [moveOf(event, event.channel)] : []
    const trace = current()?.landedStock(event) ?? before?.trace
    const allMoves = before?.moves === undefined ? moves : joined(before.moves, moves)
    this.gathered.set(sku, {
      sku,
      version,
      quantity: Math.max(0, rules?.others ?? event.physical - event.allocated),
      at: before?.at ?? at,
      ...(trace === undefined ? {} : { trace }),
      ...(rules === undefined ? {} : { byChannel: rules.byChannel }),
      ...(allMoves.length === 0 ? {} : { moves: allMoves })
    })
  }

  private flush(): void {
    this.timer = undefined
    if (this.worker === undefined || this.untaken >= UNTAKEN_MAX || this.gathered.size === 0) return
    const changes = [...this.gathered.values()]
    this.gathered = new Map()
    this.untaken++
    this.tell({ type: "changes", changes })
  }

  private start(settings: ThreadSettings): Worker {
    // A thread that starts asks for the stock itself.
    this.gathered.clear()
    this.untaken = 0
    const started: StartedThread = { ...settings, live: liveSettings() }
    const worker = new Worker(new URL("thread.js", import.meta.url), { workerData: started })
    worker.on("message", (message: FromThread) => this.hear(message))
    worker.once("error", (error) => this.fail(`The channels thread failed: ${error.message}`))
    worker.once("exit", () => (this.worker = undefined))
    this.worker = worker
    return worker
  }

  private fail(message: string): void {
    Deferred.doneUnsafe(this.ready, Effect.fail(new ChannelsWrong({ message })))
  }

  private hear(message: FromThread): void {
    if (message.type === "ready") Deferred.doneUnsafe(this.ready, Effect.void)
    else if (message.type === "wrong") this.fail(message.message)
    else if (message.type === "reply") this.settle(message.id, message.reply)
    else if (message.type === "ask-stock") this.lookUp(message.id, message.skus)
    else {
      this.untaken--
      this.flush()
    }
  }

  private lookUp(id: number, skus: ReadonlyArray<string>): void {
    const at = performance.timeOrigin + performance.now()
    submitView(
      this.host,
      (book) =>
        skus.flatMap((sku) => {
          const state = book.peek(sku)
          return state === undefined ? [] : [changeOf(state, at)]
        }),
      (outcome) => {
        if ("value" in outcome) this.tell({ type: "stock", id, changes: outcome.value })
        else setTimeout(() => this.lookUp(id, skus), ASK_AGAIN_MS)
      }
    )
  }

  private settle(id: number, reply: Reply): void {
    const asked = this.asked.get(id)
    if (asked === undefined) return
    this.asked.delete(id)
    clearTimeout(asked.patience)
    asked.settle(reply)
  }

  private tell(message: ToThread): void {
    this.worker?.postMessage(message)
  }
}

const ASK_AGAIN_MS = 200

const away = (message: string): Reply => ({ status: 503, body: { ok: false, code: "unavailable", message } })

const changeOf = (state: SkuState, at: number): Change => {
  const rules = hasChannelRules(state) ? ruled(state) : undefined
  return {
    sku: state.sku,
    version: state.version,
    quantity: Math.max(0, rules?.others ?? available(state)),
    at,
    ...(rules === undefined ? {} : { byChannel: rules.byChannel })
  }
}

/** Where channels have rules: what each of them is shown, and what those without rules are. */
const ruled = (state: SkuState) => {
  const byChannel: Record<string, number> = {}
  for (const channel in state.settings.channels) byChannel[channel] = shown(state, channel)
  return { byChannel, others: shown(state, "") }
}

/** While the thread is busy moves gather with the rest: of many only that there were some, by an id that none has. */
const MOVES_MAX = 256

const joined = (before: NonNullable<Change["moves"]>, moves: NonNullable<Change["moves"]>) => {
  const all = [...before, ...moves]
  if (all.length <= MOVES_MAX) return all
  return [...new Set(all.map(({ channel }) => channel))].map((channel) => ({ channel, mutationId: "" }))
}

const moveOf = ({ mutationId, ...event }: StockEvent, channel: string): NonNullable<Change["moves"]>[number] => {
  const movedAt = "occurredAt" in event && event.occurredAt !== undefined ? Date.parse(event.occurredAt) : Number.NaN
  return { channel, mutationId, ...(Number.isNaN(movedAt) ? {} : { movedAt }) }
}
