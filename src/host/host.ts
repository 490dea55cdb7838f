/**
 * The partition host: one mailbox, one turn after the other, one append a turn.
 *
 * A fiber exists only while there is mail. A turn takes what waits, decides it, and sends the records to the journal with
 * the fence of the commit before it; it is then in flight, and lands when the journal has acknowledged it: only then is
 * it answered and told to others. While a turn is in flight new mail gathers: the slower the disk, the larger the next
 * commit. When much has gathered the next turn is decided on what the one in flight will have made true, and follows
 * it at once: its fence is the commit of the one before, so it cannot be stored without it.
 *
 * H1 Nobody is answered from what is not in the journal. H2 Every piece of mail is answered once. H3 When the fate of
 * an append is unknown, nothing that follows it lands before it is known. H4 A hub that lost its fence stops deciding.
 */
import { type Clock, Deferred, Effect, Exit } from "effect"
import type { JournalRecord } from "../../actors/sku/events.ts"
import type { StockBook } from "../../actors/stock/book.ts"
import { OVERLOADED_RETRY_MS, SWEEP_ACTORS_MAX, SWEEP_EVERY_MS } from "../../config/limits.ts"
import type { Commit, StoredCommit } from "../../streams/codec.ts"
import type { Append } from "../../streams/journal.ts"
import { overloaded, unavailable } from "./answers.ts"
import { appendSurely, FenceLost, strangeWriter } from "./append.ts"
import { answerAll, type Flight, isUnstaged, stageAnswers } from "./flight.ts"
import type { ActorBook, Kind } from "./kind.ts"
import { type AnyMail, fail, type HubMail, isHubsOwn, type Mail } from "./mail.ts"
import { Mailbox } from "./mailbox.ts"
import type { HostOptions, Ports, Runtime } from "./options.ts"
import { claimOf, splitTurn, type SplitTurn } from "./ownership.ts"
import type { Recovered } from "./recovery.ts"
import { Remembered } from "./remembered.ts"
import type { Standing } from "./snapshotting.ts"
import { HostStats, HubLoad } from "./stats.ts"
import { TurnSize } from "./turn-size.ts"
import { bury, lookUp, recall } from "./recall.ts"
import { emptyTurn, type Turn } from "./turn.ts"

/** An append that takes longer makes waiting requests `unavailable` instead of keeping them for who knows how long. */
const STALL_PATIENCE_MS = 2_000

export class PartitionHost<R = JournalRecord, M extends AnyMail = Mail, B extends ActorBook = StockBook> {
  readonly kind: Kind<R, M, B>
  readonly book: B
  readonly remembered: Remembered
  readonly stats = new HostStats()
  private readonly load = new HubLoad()
  private readonly turnSize = new TurnSize()
  private readonly lost = Deferred.makeUnsafe<never, FenceLost>()
  /** Fails when the hub has lost its partitions. */
  readonly whenLost: Effect.Effect<never, FenceLost> = Deferred.await(this.lost)
  recovered: Recovered | undefined
  private readonly mailbox: Mailbox<M | HubMail>
  private readonly options: HostOptions
  private readonly ports: Ports<R>
  private readonly clock: Clock.Clock
  private readonly startTurns: (turns: Effect.Effect<void>) => void
  private readonly commitListeners: Array<(commits: ReadonlyArray<StoredCommit<R>>) => void> = []
  /** Each partition's last sequence as decided: the fence of the next turn. */
  private lastSequences: Array<number> = []
  private standingNow: Standing = { sequence: 0, partitions: [], facts: 0, at: 0 }
  private commitCount = 0
  private running = false
  private open = false
  private stalledSinceMs: number | undefined
  /** Mail of the turn that is being decided. */
  private deciding: ReadonlyArray<M | HubMail> = []
  private readonly flights: Array<Flight<M, R>> = []
  /** Called when a flight has ended or much mail has come. */
  private wake: () => void = () => undefined
  private landedAtMs = 0
  /** `performance.now()` before the newest append that was acknowledged: until then nobody else had the partitions. */
  ownedAtMs = performance.now()
  /** Of what is decided, be it in the journal or in flight. */
  private decidedAt = 0
  private decidedFacts = 0
  private decidedSequence = 0
  /** Mail not answered yet whose sender was told `unavailable` already. */
  private readonly abandoned = new Set<M | HubMail>()
  private sweptAtMs = performance.now()

  constructor(kind: Kind<R, M, B>, options: HostOptions, ports: Ports<R>, runtime: Runtime) {
    this.kind = kind
    this.options = options
    this.ports = ports
    this.clock = runtime.clock
    this.startTurns = runtime.start
    this.book = kind.newBook()
    this.mailbox = new Mailbox((mail) => kind.commitBytesMax(mail, this.book))
    this.remembered = new Remembered({
      windowMs: options.idempotencyWindowMs,
      idsMax: options.idempotencyIdsMax
    })
  }

