/**
 * Addresses as the customers' journal has them: one that is compared and says nothing, and one that only the customer's own
 * key opens. Which customer's key, and who has opened what, is the personal data's.
 */
import { Effect, Schema } from "effect"
import type { Channel } from "../../actors/recovery/channel.ts"
import { addressKind, blindAddress } from "../outreach/stored-facts.ts"
import type { PersonalData } from "../personal-data/personal-data.ts"

/** `gone`: the customer was erased. `unavailable`: later. `invalid`: it is no address. */
export class AddressFailed extends Schema.TaggedError<AddressFailed>()("AddressFailed", {
  reason: Schema.Literals(["gone", "unavailable", "invalid"]),
  message: Schema.String
}) {}

export interface Addresses {
  /** The same for the same address, however it is written, on SMS and WhatsApp alike. */
  readonly blind: (channel: Channel, address: string) => string
  /** What the customer is called: sealed, and a mark that tells names apart. */
  readonly keepName: (
    customerId: string,
    name: string
  ) => Effect.Effect<{ readonly sealed: string; readonly mark: string }, AddressFailed>
  readonly keep: (customerId: string, channel: Channel, address: string) => Effect.Effect<string, AddressFailed>
  /** As it may be shown to anybody who works here. */
  readonly masked: (sealed: string) => Effect.Effect<string, AddressFailed>
  readonly open: (customerId: string, sealed: string, why: string) => Effect.Effect<string, AddressFailed>
}

const WHO = "recovery"
const PLAIN = "plain:"

export const sealedAddresses = (personal: PersonalData): Addresses => ({
  blind: (channel, address) => blindAddress(personal, channel, address),
  keepName: (customerId, name) =>
    Effect.map(failing(personal.keep(customerId, { name })), (kept) => ({
      sealed: kept.name ?? "",
      mark: personal.mark("name", name)
    })),
  keep: (customerId, channel, address) => {
    const kind = addressKind(channel)
    if (kind === undefined) return Effect.succeed(`${PLAIN}${address}`)
    return Effect.map(failing(personal.keep(customerId, { [kind]: address })), (sealed) => sealed[kind] ?? "")
  },
  masked: (sealed) =>
    sealed.startsWith(PLAIN)
      ? Effect.succeed(maskedName(sealed.slice(PLAIN.length)))
      : failing(personal.masked(sealed)),
  open: (customerId, sealed, why) =>
    sealed.startsWith(PLAIN)
      ? Effect.succeed(sealed.slice(PLAIN.length))
      : failing(personal.open(customerId, sealed, { who: WHO, why }))
})

const NAME_SHOWN = 2
const NAME_MIN = 7

const maskedName = (name: string): string => (name.length < NAME_MIN ? "•••" : `•••${name.slice(-NAME_SHOWN)}`)

const failing = <Value>(
  effect: Effect.Effect<Value, { readonly reason: string; readonly message: string }>
): Effect.Effect<Value, AddressFailed> =>
  Effect.mapError(effect, ({ message, reason }) => {
    const given = reason === "unavailable" || reason === "invalid" ? reason : "gone"
    return new AddressFailed({ reason: given, message })
  })
