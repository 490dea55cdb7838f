/**
 * Where carriers come in: finds the carrier, has it check what came, and lets nothing be answered before what happened is
 * kept. What is told twice is kept once, as far as it is remembered; beyond, its id is the same for whoever reads it.
 */
import { Cause, Effect } from "effect"
import { masked } from "./masking.ts"
import type { Answer, Carrier, Incoming, IncomingRequest, OutreachFact } from "./outreach.ts"

/** Keeps facts for good, or fails. */
export type TakeFacts = (facts: ReadonlyArray<OutreachFact>) => Effect.Effect<void, unknown>

export type DoorAnswer =
  | { readonly status: 200; readonly answer: Answer }
  | { readonly status: 400 | 401 | 403 | 404 | 405 | 503; readonly message: string }

/** Some hours of a busy shop, at 100 bytes each. */
const REMEMBERED_MAX = 20_000

export class Door {
  private readonly carriers: ReadonlyMap<string, Carrier>
  private readonly take: TakeFacts
  private readonly remembered = new Set<string>()

  constructor(carriers: ReadonlyArray<Carrier>, take: TakeFacts) {
    this.carriers = new Map(carriers.map((carrier) => [carrier.name, carrier]))
    this.take = take
  }

  receive(name: string, what: Incoming, request: IncomingRequest): Effect.Effect<DoorAnswer> {
    return Effect.suspend(() => {
      const carrier = this.carriers.get(name)
      if (carrier === undefined) {
        return Effect.succeed<DoorAnswer>({
          status: 404,
          message: `There is no carrier of this name in the outreach file.`
        })
      }
      const received = carrier.receive(what, request)
      if (received.type === "refused")
        return Effect.succeed<DoorAnswer>({ status: received.status, message: received.message })
      if (received.type === "answer") return Effect.succeed<DoorAnswer>({ status: 200, answer: received.answer })
      const news = received.facts.filter(({ id }) => !this.remembered.has(id))
      if (news.length === 0) return Effect.succeed<DoorAnswer>({ status: 200, answer: received.answer })
      return this.take(news).pipe(
        Effect.map((): DoorAnswer => {
          for (const { id } of news) this.remember(id)
          return { status: 200, answer: received.answer }
        }),
        // Whoever told it tells it again.
        Effect.catchCause((cause) =>
          Effect.as(
            Effect.logWarning(
              `What ${name} told could not be kept, and is asked for again: ${masked(String(Cause.squash(cause)))}`
            ),
            {
              status: 503,
              message: "It cannot be kept now; send it again."
            } satisfies DoorAnswer
          )
        )
      )
    })
  }

  private remember(id: string): void {
    this.remembered.add(id)
    if (this.remembered.size <= REMEMBERED_MAX) return
    for (const oldest of this.remembered) {
      this.remembered.delete(oldest)
      break
    }
  }
}