  /** Takes mail in. Never waits; whoever cannot be served is told so through the mail's own reply. */
  submit(mail: M | HubMail): void {
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

  /** Runs `look` between two commands; `done` gets its result once everything it saw is in the journal. */
  readonly view = <A>(look: (book: B) => A, done: (outcome: { readonly value: A } | undefined) => void): void => {
    let seen: { readonly value: A } | undefined
    const mail = {
      kind: "view",
      view: (book: B) => {
        seen = { value: look(book) }
      },
      reply: (failure: unknown) => done(failure === undefined ? seen : undefined)
    }
    // Every kind of actors takes looks at its book; that is no part of `AnyMail` because books differ.
    this.submit(mail as unknown as M)
  }

  /** Listeners are called in the journal's order, before the answers go out. They must not throw. */
  onCommits(listener: (commits: ReadonlyArray<StoredCommit<R>>) => void): void {
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
      this.decidedSequence = recovered.sequence
      this.decidedFacts = recovered.facts
      const at = Math.max(recovered.at, this.clock.currentTimeMillisUnsafe())
      const newCommit = () => ({ id: this.nextId(), at, facts: recovered.facts, records: [] })
      const split = claimOf(this.lastSequences, newCommit)
      const flight = this.takeOff(emptyTurn(at), [], split)
      return Effect.flatMap(appendSurely(split.appends, this.appendOptions(flight)), (sequences) => {
        flight.exit = Exit.succeed(sequences)
        return Effect.map(this.land(flight), () => {
          this.open = true
          this.submit({ kind: "due" })
        })
      })
    })

