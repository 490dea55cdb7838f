/**
 * The outreach as a service: the port that sends, and the door that carriers come in by. What they tell is kept in the
 * OUTREACH stream before they are answered.
 */
import { Context, Effect, Layer } from "effect"
import { type OutreachConfig, WrongOutreach } from "../../config/outreach.ts"
import { Nats } from "../../streams/nats/connection.ts"
import { publishOutreachFact } from "../../streams/outreach-facts.ts"
import { Carts } from "../carts/layer.ts"
import { PersonalDataService } from "../personal-data/layer.ts"
import { buildOutreach } from "./build.ts"
import type { PushToChat } from "./carriers/chat.ts"
import { Door, type DoorAnswer } from "./door.ts"
import type { Incoming, IncomingRequest, Outreach } from "./outreach.ts"
import { sealFact } from "./stored-facts.ts"

export interface OutreachDeskShape {
  readonly outreach: Outreach
  readonly receive: (carrier: string, what: Incoming, request: IncomingRequest) => Effect.Effect<DoorAnswer>
}

export class OutreachDesk extends Context.Service<OutreachDesk, OutreachDeskShape>()(
  "holdfast/src/outreach/OutreachDesk"
) {
  /** Fails with `WrongOutreach` when a carrier's settings do not do. */
  static readonly layer = (config: OutreachConfig) =>
    Layer.effect(
      OutreachDesk,
      Effect.gen(function* () {
        const nats = yield* Nats
        const personal = yield* PersonalDataService
        const { followers, host } = yield* Carts
        const pushToChat: PushToChat = (customerId, message) =>
          Effect.sync(() => {
            const cart = host.book.cartOf(customerId)
            return cart !== undefined && followers.say(cart, message)
          })
        const { carriers, outreach } = yield* Effect.tryPromise({
          try: () => buildOutreach({ config, nowMs: Date.now, random: Math.random, pushToChat }),
          catch: (cause) => (cause instanceof WrongOutreach ? cause : new WrongOutreach(String(cause)))
        })
        const door = new Door(carriers, (facts) =>
          Effect.forEach(
            facts,
            (fact) => Effect.flatMap(sealFact(personal, fact), (sealed) => publishOutreachFact(nats, sealed)),
            { discard: true }
          )
        )
        return OutreachDesk.of({
          outreach,
          receive: (carrier, what, request) => door.receive(carrier, what, request)
        })
      })
    )
}
