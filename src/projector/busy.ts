/**
 * Until when the hub has its hands full with each kind of actors, in memory that it shares with its projector thread.
 *
 * A message about it is read when the thread's event loop comes to it: a thread with much to do was the last to hear that
 * it should rest, took silence for the end of the rush, and took from the hub what the rush needed.
 */
import { KINDS, type KindName } from "./messages.ts"

/** The hub tells with every commit; silence means that it has nothing to do. */
const NEWS_MS = 100

/** Milliseconds of a clock that never goes back and is the same in every thread. */
const sharedClockMs = (): bigint => process.hrtime.bigint() / 1_000_000n

export class Busy {
  readonly memory: SharedArrayBuffer
  private readonly untilMs: BigInt64Array
  private readonly nowMs: () => bigint

  /** `memory`: of the one that the hub made; absent: this is that one. */
  constructor(memory = new SharedArrayBuffer(KINDS.length * 8), nowMs = sharedClockMs) {
    this.memory = memory
    this.untilMs = new BigInt64Array(memory)
    this.nowMs = nowMs
  }

  /** A commit of that kind was stored. */
  note(kind: KindName, isBusy: boolean): void {
    Atomics.store(this.untilMs, KINDS.indexOf(kind), isBusy ? this.nowMs() + BigInt(NEWS_MS) : 0n)
  }

  isBusy(kind: KindName): boolean {
    return this.nowMs() < Atomics.load(this.untilMs, KINDS.indexOf(kind))
  }
}