  /** No more mail is taken; what waits is still served. Ends when all is answered. */
  readonly shut: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    this.open = false
    while (this.running) yield* Effect.sleep("5 millis")
  })

  private appendOptions(flight: Flight<M, R>) {
    return {
      journal: this.ports.journal,
      isNext: () => this.flights[0] === flight,
      onStalled: (stalled: boolean, why: string) => this.onStalled(stalled, why)
    }
  }

  private nextId(): string {
    return `${this.options.owner}-${(++this.commitCount).toString(36)}`
  }

  /** Not at once: what the other sockets have sent in this round of the event loop goes into the same commit. */
  private kick(): void {
    if (this.running) {
      if (this.mayFollow()) this.wake()
      return
    }
    this.running = true
    setImmediate(() => this.startTurns(this.turns))
  }

  private mayFollow(): boolean {
    const { flightsMax, followingCommandsMin } = this.options
    return this.flights.length < flightsMax && this.mailbox.length >= followingCommandsMin
  }

  private readonly turns: Effect.Effect<void> = Effect.suspend(() =>
    Effect.gen({ self: this }, function* () {
      for (;;) {
        const [next] = this.flights
        const unstaged = this.flights.find((flight) => isUnstaged(flight, this.options.stagedAnswersMin))
        if (next?.exit !== undefined) yield* this.land(next)
        else if (next === undefined ? this.mailbox.length > 0 : this.mayFollow()) yield* this.turn()
        else if (next === undefined) return
        else if (unstaged !== undefined) yield* stageAnswers(unstaged)
        else yield* this.news
      }
    }).pipe(
      Effect.onExit((exit) => Effect.sync(() => this.onTurnsEnd(exit))),
      Effect.ignore
    )
  )

  private readonly news: Effect.Effect<void> = Effect.callback<void>((resume) => {
    // The fiber may have rested between its look and here.
    if (this.flights[0]?.exit !== undefined || this.mayFollow()) return resume(Effect.void)
    this.wake = () => {
      this.wake = () => undefined
      resume(Effect.void)
    }
  })

  /** However the turns ended, nobody is left waiting. */
  private onTurnsEnd(exit: Exit.Exit<void, FenceLost>): void {
    this.running = false
    if (Exit.isSuccess(exit)) {
      if (this.mailbox.length > 0) this.kick()
      return
    }
    this.open = false
    const stopped = unavailable("The hub has stopped.")
    for (const mail of this.undecided()) if (!this.abandoned.delete(mail)) fail(mail, stopped)
    for (const mail of this.mailbox.takeRequests()) fail(mail, stopped)
    const cause = exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error
    Deferred.doneUnsafe(this.lost, cause instanceof FenceLost ? Exit.fail(cause) : Exit.failCause(exit.cause as never))
  }

  /** Mail that has left the mailbox and is not answered. */
  private undecided(): ReadonlyArray<M | HubMail> {
    return [...this.flights.flatMap(({ mail }) => mail), ...this.deciding]
  }

  private readonly turn = Effect.fnUntraced({ self: this }, function* (this: PartitionHost<R, M, B>): Effect.fn.Return<
    void,
    FenceLost
  > {
    const batch = (this.deciding = this.mailbox.take(this.turnSize.undivided))
    const at = Math.max(this.decidedAt, this.standingNow.at, this.clock.currentTimeMillisUnsafe())
    const { known, missing } = lookUp(batch, this.kind, {
      book: this.book,
      remembered: this.remembered,
      recent: this.ports.recent
    })
    const recalled = missing.size === 0 ? undefined : yield* recall(missing, this.ports.journal)
    const recordsAt = (sequence: number) => (this.ports.recent.get(sequence) ?? recalled?.get(sequence))?.records
    const startedMs = performance.now()
    const turn = this.kind.decideTurn(batch, { book: this.book, known, recordsAt, at })
    for (const dead of turn.deadFacts) yield* bury(dead, this.ports.deadLetters)
    this.decidedFacts = Math.max(this.decidedFacts, turn.facts)
    this.deciding = []
    yield* this.send(turn, batch)
    this.turnSize.decided(batch.length, performance.now() - startedMs)
    this.stats.turns++
    this.stats.turnCommandsMax = Math.max(this.stats.turnCommandsMax, batch.length)
    if (turn.moreDue) this.submit({ kind: "due" })
  })

  /** A turn that changed nothing flies too: its answers speak of what those before it have still to make true. */
  private send(turn: Turn<M, R>, mail: ReadonlyArray<M | HubMail>): Effect.Effect<void> {
    if (turn.records.length === 0) {
      this.takeOff(turn, mail, { appends: [], commits: [], places: undefined }).exit = Exit.succeed([])
      return Effect.void
    }
    const { at, records } = turn
    const commit = { id: this.nextId(), at, facts: this.decidedFacts, records }
    const split = splitTurn(commit, this.lastSequences, this.kind)
    const flight = this.takeOff(turn, mail, split)
    const append = Effect.onExit(appendSurely(split.appends, this.appendOptions(flight)), (exit) =>
      Effect.sync(() => {
        flight.exit = exit
        this.turnSize.appended(flight.startedMs, performance.now())
        this.wake()
      })
    )
    return Effect.asVoid(Effect.forkChild(Effect.ignore(append), { startImmediately: true }))
  }

  /** From here on the turn's commits are what the next one builds on. Nobody else writes, so their places are known. */
  private takeOff(
    turn: Turn<M, R>,
    mail: ReadonlyArray<M | HubMail>,
    { appends, commits, places }: SplitTurn<R>
  ): Flight<M, R> {
    const stored = appends.map(({ partition, bytes }, index) => ({
      ...(commits[index] as Commit<R>),
      partition,
      sequence: ++this.decidedSequence,
      sizeBytes: bytes.length
    }))
    for (const [index, commit] of stored.entries()) {
      this.lastSequences[commit.partition] = commit.sequence
      this.ports.recent.push(commit, (appends[index] as Append).bytes)
    }
    for (const { id, index } of turn.remember) {
      const place = places?.[index] ?? { append: 0, index }
      const { sequence } = stored[place.append] as StoredCommit<R>
      this.remembered.add(id, { sequence, index: place.index }, turn.at)
    }
    this.decidedAt = turn.at
    const flight: Flight<M, R> = {
      turn,
      mail,
      appends,
      commits: stored,
      startedMs: performance.now(),
      staged: undefined,
      exit: undefined
    }
    this.flights.push(flight)
    return flight
  }

  /** What the journal has acknowledged is true: everybody who waits for it or derives from it hears of it. */
  private land(flight: Flight<M, R>): Effect.Effect<void, FenceLost> {
    const { exit, commits, turn } = flight
    if (exit === undefined || Exit.isFailure(exit))
      return exit === undefined ? Effect.void : Effect.failCause(exit.cause)
    for (const [index, { partition, sequence }] of commits.entries()) {
      if (exit.value[index] !== sequence) return Effect.fail(strangeWriter(partition, sequence, exit.value[index]))
    }
    this.flights.shift()
    const now = performance.now()
    if (commits.length > 0) this.stats.appends.record(now - flight.startedMs)
    if (commits.length > 0) this.ownedAtMs = flight.startedMs
    this.load.add(now - Math.max(flight.startedMs, this.landedAtMs))
    this.landedAtMs = now
    this.moveTo(commits, turn)
    for (const listener of this.commitListeners) if (commits.length > 0) listener(commits)
    for (const bucket of this.book.deadlines.takeFresh()) this.ports.timers.arm(bucket)
    answerAll(flight, this.abandoned, this.stats)
    return Effect.void
  }

  private moveTo(commits: ReadonlyArray<StoredCommit<R>>, turn: Turn<M, R>): void {
    const partitions = [...this.standingNow.partitions]
    let { sequence, facts, at } = this.standingNow
    for (const commit of commits) {
      partitions[commit.partition] = commit.sequence
      ;({ sequence, at } = commit)
      facts = commit.facts
      this.stats.turnRecords += commit.records.length
      this.kind.count(commit.records, this.stats)
    }
    this.standingNow = { sequence, partitions, facts: Math.max(facts, turn.facts), at }
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
    for (const mail of this.undecided()) {
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
