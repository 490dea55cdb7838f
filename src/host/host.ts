/**
 * The partition host: one mailbox, one turn at a time, one append a turn.
 *
 * A fiber exists only while there is mail. A turn takes what waits, decides it, appends the records with the fence of
 * the last commit, and answers when the append is acknowledged. While the append is under way new mail gathers: the
 * slower the disk, the larger the next commit.
 *
 * H1 Nobody is answered from what is not in the journal. H2 Every piece of mail is answered once. H3 When the fate of
 * an append is unknown nothing else is decided until it is known. H4 A hub that lost its fence stops deciding.
 */
import { type Clock, Deferred, Effect, Exit, Fiber } from "effect"
import { type IncidentRecord, isStockEvent, type JournalRecord } from "../../actors/sku/events.ts"
import { StockBook } from "../../actors/stock/book.ts"
import { OVERLOADED_RETRY_MS, SWEEP_ACTORS_MAX, SWEEP_EVERY_MS } from "../../config/limits.ts"
import type { Commit, StoredCommit } from "../../streams/codec.ts"
import type { DeadLettersShape } from "../../streams/dead-letters.ts"
import type { Append, JournalShape } from "../../streams/journal.ts"
import type { RecentCommits } from "../../streams/recent-commits.ts"
import { factSubject } from "../../streams/subjects.ts"
import type { TimersShape } from "../../streams/timers.ts"
import { overloaded, unavailable } from "./answers.ts"
import { appendSurely, FenceLost } from "./append.ts"
import { fail, isHubsOwn, type Mail } from "./mail.ts"
import { Mailbox } from "./mailbox.ts"
import { appendOf, splitTurn } from "./ownership.ts"
import type { Recovered } from "./recovery.ts"
import { type Position, Remembered } from "./remembered.ts"
import type { Standing } from "./snapshotting.ts"
import { HostStats, TurnLoad } from "./stats.ts"
import { type DeadFact, decideTurn, knownPositions, type Turn } from "./turn.ts"

export interface HostOptions {
  /** Names this hub in its commits; no dash in it. */
  readonly owner: string
  readonly partitions: number
  readonly idempotencyWindowMs: number
  readonly idempotencyIdsMax: number
  readonly holdsPerHolderMax: number
}

/** An append that takes longer makes waiting requests `unavailable` instead of keeping them for who knows how long. */
const STALL_PATIENCE_MS = 2_000
const RECALLS_AT_ONCE = 16

export interface Ports {
  readonly journal: JournalShape
  readonly recent: RecentCommits
  readonly timers: TimersShape
  readonly deadLetters: DeadLettersShape
}

export class PartitionHost {
  readonly book: StockBook
  readonly remembered: Remembered
  readonly stats = new HostStats()
  private readonly load = new TurnLoad()
  private readonly lost = Deferred.makeUnsafe<never, FenceLost>()
  /** Fails when the hub has lost its partitions. */
  readonly whenLost: Effect.Effect<never, FenceLost> = Deferred.await(this.lost)
  recovered: Recovered | undefined
  private readonly mailbox = new Mailbox()
  private readonly options: HostOptions
  private readonly ports: Ports
  private readonly clock: Clock.Clock
  private readonly startTurns: (turns: Effect.Effect<void>) => void
  private readonly commitListeners: Array<(commits: ReadonlyArray<StoredCommit>) => void> = []
  private lastSequences: Array<number> = []
  private standingNow: Standing = { sequence: 0, partitions: [], facts: 0, at: 0 }
  private commitCount = 0
  private running = false
  private open = false
  private stalledSinceMs: number | undefined
  private inFlight: ReadonlyArray<Mail> = []
  /** Turns that are in the journal and not answered yet: at most one. */
  private decided: Array<Turn> = []
  /** Mail of the turn under way whose sender was told `unavailable` already. */
  private readonly abandoned = new Set<Mail>()
  private sweptAtMs = performance.now()

