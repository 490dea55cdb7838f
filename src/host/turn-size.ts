/**
 * How many commands make a turn while more are waiting: as many as are decided in the time that an append takes.
 *
 * With fewer the processor waits for the disk, which allows so many turns a second and no more; with more the disk waits
 * for the processor. Both times are measured, because an append takes 0.3 ms on one machine and 5 ms on another, or at
 * another hour (group commit; the size follows as in DeWitt et al., "Implementation techniques for main memory database
 * systems", 1984).
 */
import { TURN_COMMANDS_UNDIVIDED_MAX, TURN_COMMANDS_UNDIVIDED_MIN } from "../../config/limits.ts"

/** What a turn leaves of what was measured before it: some thirty turns count. */
const KEPT = 31 / 32

export class TurnSize {
  private appendMs = 0
  private appendedAtMs = 0
  private commands = 0
  private decidingMs = 0

  /** An append was sent and acknowledged then. The time in which it waited behind the one before it does not count. */
  appended(sentMs: number, endedMs: number): void {
    const tookMs = endedMs - Math.max(sentMs, this.appendedAtMs)
    this.appendedAtMs = endedMs
    this.appendMs = this.appendMs * KEPT + tookMs * (1 - KEPT)
  }

  decided(commands: number, ms: number): void {
    this.commands = this.commands * KEPT + commands
    this.decidingMs = this.decidingMs * KEPT + ms
  }

  /** Of so many waiting, all are taken. */
  get undivided(): number {
    const fitting = this.decidingMs === 0 ? 0 : Math.round((this.appendMs * this.commands) / this.decidingMs)
    return Math.min(TURN_COMMANDS_UNDIVIDED_MAX, Math.max(TURN_COMMANDS_UNDIVIDED_MIN, fitting))
  }
}
