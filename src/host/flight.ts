/**
 * A turn that is decided and not known to be in the journal, and the answers that it owes.
 */
import { Effect, type Exit } from "effect"
import type { StoredCommit } from "../../streams/codec.ts"
import type { Append } from "../../streams/journal.ts"
import { afterThisRound } from "./after-this-round.ts"
import type { FenceLost } from "./append.ts"
import type { AnyMail, Asker, HubMail, StagedAnswers } from "./mail.ts"
import type { HostStats } from "./stats.ts"
import type { Turn } from "./turn.ts"

export interface Flight<M extends AnyMail, R> {
  readonly turn: Turn<M, R>
  readonly mail: ReadonlyArray<M | HubMail>
  readonly appends: ReadonlyArray<Append>
  readonly commits: ReadonlyArray<StoredCommit<R>>
  readonly startedMs: number
  /** Answers written down before they may be sent; `undefined`: none are. */
  staged: ReadonlyArray<StagedAnswers> | undefined
  /** What became of the append. */
  exit: Exit.Exit<ReadonlyArray<number>, FenceLost> | undefined
}

/** Whether there is something to do for it before it lands. */
export const isUnstaged = <M extends AnyMail, R>({ exit, staged, turn }: Flight<M, R>, answersMin: number): boolean =>
  exit === undefined && staged === undefined && turn.answers.length >= answersMin

/** Writes the answers down, unless the turn has landed meanwhile. */
export const stageAnswers = <M extends AnyMail, R>(flight: Flight<M, R>): Effect.Effect<void> =>
  Effect.map(afterThisRound, () => {
    if (flight.exit !== undefined) return
    const byAsker = new Map<Asker, StagedAnswers>()
    for (const { mail, answer } of flight.turn.answers) {
      if (!("staging" in mail) || mail.staging === undefined) continue
      const { asker, requestId } = mail.staging
      let answers = byAsker.get(asker)
      if (answers === undefined) byAsker.set(asker, (answers = asker.newAnswers()))
      answers.stage(requestId, answer)
    }
    flight.staged = [...byAsker.values()]
  })

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
