/**
 * A turn that is decided and not known to be in the journal, and the answers that it owes.
 */
import type { Exit } from "effect"
import type { StoredCommit } from "../../streams/codec.ts"
import type { FenceLost } from "./append.ts"
import type { AnyMail, Asker, HubMail, StagedAnswers } from "./mail.ts"
import type { HostStats } from "./stats.ts"
import type { Turn } from "./turn.ts"

export interface Flight<M extends AnyMail, R> {
  readonly turn: Turn<M, R>
  readonly mail: ReadonlyArray<M | HubMail>
  readonly commits: ReadonlyArray<StoredCommit<R>>
  readonly startedMs: number
  /** Answers written down before they may be sent; `undefined`: none are. */
  staged: ReadonlyArray<StagedAnswers> | undefined
  /** They are being written down, or have been. */
  isStaging: boolean
  /** What became of the append. */
  exit: Exit.Exit<ReadonlyArray<number>, FenceLost> | undefined
}

export const newFlight = <M extends AnyMail, R>(
  turn: Turn<M, R>,
  mail: Flight<M, R>["mail"],
  commits: ReadonlyArray<StoredCommit<R>>
): Flight<M, R> => ({
  turn,
  mail,
  commits,
  startedMs: performance.now(),
  staged: undefined,
  isStaging: false,
  exit: undefined
})

/** Writes down the answers of a turn with so many, in the time that its append takes. */
export const stageAnswers = <M extends AnyMail, R>(flight: Flight<M, R>, answersMin: number): void => {
  if (flight.isStaging || flight.exit !== undefined || flight.turn.answers.length < answersMin) return
  flight.isStaging = true
  // What this round of the event loop has to send leaves first; and the turn may have landed by then.
  setImmediate(() => {
    if (flight.exit === undefined) flight.staged = writtenDown(flight)
  })
}

const writtenDown = <M extends AnyMail, R>({ turn }: Flight<M, R>): ReadonlyArray<StagedAnswers> => {
  const byAsker = new Map<Asker, StagedAnswers>()
  for (const { mail, answer } of turn.answers) {
    if (!("staging" in mail) || mail.staging === undefined) continue
    const { asker, requestId } = mail.staging
    let answers = byAsker.get(asker)
    if (answers === undefined) byAsker.set(asker, (answers = asker.newAnswers()))
    answers.stage(requestId, answer)
  }
  return [...byAsker.values()]
}

/** Answers everybody but those `abandoned`, who have been told that it is not known what became of their request. */
export const answerAll = <M extends AnyMail, R>(
  { staged, turn }: Flight<M, R>,
  abandoned: Set<M | HubMail>,
  stats: HostStats
): void => {
  const now = performance.now()
  const areSent = staged !== undefined && abandoned.size === 0
  if (areSent) for (const answers of staged) answers.send()
  for (const { mail, answer } of turn.answers) {
    if (abandoned.delete(mail)) continue
    if (mail.kind === "command" || mail.kind === "lines") {
      stats.answers.record(now - mail.receivedAtMs)
      stats.countResult(answer.ok ? (answer.replayed === true ? "replayed" : "ok") : answer.code)
      if (!areSent || mail.staging === undefined) mail.reply(answer)
    }
  }
  for (const mail of turn.seen) if (!abandoned.delete(mail)) mail.reply(undefined)
  stats.commands.add(turn.answers.length)
}
