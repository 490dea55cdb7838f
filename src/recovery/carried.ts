/**
 * An attempt that is being carried, and what this process knows of it. All of it is lost with the process: after a start
 * nobody knows what became of a call, and that is what `attempt-fate.ts` begins with.
 */
import type { FateQuestion } from "../../actors/recovery/attempt-fate.ts"
import type { Attempt } from "../../actors/recovery/recovery.ts"

export interface OpenAttempt {
  readonly recoveryId: string
  readonly customerId: string
  /** That it is about. */
  readonly cartId: string
  readonly attempt: Attempt
}

export interface Carried extends OpenAttempt {
  call: FateQuestion["call"]
  /**
   * No call whose fate is unknown was made later. An intent may wait long for its turn, so it is not its own time that
   * counts, but when the call had ended, or when the hub before this one was certainly gone.
   */
  calledBy: number
  heardOf: string | undefined
  looked: FateQuestion["looked"]
  lookFailedAt: number | undefined
  /** A step of it is under way, or it waits for its place. */
  isBusy: boolean
  /** What came of it is being told: there is nothing more to do. */
  isTold: boolean
}

/** What was heard of it stays known; what a list did not show before a call says nothing of that call. */
export const carrying = (
  open: OpenAttempt,
  { call, calledBy, heardOf }: Pick<Carried, "call" | "calledBy" | "heardOf">
): Carried => ({
  ...open,
  call,
  calledBy,
  heardOf,
  looked: undefined,
  lookFailedAt: undefined,
  isBusy: false,
  isTold: false
})

/** First come, first served; taking one costs the same however many wait. */
export class Lane {
  private waiting: Array<Carried> = []
  private head = 0
  /** Steps under way. */
  under = 0

  push(carried: Carried): void {
    this.waiting.push(carried)
  }

  next(): Carried | undefined {
    const carried = this.waiting[this.head]
    if (carried === undefined) return undefined
    this.head++
    if (this.head * 2 > this.waiting.length) {
      this.waiting = this.waiting.slice(this.head)
      this.head = 0
    }
    return carried
  }
}