  constructor(options: HostOptions, ports: Ports, clock: Clock.Clock, start: (turns: Effect.Effect<void>) => void) {
    this.options = options
    this.ports = ports
    this.clock = clock
    this.startTurns = start
    this.book = new StockBook(options.holdsPerHolderMax)
    this.remembered = new Remembered({
      windowMs: options.idempotencyWindowMs,
      idsMax: options.idempotencyIdsMax
    })
  }

  /** Takes mail in. Never waits; whoever cannot be served is told so through the mail's own reply. */
  submit(mail: Mail): void {
    if (!this.open || (this.isStalled && !isHubsOwn(mail))) {
      fail(mail, unavailable(this.open ? "The journal does not answer." : "The hub is starting or stopping."))
      return
    }
    if (!this.mailbox.offer(mail)) {
      this.stats.countResult("overloaded")
      fail(mail, overloaded(OVERLOADED_RETRY_MS))
      return
    }
    this.kick()
  }

  /** Listeners are called in the journal's order, before the answers go out. They must not throw. */
  onCommits(listener: (commits: ReadonlyArray<StoredCommit>) => void): void {
    this.commitListeners.push(listener)
  }

  get depth(): number {
    return this.mailbox.length
  }

  get isOpen(): boolean {
    return this.open
  }

  get isStalled(): boolean {
    return this.stalledSinceMs !== undefined && performance.now() - this.stalledSinceMs > STALL_PATIENCE_MS
  }

  /** Turns take a good part of the time: what can wait should. */
  get isBusy(): boolean {
    return this.load.isBusy()
  }

  get standing(): Standing {
    return this.standingNow
  }

  /** Takes over from what recovery found, and from whoever may still think that it owns the partitions. */
  readonly takeOver = (recovered: Recovered): Effect.Effect<void, FenceLost> =>
    Effect.suspend(() => {
      this.recovered = recovered
      this.lastSequences = [...recovered.partitions]
      this.standingNow = { ...recovered, partitions: [...recovered.partitions] }
      const at = Math.max(recovered.at, this.clock.currentTimeMillisUnsafe())
      const commits = this.lastSequences.map(() => ({ id: this.nextId(), at, facts: recovered.facts, records: [] }))
      const claims = commits.map((commit, partition) => appendOf(partition, this.lastSequences, commit))
      return Effect.map(appendSurely(claims, this.appendOptions), (sequences) => {
        this.adopt(claims, commits, sequences)
        this.open = true
        this.armFresh()
        this.submit({ kind: "due" })
      })
    })

