/**
 * What carriers told, as it lies in the OUTREACH stream: the address as a blind index, and what a customer wrote as only their
 * own key opens it. So erasing a customer is true there too, also for what waits to be read and for bytes of a file that were
 * written over.
 *
 * Words of somebody whom the hub does not know have no customer's key: they are hidden under the hub's own.
 */
import { Effect } from "effect"
import type { AddressKind } from "../personal-data/address-index.ts"
import type { PersonalDataFailed } from "../personal-data/keyring.ts"
import type { PersonalData } from "../personal-data/personal-data.ts"
import { WORDS_LENGTH_MAX } from "../personal-data/sealing.ts"
import type { OutreachChannel, OutreachFact } from "./outreach.ts"

type Reply = Extract<OutreachFact, { readonly kind: "reply" }>
type Status = Extract<OutreachFact, { readonly kind: "status" }>

/** `place`: the address as `blindAddress` has it. `words`: of the customer `of`, or of nobody known. */
export type StoredOutreachFact =
  | (Omit<Reply, "from" | "text"> & { readonly place: string; readonly words: string; readonly of?: string })
  | (Omit<Status, "to"> & { readonly place?: string })
  | Extract<OutreachFact, { readonly kind: "unsubscribed" }>

/** As it is read again: a message of a release that stored it plain has its address blinded only now. */
export type HeardFact =
  | (Omit<Reply, "from"> & { readonly place: string })
  | (Omit<Status, "to"> & { readonly place?: string })
  | Extract<OutreachFact, { readonly kind: "unsubscribed" }>

/** Messenger's and the chat's ids are names of ours or theirs, and nobody is written to by them elsewhere. */
const kinds = { sms: "phone", whatsapp: "phone", email: "email" } as const

export const addressKind = (channel: OutreachChannel): AddressKind | undefined =>
  channel === "messenger" || channel === "web-chat" ? undefined : kinds[channel]

/** The same for the same address, however it is written, on SMS and WhatsApp alike. */
export const blindAddress = (personal: PersonalData, channel: OutreachChannel, address: string): string => {
  const kind = addressKind(channel)
  return kind === undefined ? `${channel}:${address}` : personal.addresses.blind(kind, address)
}

export const sealFact = (
  personal: PersonalData,
  fact: OutreachFact
): Effect.Effect<StoredOutreachFact, PersonalDataFailed> =>
  Effect.gen(function* () {
    if (fact.kind === "unsubscribed") return fact
    if (fact.kind === "status") {
      const { to, ...rest } = fact
      return to === undefined ? rest : { ...rest, place: blindAddress(personal, fact.channel, to) }
    }
    const { from, text, ...rest } = fact
    const place = blindAddress(personal, fact.channel, from)
    const kind = addressKind(fact.channel)
    const known = kind === undefined ? [] : yield* personal.addresses.find(kind, from)
    const given = text.slice(0, WORDS_LENGTH_MAX)
    for (const of of given === "" ? [] : known) {
      const kept = yield* Effect.result(personal.keep(of, { words: given }))
      if (kept._tag === "Success") return { ...rest, place, of, words: kept.success.words ?? "" }
      if (kept.failure.reason === "unavailable") return yield* kept.failure
    }
    return { ...rest, place, words: personal.hide(aboutWords(fact.id), given) }
  })

const aboutWords = (id: string): string => `words ${id}`
const WHO = "recovery"

/** Fails only with `unavailable`. What can never be read any more says nothing. */
export const openFact = (
  personal: PersonalData,
  stored: StoredOutreachFact | OutreachFact
): Effect.Effect<HeardFact, PersonalDataFailed> =>
  Effect.gen(function* () {
    if (stored.kind === "unsubscribed") return stored
    if (stored.kind === "status") {
      if (!("to" in stored) || stored.to === undefined) return stored
      const { to, ...rest } = stored
      return { ...rest, place: blindAddress(personal, stored.channel, to) }
    }
    if ("from" in stored) {
      const { from, ...rest } = stored
      return { ...rest, place: blindAddress(personal, stored.channel, from) }
    }
    const { of, words, ...rest } = stored
    if (of === undefined) return { ...rest, text: personal.unhide(aboutWords(stored.id), words) ?? "" }
    const opened = yield* Effect.result(personal.open(of, words, { who: WHO, why: `reply ${stored.id}`.slice(0, 512) }))
    if (opened._tag === "Success") return { ...rest, text: opened.success }
    return opened.failure.reason === "unavailable" ? yield* opened.failure : { ...rest, text: "" }
  })
