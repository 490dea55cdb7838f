/**
 * What waits in the mailbox of actors whose every command is somebody's: a mutation id is unique for its owner. Every
 * piece of mail is answered exactly once.
 */
import type { Refusal } from "../gateway/protocol.ts"
import type { HubMail } from "./mail.ts"

/** `C`: its commands, `A`: its answers. */
export interface OwnerCommandMail<C, A> {
  readonly kind: "command"
  readonly command: C
  /** Empty: the hub's own, whose id need not be remembered. */
  readonly hash: string
  /** The command's place in the stream of facts; 0 when it came another way. */
  readonly factSequence: number
  /** `performance.now()` when it came in. */
  readonly receivedAtMs: number
  readonly reply: (answer: A | Refusal) => void
}

export interface OwnerViewMail<B, A> {
  readonly kind: "view"
  readonly view: (book: B) => void
  readonly reply: (failure: A | Refusal | undefined) => void
}

export type OwnerMail<C, A, B> = OwnerCommandMail<C, A> | OwnerViewMail<B, A> | HubMail

/** A command that the hub gives itself. */
export const hubsCommand = <C, A>(command: C, reply: (answer: A | Refusal) => void): OwnerCommandMail<C, A> => ({
  kind: "command",
  command,
  hash: "",
  factSequence: 0,
  receivedAtMs: performance.now(),
  reply
})