  /** No more mail is taken; what waits is still served. Ends when all is answered. */
  readonly shut: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    this.open = false
    while (this.running) yield* Effect.sleep("5 millis")
  })

  private get appendOptions() {
    return { journal: this.ports.journal, onStalled: (stalled: boolean, why: string) => this.onStalled(stalled, why) }
  }

  private nextId(): string {
    return `${this.options.owner}-${(++this.commitCount).toString(36)}`
  }

  /** Not at once: what the other sockets have sent in this round of the event loop goes into the same commit. */
  private kick(): void {
    if (this.running) return
    this.running = true
    setImmediate(() => this.startTurns(this.turns))
  }

  private readonly turns: Effect.Effect<void> = Effect.suspend(() =>
    Effect.gen({ self: this }, function* () {
      while (this.mailbox.length > 0) {
        yield* this.turn(this.mailbox.take())
        if (this.mailbox.length === 0) this.answerDecided()
      }
    }).pipe(
      Effect.onExit((exit) => Effect.sync(() => this.onTurnsEnd(exit))),
      Effect.ignore
    )
  )

  /** However the turns ended, nobody is left waiting. */
  private onTurnsEnd(exit: Exit.Exit<void, FenceLost>): void {
    this.running = false
    this.answerDecided()
    if (Exit.isSuccess(exit)) return
    this.open = false
    for (const mail of this.inFlight) fail(mail, unavailable("The hub has stopped."))
    for (const mail of this.mailbox.takeRequests()) fail(mail, unavailable("The hub has stopped."))
    const cause = exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error
    Deferred.doneUnsafe(this.lost, cause instanceof FenceLost ? Exit.fail(cause) : Exit.failCause(exit.cause as never))
  }

  private readonly turn = Effect.fnUntraced(
    { self: this },
    function* (this: PartitionHost, batch: ReadonlyArray<Mail>): Effect.fn.Return<void, FenceLost> {
      this.inFlight = batch
      const begunMs = performance.now()
      const at = Math.max(this.standingNow.at, this.clock.currentTimeMillisUnsafe())
      const known = new Map<Mail, ReadonlyArray<Position>>()
      const missing = this.lookUp(batch, known)
      const recalled = missing.size === 0 ? undefined : yield* this.recall(missing)
      const recordsAt = (sequence: number) => (this.ports.recent.get(sequence) ?? recalled?.get(sequence))?.records
      const turn = decideTurn(batch, { book: this.book, known, recordsAt, at })
      for (const dead of turn.deadFacts) yield* this.bury(dead)
      if (turn.records.length > 0) yield* this.commit(turn)
      else if (turn.facts > 0) this.standingNow = { ...this.standingNow, facts: turn.facts }
      this.inFlight = []
      this.decided.push(turn)
      this.stats.turns++
      this.load.add(performance.now() - begunMs)
      this.stats.turnCommandsMax = Math.max(this.stats.turnCommandsMax, batch.length)
      if (turn.moreDue) this.submit({ kind: "due" })
    }
  )

  /**
   * Gives the answers of turns that are in the journal. They go out while the next turn's append is under way: the time
   * in which the disk works is spent on encoding them.
   */
  private answerDecided(): void {
    const decided = this.decided
    this.decided = []
    for (const turn of decided) this.answer(turn)
  }

  private answer(turn: Turn): void {
    const now = performance.now()
    for (const { mail, answer } of turn.answers) {
      if (this.abandoned.delete(mail)) continue
      if (mail.kind === "command" || mail.kind === "lines") {
        this.stats.answers.record(now - mail.receivedAtMs)
        this.stats.countResult(answer.ok ? (answer.replayed === true ? "replayed" : "ok") : answer.code)
        mail.reply(answer)
      }
    }
    for (const mail of turn.seen) if (!this.abandoned.delete(mail)) mail.reply(undefined)
    this.stats.commands.add(turn.answers.length)
  }

  /** Positions of ids that may be known, and the commits among them that memory no longer has. */
  private lookUp(batch: ReadonlyArray<Mail>, known: Map<Mail, ReadonlyArray<Position>>): Set<number> {
    const missing = new Set<number>()
    for (const mail of batch) {
      const positions = knownPositions(mail, this.book, this.remembered)
      if (positions.length === 0) continue
      known.set(mail, positions)
      for (const { sequence } of positions) {
        if (!this.ports.recent.has(sequence)) missing.add(sequence)
      }
    }
    return missing
  }

  /** Reads commits back to repeat their answers; waits for the journal, because deciding without them could sell twice. */
  private recall(missing: ReadonlySet<number>): Effect.Effect<Map<number, StoredCommit>> {
    const read = (sequence: number): Effect.Effect<StoredCommit | undefined> =>
      Effect.catch(this.ports.journal.get(sequence), () =>
        Effect.andThen(
          Effect.sleep("100 millis"),
          Effect.suspend(() => read(sequence))
        )
      )
    return Effect.map(Effect.forEach([...missing], read, { concurrency: RECALLS_AT_ONCE }), (commits) => {
      const recalled = new Map<number, StoredCommit>()
      for (const commit of commits) if (commit !== undefined) recalled.set(commit.sequence, commit)
      return recalled
    })
  }

  private bury(dead: DeadFact): Effect.Effect<void> {
    if (dead.answer.ok) return Effect.void
    const { code, message, path } = dead.answer
    const letter = {
      code,
      message,
      ...(path === undefined ? {} : { path }),
      subject: factSubject(dead.sku),
      body: JSON.stringify({ mutationId: dead.mutationId }),
      sequence: dead.sequence
    }
    return Effect.catch(this.ports.deadLetters.put(letter), () =>
      Effect.andThen(
        Effect.sleep("200 millis"),
        Effect.suspend(() => this.bury(dead))
      )
    )
  }

  private readonly commit = Effect.fnUntraced(
    { self: this },
    function* (this: PartitionHost, turn: Turn): Effect.fn.Return<void, FenceLost> {
      const facts = Math.max(this.standingNow.facts, turn.facts)
      const split = splitTurn({ id: this.nextId(), at: turn.at, facts, records: turn.records }, this.lastSequences)
      const startedMs = performance.now()
      const appending = yield* Effect.forkChild(appendSurely(split.appends, this.appendOptions), {
        startImmediately: true
      })
      this.answerDecided()
      const sequences = yield* Fiber.join(appending)
      this.stats.appends.record(performance.now() - startedMs)
      for (const { id, index } of turn.remember) {
        const place = split.places?.[index] ?? { append: 0, index }
        this.remembered.add(id, { sequence: sequences[place.append] as number, index: place.index }, turn.at)
      }
      this.adopt(split.appends, split.commits, sequences)
      this.armFresh()
    }
  )

  /** What was appended is true now: it is the fence of the next append, and everybody who derives from it hears of it. */
  private adopt(
    appends: ReadonlyArray<Append>,
    commits: ReadonlyArray<Commit>,
    sequences: ReadonlyArray<number>
  ): void {
    const adopted = appends.map(({ partition, bytes }, index) => ({
      ...(commits[index] as Commit),
      partition,
      sequence: sequences[index] as number,
      sizeBytes: bytes.length
    }))
    for (const [index, commit] of adopted.entries()) {
      this.lastSequences[commit.partition] = commit.sequence
      this.standingNow = {
        sequence: commit.sequence,
        partitions: [...this.lastSequences],
        facts: commit.facts,
        at: commit.at
      }
      this.countRecords(commit.records)
      this.ports.recent.push(commit, (appends[index] as Append).bytes)
    }
    for (const listener of this.commitListeners) listener(adopted)
  }

  private countRecords(records: ReadonlyArray<JournalRecord>): void {
    this.stats.turnRecords += records.length
    let changes = 0
    for (const record of records) {
      if (isStockEvent(record)) changes++
      else if (record.type === "incident") this.countIncident(record)
    }
    this.stats.changes.add(changes)
  }

  private countIncident(incident: IncidentRecord): void {
    this.stats.incidents.set(incident.kind, (this.stats.incidents.get(incident.kind) ?? 0) + 1)
  }

  private armFresh(): void {
    for (const bucket of this.book.deadlines.takeFresh()) this.ports.timers.arm(bucket)
  }

  private onStalled(stalled: boolean, _why: string): void {
    this.stalledSinceMs = stalled ? (this.stalledSinceMs ?? performance.now()) : undefined
  }

  /** Called now and then: tells those who have waited too long for a stalled journal, and puts idle actors to sleep. */
  tend(): void {
    this.sweep()
    if (!this.isStalled) return
    const patience = unavailable("The journal does not answer.")
    for (const mail of this.mailbox.takeRequests()) fail(mail, patience)
    for (const mail of this.inFlight) {
      if (isHubsOwn(mail) || this.abandoned.has(mail)) continue
      this.abandoned.add(mail)
      fail(mail, patience)
    }
  }

  /** An actor sleeps when it was not asked for during one to two sweeps. */
  private sweep(): void {
    const now = performance.now()
    const mayTurn = now - this.sweptAtMs >= SWEEP_EVERY_MS
    if (mayTurn) this.sweptAtMs = now
    this.book.sweep(SWEEP_ACTORS_MAX, mayTurn)
  }
}
