/**
 * The recovery's side of the reactor: clearance from the customers' book, outcomes as commands to their host.
 *
 * D1 A call is made by who owns the customers' journal, and owned it a moment ago: a hub that was frozen or cut off may have
 * been replaced, and the new one waits for what the old one had under way no longer than the grace time. Asked too late it
 * says so in the journal, which refuses it if there is another owner.
 */
import { Effect } from "effect"
import type { AttemptOutcome } from "../../actors/customer/commands.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import { clearanceOf } from "../../actors/customer/decide.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import { hubsCommand } from "../host/owner-mail.ts"
import type { OpenAttempt } from "./carried.ts"
import { OWNED_MS_MAX } from "../../config/recovery.ts"
import { compose, type Composing } from "./compose.ts"
import type { CustomerPartitions } from "./layer.ts"
import type { CustomerAnswer } from "./mail.ts"
import type { Reactor, RecoveryDesk } from "./reactor.ts"
import type { Surroundings } from "./turn.ts"

export interface DeskServices extends Omit<Composing, "customers"> {
  readonly host: CustomerPartitions
  readonly surroundings: () => Surroundings
  readonly nowMs: () => number
}

export const recoveryDesk = (services: DeskServices): RecoveryDesk => {
  const { host, nowMs, surroundings } = services
  return {
    mayGo: ({ customerId }) =>
      host.isOpen &&
      performance.now() - host.ownedAtMs < OWNED_MS_MAX &&
      clearanceOf(host.book, customerId, { ...surroundings(), at: nowMs() }).may,
    compose: (open) => compose({ ...services, customers: host }, open),
    tell: (open, outcome) => tell(host, open, outcome)
  }
}

const tell = (
  host: CustomerPartitions,
  { attempt, customerId }: OpenAttempt,
  outcome: AttemptOutcome
): Effect.Effect<boolean, string> =>
  Effect.callback((resume) => {
    const { attemptId } = attempt
    const mutationId = `${attemptId}:${outcome.type}`
    host.submit(
      hubsCommand({ type: "outcome", customerId, mutationId, attemptId, outcome }, (answer: CustomerAnswer) =>
        resume(answer.ok ? Effect.succeed(answer.changed) : Effect.fail(answer.message))
      )
    )
  })

/** What is in the journal, to whoever carries it. */
export const follow = (
  reactor: Reactor,
  book: CustomerPartitions["book"],
  commits: ReadonlyArray<StoredCommit<CustomerRecord>>
): void => {
  for (const { records } of commits) {
    for (const { customerId, events } of records) {
      for (const event of events) {
        switch (event.type) {
          case "message-intended":
          case "message-retried": {
            const open = openOf(book, customerId)
            // The book may be ahead: of an attempt that has its outcome there is nothing left to carry.
            if (open?.attempt.attemptId === event.attemptId) reactor.intended(open)
            break
          }
          case "message-sent":
          case "message-failed":
          case "message-skipped":
          case "message-postponed":
            reactor.settled(event.attemptId)
            break
          default:
        }
      }
    }
  }
}

export const openOf = (book: CustomerPartitions["book"], customerId: string): OpenAttempt | undefined => {
  const recovery = book.peek(customerId)?.recovery
  if (recovery?.attempt === undefined) return undefined
  const { abandonment, attempt, recoveryId } = recovery
  return { customerId, cartId: abandonment.cartId, recoveryId, attempt }
}
