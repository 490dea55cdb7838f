/**
 * What waits in the mailbox for a turn. Every piece of mail is answered exactly once, whatever becomes of the turn.
 */
import type { LinesCommand, SkuCommand } from "../../actors/sku/commands.ts"
import type { ResolutionRecord } from "../../actors/sku/events.ts"
import type { StockBook } from "../../actors/stock/book.ts"
import type { Answer } from "../gateway/protocol.ts"

export type Reply = (answer: Answer) => void

/** Whoever asks is bound to these channels, and touches no open hold of another; absent: it is bound to none. */
export type BoundTo = ReadonlyArray<string> | undefined

/**
 * Answers of one turn to one asker, put down while the turn is on its way to the disk. Nothing of them leaves before `send`;
 * of a turn that does not come about they are thrown away.
 */
export interface StagedAnswers {
  stage(requestId: string, answer: AnyAnswer): void
  send(): void
}

/** Somebody who asks much at once, and whose answers of a turn go out together. */
export interface Asker {
  newAnswers(): StagedAnswers
}

/** Where an answer may be staged; whoever gives none is answered by `reply` alone. */
export interface Staging {
  readonly asker: Asker
  readonly requestId: string
}

export interface CommandMail {
  readonly kind: "command"
  readonly command: SkuCommand
  readonly hash: string
  /** The command's place in the FACTS stream; 0 when it came another way. */
  readonly factSequence: number
  /** `performance.now()` when it came in. */
  readonly receivedAtMs: number
  readonly reply: Reply
  readonly staging?: Staging | undefined
  readonly channels?: BoundTo
}

export interface LinesMail {
  readonly kind: "lines"
  readonly command: LinesCommand
  readonly hash: string
  readonly receivedAtMs: number
  readonly reply: Reply
  readonly staging?: Staging | undefined
  readonly channels?: BoundTo
}

/** Looks at the book between two commands; `reply` gets what it saw once everything it saw is in the journal. */
export interface ViewMail {
  readonly kind: "view"
  readonly view: (book: StockBook) => void
  readonly reply: (failure: Answer | undefined) => void
}

/** Some holds have come to their end. */
export interface DueMail {
  readonly kind: "due"
}

/** A fact that was given up (it is in the dead letters): only the position moves on. */
export interface SkippedFactMail {
  readonly kind: "skipped"
  readonly factSequence: number
}

export interface ResolutionMail {
  readonly kind: "resolution"
  readonly record: ResolutionRecord
  readonly reply: (failure: Answer | undefined) => void
}

/** Mail that the host sends itself, of whatever kind its actors are. */
export type HubMail = DueMail | SkippedFactMail

export type Mail = CommandMail | LinesMail | ViewMail | HubMail | ResolutionMail

/** What the host knows of any kind's answers. */
export type AnyAnswer =
  | { readonly ok: true; readonly replayed?: true }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly path?: string }

/** What the host knows of any kind's mail: somebody waits for an answer, or for word that the turn is in the journal. */
export type AnyMail =
  | {
      readonly kind: "command" | "lines"
      readonly factSequence?: number
      readonly receivedAtMs: number
      readonly staging?: Staging | undefined
      reply(answer: AnyAnswer): void
    }
  | { readonly kind: "view" | "resolution"; reply(failure: AnyAnswer | undefined): void }
  | HubMail

/** Tells whoever waits that the turn did not come about. */
export const fail = (mail: AnyMail, answer: AnyAnswer): void => {
  if (mail.kind !== "due" && mail.kind !== "skipped") mail.reply(answer)
}

/** Mail that the hub owes itself: nobody outside waits for it, and nobody else would send it again. */
export const isHubsOwn = (mail: AnyMail): boolean =>
  mail.kind === "due" || mail.kind === "skipped" || (mail.kind === "command" && (mail.factSequence ?? 0) > 0)
