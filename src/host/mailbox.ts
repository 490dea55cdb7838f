/**
 * What waits for the next turn, first come first served, bounded: past the bound the sender is told `overloaded`.
 *
 * Mail of the hub itself (due timers, facts' positions, views) is always taken: there is little of it and nobody else
 * could send it again.
 */
import { MAILBOX_MAX, TURN_BYTES_MAX, TURN_COMMANDS_MAX } from "../../config/limits.ts"
import { type AnyMail, isHubsOwn, type Mail } from "./mail.ts"

/** What a record costs beside its identifiers: field names, numbers, punctuation. */
const RECORD_BYTES = 160
/** UTF-8 needs at most three bytes for a UTF-16 code unit. */
const UNIT_BYTES_MAX = 3

/** An upper bound for what a command on the stock adds to its commit. */
export const commitBytesMax = (mail: Mail): number => {
  if (mail.kind === "command") {
    const { command } = mail
    let units = command.sku.length + command.mutationId.length
    if ("holdId" in command) units += command.holdId.length
    if ("reference" in command) units += (command.reference?.length ?? 0) + (command.reason?.length ?? 0)
    // A refusal is written with its message, which names the identifiers again.
    return RECORD_BYTES * 2 + units * UNIT_BYTES_MAX * 2 + ("settings" in command ? 8_192 : 0)
  }
  if (mail.kind !== "lines") return RECORD_BYTES
  const { command } = mail
  const ids = command.mutationId.length + command.holdId.length
  if (command.type !== "reserve") return RECORD_BYTES + ids * UNIT_BYTES_MAX
  let bytes = RECORD_BYTES
  for (const line of command.lines) bytes += RECORD_BYTES + (line.sku.length * 3 + ids) * UNIT_BYTES_MAX
  return bytes
}

export class Mailbox<M extends AnyMail = Mail> {
  private readonly waiting: Array<M> = []
  private readonly bytesMaxOf: (mail: M) => number
  private head = 0
  /** Of looks at what is due one is enough: it finds everything. */
  private isLookWaiting = false

  /** `bytesMaxOf`: an upper bound for what a piece adds to its commit. */
  constructor(bytesMaxOf: (mail: M) => number) {
    this.bytesMaxOf = bytesMaxOf
  }

  get length(): number {
    return this.waiting.length - this.head
  }

  /** False: full. */
  offer(mail: M): boolean {
    const mayWait = mail.kind === "view" || isHubsOwn(mail)
    if (this.length >= MAILBOX_MAX && !mayWait) return false
    if (mail.kind === "due") {
      if (this.isLookWaiting) return true
      this.isLookWaiting = true
    }
    this.waiting.push(mail)
    return true
  }

  /**
   * The next turn's batch, bounded by number and by what it may add to the commit; at least one piece.
   *
   * Of much mail only half is taken: while its append is under way the answers before it are encoded, clients read them
   * and ask again. All at once, everybody would wait for everybody: the hub for the disk, the clients for the hub.
   * `undivided`: of so much everything is taken.
   */
  take(undivided: number): Array<M> {
    const most = Math.min(TURN_COMMANDS_MAX, Math.max(undivided, Math.ceil(this.length / 2)))
    let bytes = 0
    let end = this.head
    while (end < this.waiting.length && end - this.head < most) {
      bytes += this.bytesMaxOf(this.waiting[end] as M)
      if (bytes > TURN_BYTES_MAX && end > this.head) break
      end++
    }
    const batch = this.waiting.slice(this.head, end)
    if (this.isLookWaiting && batch.some(({ kind }) => kind === "due")) this.isLookWaiting = false
    this.head = end
    if (this.head === this.waiting.length || this.head >= MAILBOX_MAX) {
      this.waiting.splice(0, this.head)
      this.head = 0
    }
    return batch
  }

  /** Takes out what somebody outside waits for; what the hub owes itself stays. */
  takeRequests(): Array<M> {
    const rest = this.waiting.splice(0).slice(this.head)
    this.head = 0
    const taken: Array<M> = []
    for (const mail of rest) {
      if (isHubsOwn(mail)) this.waiting.push(mail)
      else taken.push(mail)
    }
    return taken
  }
}
