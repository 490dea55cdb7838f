/**
 * What the law asks for, over HTTP: all that there is of one customer, the end of it, and who has seen it. Who asks and why
 * is recorded before anything is shown.
 */
import { Effect } from "effect"
import type { CartState } from "../../../actors/cart/state.ts"
import { cartView } from "../../carts/answers.ts"
import { unavailable } from "../../host/answers.ts"
import type { Access } from "../../personal-data/access-log.ts"
import type { PersonalDataFailed } from "../../personal-data/keyring.ts"
import type { PersonalData } from "../../personal-data/personal-data.ts"
import { decodeCustomerId } from "../../recovery/decode.ts"
import { invalid } from "../decode.ts"
import { Access as AccessBody } from "../openapi/personal-access.ts"
import type { Request, Response } from "../serving.ts"
import { readBody } from "./read-body.ts"
import { json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface PersonalDataServices {
  readonly personal: PersonalData
  readonly carts: { peek(cart: string): CartState | undefined }
  readonly run: (effect: Effect.Effect<void>) => void
}

/** An export reads all journals. */
const EXPORT_AGAIN_MS = 5_000

export class PersonalDataRoutes {
  private readonly services: PersonalDataServices
  private isExporting = false

  constructor(services: PersonalDataServices) {
    this.services = services
  }

  /** One at a time: it is slow, and asked for by people. */
  export(request: Request, respond: Respond, name: string | undefined): void {
    this.asked(request, respond, name, (customerId, access) => {
      if (this.isExporting) {
        const message = "Another export is under way; ask again in a moment."
        return Effect.succeed(refused({ ok: false, code: "overloaded", message, retryAfterMs: EXPORT_AGAIN_MS }))
      }
      this.isExporting = true
      return this.services.personal.export(customerId, access).pipe(
        Effect.map((exported) => json(200, { ok: true, ...exported, carts: this.cartsIn(exported.records) })),
        Effect.ensuring(Effect.sync(() => (this.isExporting = false)))
      )
    })
  }

  erase(request: Request, respond: Respond, name: string | undefined): void {
    this.asked(request, respond, name, (customerId, access) =>
      Effect.as(this.services.personal.erase(customerId, access), json(200, { ok: true, customerId, erased: true }))
    )
  }

  accesses(respond: Respond, name: string | undefined): void {
    const customer = decodeCustomerId(name)
    if (!customer.ok) return respond(refused(customer.refusal))
    const seen = Effect.map(this.services.personal.accesses(customer.value), (accesses) =>
      json(200, { ok: true, customerId: customer.value, accesses })
    )
    this.answer(seen, respond)
  }

  private asked(
    request: Request,
    respond: Respond,
    name: string | undefined,
    act: (customerId: string, access: Access) => Effect.Effect<Response, PersonalDataFailed>
  ): void {
    const customer = decodeCustomerId(name)
    if (!customer.ok) return respond(refused(customer.refusal))
    const access = readBody(request, AccessBody, respond)
    if (access !== undefined) this.answer(act(customer.value, access), respond)
  }

  private answer(effect: Effect.Effect<Response, PersonalDataFailed>, respond: Respond): void {
    this.services.run(Effect.map(Effect.match(effect, { onSuccess: (response) => response, onFailure }), respond))
  }

  /** As they are now: the journal names the customer where they signed in, and not at each change after that. */
  private cartsIn(records: ReadonlyArray<unknown>): ReadonlyArray<unknown> {
    const names = records.flatMap((record) => {
      const { cart } = record as { readonly cart?: unknown }
      return typeof cart === "string" ? [cart] : []
    })
    return [...new Set(names)].flatMap((cart) => {
      const state = this.services.carts.peek(cart)
      return state === undefined ? [] : [cartView(state)]
    })
  }
}

const onFailure = ({ message, reason }: PersonalDataFailed): Response => {
  if (reason === "erased") return json(404, { ok: false, code: "nothing_kept", message })
  if (reason === "invalid") return refused(invalid(message))
  return refused(unavailable(message))
}
