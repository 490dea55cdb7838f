/**
 * What the customers' journal says, as it may be shown: addresses masked, moments as people write them.
 */
import { Effect } from "effect"
import type { CustomerBook } from "../../actors/customer/book.ts"
import type { Addresses } from "./addresses.ts"

export interface Masking {
  readonly addresses: Pick<Addresses, "masked">
  readonly host: { readonly book: Pick<CustomerBook, "peek" | "whose"> }
}

export interface Masked {
  /** A blind address; dots alone when nobody's key opens it any more. */
  readonly address: (blind: string) => Effect.Effect<string>
  readonly event: (event: Readonly<Record<string, unknown>>) => Effect.Effect<Readonly<Record<string, unknown>>>
}

const GONE = "•••"

export const masking = ({ addresses, host }: Masking): Masked => {
  const address = (blind: string): Effect.Effect<string> => {
    const sealed = host.book.whose(blind).flatMap((customerId) => host.book.peek(customerId)?.sealed[blind] ?? [])[0]
    if (sealed === undefined) return Effect.succeed(GONE)
    // Keys that cannot be read now are no reason to show nothing else.
    return Effect.orElseSucceed(addresses.masked(sealed), () => GONE)
  }
  const event = (told: Readonly<Record<string, unknown>>) =>
    Effect.gen(function* () {
      const shown: Record<string, unknown> = {}
      for (const [name, value] of Object.entries(told)) shown[name] = yield* shownAs(name, value)
      return shown
    })
  const shownAs = (name: string, value: unknown): Effect.Effect<unknown> => {
    if (name === "address" && typeof value === "string") return address(value)
    if (typeof value === "number" && isMoment(name)) return Effect.succeed(new Date(value).toISOString())
    if (Array.isArray(value)) return Effect.forEach(value, (one) => shownAs("", one))
    if (typeof value === "object" && value !== null) return event(value as Readonly<Record<string, unknown>>)
    return Effect.succeed(value)
  }
  return { address, event }
}

/** `at`, `sendAt`, `until`: what is named so is in milliseconds since the epoch. */
const isMoment = (name: string): boolean => name === "at" || name === "until" || name.endsWith("At")
