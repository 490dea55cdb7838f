/**
 * The partition host: one mailbox, one turn after the other, one append a turn.
 *
 * A turn takes what waits, decides it, and sends the records to the journal with the fence of the commit before it; it is
 * then in flight, and lands when the journal has acknowledged it: only then is it answered and told to others. While a
 * turn is in flight new mail gathers: the slower the disk, the larger the next commit. When much has gathered the next
 * turn is decided on what the one in flight will have made true, and follows it at once: its fence is the commit of the
 * one before, so it cannot be stored without it.
 *
 * Turns go on by callbacks. A fiber runs what seldom has to be waited for: ids to look up in the journal, facts to bury,
 * an append of which nobody knows what became.
 *
 * H1 Nobody is answered from what is not in the journal. H2 Every piece of mail is answered once. H3 When the fate of
 * an append is unknown, nothing that follows it lands before it is known. H4 A hub that lost its fence stops deciding.
 */
import { Cause, type Clock, Deferred, Effect, Exit } from "effect"
import type { JournalRecord } from "../../actors/sku/events.ts"
import type { StockBook } from "../../actors/stock/book.ts"
import { OVERLOADED_RETRY_MS, SWEEP_ACTORS_MAX, SWEEP_EVERY_MS } from "../../config/limits.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import { AppendUncertain } from "../../streams/journal.ts"
import { overloaded, unavailable } from "./answers.ts"
import { appendSurely, fateOf, type FenceLost, strangeWriter } from "./append.ts"
import { answerAll, type Flight, newFlight, stageAnswers } from "./flight.ts"
import type { ActorBook, Kind } from "./kind.ts"
import { type AnyMail, fail, type HubMail, isHubsOwn, type Mail } from "./mail.ts"
import { Mailbox } from "./mailbox.ts"
import type { HostOptions, Ports, Runtime } from "./options.ts"
import { claimOf, Decided, NOTHING_TO_STORE, splitTurn, type SplitTurn } from "./ownership.ts"
import type { Recovered } from "./recovery.ts"
import { Remembered } from "./remembered.ts"
import type { Standing } from "./snapshotting.ts"
import { HostStats, HubLoad } from "./stats.ts"
import { TurnSize } from "./turn-size.ts"
import { bury, type Known, lookUp, recall, type Recalled } from "./recall.ts"
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
  private readonly start: Runtime["start"]
  private readonly commitListeners: Array<(commits: ReadonlyArray<StoredCommit<R>>) => void> = []
  private standingNow: Standing = { sequence: 0, partitions: [], facts: 0, at: 0 }
  private decided = new Decided(this.standingNow)
  private commitCount = 0
  /** There is mail, or a turn of which somebody waits to hear. */
  private running = false
  /** The turns are being taken, further up in the stack. */
  private going = false
  /** A turn waits for what it needs to decide, or to pass. */
  private heldUp = false
  /** It has it, and goes on with this. */
  private fetched: (() => void) | undefined
  private open = false
  private ended = false
  private stalledSinceMs: number | undefined
  /** Mail of the turn that is being decided. */
  private deciding: ReadonlyArray<M | HubMail> = []
  private readonly flights: Array<Flight<M, R>> = []
  private landedAtMs = 0
  /** `performance.now()` before the newest append that was acknowledged: until then nobody else had the partitions. */
  ownedAtMs = performance.now()
  /** Mail not answered yet whose sender was told `unavailable` already. */
  private readonly abandoned = new Set<M | HubMail>()
  private sweptAtMs = performance.now()

  constructor(kind: Kind<R, M, B>, options: HostOptions, ports: Ports<R>, runtime: Runtime) {
    this.kind = kind
    this.options = options
    this.ports = ports
    this.clock = runtime.clock
    this.start = runtime.start
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
      this.standingNow = { ...recovered, partitions: [...recovered.partitions] }
      this.decided = new Decided(recovered)
      const at = this.now()
      const newCommit = () => ({ id: this.nextId(), at, facts: recovered.facts, records: [] })
      const split = claimOf(this.decided.lastSequences, newCommit)
      const flight = this.takeOff(emptyTurn(at), [], split)
      return Effect.flatMap(appendSurely(split.appends, this.appendOptions(flight)), (sequences) => {
        flight.exit = Exit.succeed(sequences)
        return Effect.map(this.land(flight), () => {
          this.open = true
          // Ends with what the hub runs on: nobody is left waiting then.
          this.start(Effect.onInterrupt(Effect.never, () => Effect.sync(() => this.end())))
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
      onStalled: (stalled: boolean) => {
        this.stalledSinceMs = stalled ? (this.stalledSinceMs ?? performance.now()) : undefined
      }
    }
  }

  /** Never earlier than what was decided before, whatever becomes of the clock. */
  private now(): number {
    return Math.max(this.decided.at, this.clock.currentTimeMillisUnsafe())
  }

  private nextId(): string {
    return `${this.options.owner}-${(++this.commitCount).toString(36)}`
  }

  /** Not at once: what the other sockets have sent in this round of the event loop goes into the same commit. */
  private kick(): void {
    if (this.running) {
      if (this.mayFollow()) this.goOn()
      return
    }
    this.running = true
    setImmediate(() => this.goOn())
  }

  private mayFollow(): boolean {
    const { flights, mailbox, options } = this
    return flights.length > 0 && flights.length < options.flightsMax && mailbox.length >= options.followingCommandsMin
  }

  /** Takes the turns as far as they go without waiting; called again by whatever they wait for. */
  private goOn(): void {
    if (this.going || !this.running) return
    this.going = true
    try {
      while (!this.heldUp && this.step());
    } catch (defect) {
      this.end(Cause.die(defect))
    }
    this.going = false
  }

  /** False: there is nothing to do now. */
  private step(): boolean {
    const [next] = this.flights
    const { fetched } = this
    if (fetched !== undefined) {
      this.fetched = undefined
      fetched()
      return true
    }
    if (next?.exit !== undefined) {
      const landed = this.land(next)
      if (Exit.isFailure(landed)) this.end(landed.cause)
      return Exit.isSuccess(landed)
    }
    if (next === undefined ? this.mailbox.length > 0 : this.mayFollow()) {
      this.turn()
      return true
    }
    if (next === undefined) this.running = false
    for (const flight of this.flights) stageAnswers(flight, this.options.stagedAnswersMin)
    return false
  }

  /** The turn cannot go on before this is done; it takes the result, and the turns go on. */
  private holdUpFor<A>(work: Effect.Effect<A>, goOnWith: (result: A) => void): void {
    this.heldUp = true
    this.start(
      Effect.onExit(work, (exit) =>
        Effect.sync(() => {
          if (Exit.isFailure(exit)) return this.end(exit.cause)
          this.heldUp = false
          this.fetched = () => goOnWith(exit.value)
          this.goOn()
        })
      )
    )
  }

  /** Nobody is left waiting. With `why` it says so to whoever watches, without it the hub is stopping. */
  private end(why?: Cause.Cause<FenceLost>): void {
    if (this.ended) return
    this.ended = true
    this.running = this.open = false
    const stopped = unavailable("The hub has stopped.")
    for (const mail of this.undecided()) if (!this.abandoned.delete(mail)) fail(mail, stopped)
    for (const mail of this.mailbox.takeRequests()) fail(mail, stopped)
    if (why !== undefined) Deferred.doneUnsafe(this.lost, Exit.failCause(why))
  }

  /** Mail that has left the mailbox and is not answered. */
  private undecided(): ReadonlyArray<M | HubMail> {
    return [...this.flights.flatMap(({ mail }) => mail), ...this.deciding]
  }

  private turn(): void {
    const batch = (this.deciding = this.mailbox.take(this.turnSize.undivided))
    const { known, missing } = lookUp(batch, this.kind, {
      book: this.book,
      remembered: this.remembered,
      recent: this.ports.recent
    })
    if (missing.size === 0) this.decide(batch, known)
    else this.holdUpFor(recall(missing, this.ports.journal), (recalled) => this.decide(batch, known, recalled))
  }

  private decide(batch: ReadonlyArray<M | HubMail>, known: Known<M>, recalled?: Recalled<R>): void {
    const startedMs = performance.now()
    const at = this.now()
    const recordsAt = (sequence: number) => (this.ports.recent.get(sequence) ?? recalled?.get(sequence))?.records
    const turn = this.kind.decideTurn(batch, { book: this.book, known, recordsAt, at })
    if (turn.deadFacts.length === 0) return this.depart(turn, batch, startedMs)
    const burying = Effect.forEach(turn.deadFacts, (dead) => bury(dead, this.ports.deadLetters), { discard: true })
    this.holdUpFor(burying, () => this.depart(turn, batch, startedMs))
  }

  private depart(turn: Turn<M, R>, batch: ReadonlyArray<M | HubMail>, startedMs: number): void {
    this.decided.facts = Math.max(this.decided.facts, turn.facts)
    this.deciding = []
    this.send(turn, batch)
    this.turnSize.decided(batch.length, performance.now() - startedMs)
    this.stats.turns++
    this.stats.turnCommandsMax = Math.max(this.stats.turnCommandsMax, batch.length)
    if (turn.moreDue) this.submit({ kind: "due" })
  }

  /** A turn that changed nothing flies too: its answers speak of what those before it have still to make true. */
  private send(turn: Turn<M, R>, mail: ReadonlyArray<M | HubMail>): void {
    if (turn.records.length === 0) {
      this.takeOff(turn, mail, NOTHING_TO_STORE).exit = Exit.succeed([])
      return
    }
    const commit = { id: this.nextId(), at: turn.at, facts: this.decided.facts, records: turn.records }
    const split = splitTurn(commit, this.decided.lastSequences, this.kind)
    const flight = this.takeOff(turn, mail, split)
    this.ports.journal.append(split.appends, (outcome) => {
      if (!(outcome instanceof AppendUncertain)) return this.appended(flight, Exit.succeed(outcome))
      const fate = fateOf(split.appends, this.appendOptions(flight))
      this.start(Effect.onExit(fate, (exit) => Effect.sync(() => this.appended(flight, exit))))
    })
  }

  private appended(flight: Flight<M, R>, exit: Exit.Exit<ReadonlyArray<number>, FenceLost>): void {
    flight.exit = exit
    this.turnSize.appended(flight.startedMs, performance.now())
    this.goOn()
  }

  /** From here on the turn's commits are what the next one builds on. */
  private takeOff(turn: Turn<M, R>, mail: ReadonlyArray<M | HubMail>, split: SplitTurn<R>): Flight<M, R> {
    const { appends, places } = split
    const commits = this.decided.place(split)
    for (const [index, { bytes }] of appends.entries()) {
      this.ports.recent.push(commits[index] as StoredCommit<R>, bytes)
    }
    for (const { id, index } of turn.remember) {
      const place = places?.[index] ?? { append: 0, index }
      const { sequence } = commits[place.append] as StoredCommit<R>
      this.remembered.add(id, { sequence, index: place.index }, turn.at)
    }
    this.decided.at = turn.at
    const flight = newFlight(turn, mail, commits)
    this.flights.push(flight)
    return flight
  }

  /** What the journal has acknowledged is true: everybody who waits for it or derives from it hears of it. */
  private land(flight: Flight<M, R>): Exit.Exit<void, FenceLost> {
    const { exit, commits, turn } = flight
    if (exit === undefined || Exit.isFailure(exit)) return exit ?? Exit.void
    const strange = strangeWriter(commits, exit.value)
    if (strange !== undefined) return Exit.fail(strange)
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
    return Exit.void
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

  /**
   * Called now and then: puts actors to sleep that were not asked for during one to two sweeps, and tells those who have waited too
   * long for a stalled journal. True when there are more to put to sleep.
   */
  tend(): boolean {
    const now = performance.now()
    const mayTurn = now - this.sweptAtMs >= SWEEP_EVERY_MS
    if (mayTurn) this.sweptAtMs = now
    const areActorsLeft = this.book.sweep(SWEEP_ACTORS_MAX, mayTurn)
    if (!this.isStalled) return areActorsLeft
    const patience = unavailable("The journal does not answer.")
    for (const mail of this.mailbox.takeRequests()) fail(mail, patience)
    for (const mail of this.undecided()) {
      if (isHubsOwn(mail) || this.abandoned.has(mail)) continue
      this.abandoned.add(mail)
      fail(mail, patience)
    }
    return areActorsLeft
  }
}
