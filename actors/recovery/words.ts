/**
 * What a customer's message says about being written to at all: stop, start, help, or nothing of the kind.
 *
 * Two readings. The whole message is one of the words that carriers know (whatever the case, the punctuation and the
 * politeness around it): STOP, "stop please". Or it says in a sentence that no more messages are wanted: "please dont text
 * me again". A sentence about something else that has such a word in it ("don't stop the order", "cancel my order") is
 * neither. Read alike on every channel.
 *
 * W1 Of an opt-out and a doubt the opt-out wins only where the sentence is about messages; in the rest a person reads it,
 * because every answer ends the sequence anyway. W2 Sentences are read in English; in French, Spanish, Portuguese, German
 * and Dutch the words and the commonest sentences.
 */
import { refusesMessages } from "./refusals.ts"

export type WordKind = "stop" | "start" | "help"

export interface Word {
  readonly kind: WordKind
  /** A carrier's word answers for itself; a sentence was understood. */
  readonly by: "word" | "sentence"
}

const STOP_WORDS = new Set(
  (
    "stop|stopall|stop all|unsubscribe|unsub|cancel|end|quit|revoke|optout|opt out|remove|arret|arrete|alto|parar|baja|" +
    "cancelar|desuscribir|abmelden|abbestellen|stopp|afmelden|desinscrire"
  ).split("|")
)
const START_WORDS = new Set("start|unstop|subscribe|resubscribe|opt in|optin|opt back in".split("|"))
/** Only for somebody who has opted out: in a conversation it agrees to something else. */
const START_IF_OUT = new Set(["yes", "yes please"])
const HELP_WORDS = new Set("help|info|aide|ayuda|hilfe|ajuda".split("|"))

/** Words beside a stop that change nothing about it. */
const POLITE = new Set(
  (
    "please pls plz pleas thanks thank thx ty you u ok okay hi hello hey sorry now immediately right away already just the a " +
    "this it it's these all everything again guys sir madam team dear omg ffs lol seriously i said want would like to " +
    "need can could will kindly and so enough " +
    "bitte danke svp merci favor gracias"
  ).split(" ")
)

/** As long as a text can be. Longer ones are letters, and a person reads them. */
const READ_LENGTH_MAX = 1_600

/** `isOptedOut`: whether the customer is. */
export const wordOf = (text: string, isOptedOut: boolean): Word | undefined => {
  const plain = plainOf(text)
  if (plain === "") return undefined
  if (STOP_WORDS.has(plain)) return { kind: "stop", by: "word" }
  if (START_WORDS.has(plain) || (isOptedOut && START_IF_OUT.has(plain))) return { kind: "start", by: "word" }
  if (HELP_WORDS.has(plain)) return { kind: "help", by: "word" }
  if (isPoliteStop(plain)) return { kind: "stop", by: "word" }
  return plain.length <= READ_LENGTH_MAX && saysStop(plain) ? { kind: "stop", by: "sentence" } : undefined
}

/** Small letters without accents, apostrophes, invisible characters or decoration; full stops and commas as `,`. */
export const plainOf = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(/[\p{M}\p{Cf}]/gu, "")
    .toLowerCase()
    .replace(/['’‘`´]/gu, "")
    .replace(/[.,;:!?\n\r]+| [-–—]+ /gu, ",")
    .replace(/[^\p{L}\p{N},]+/gu, " ")
    .replace(/(?:\s*,\s*)+/gu, ", ")
    .replace(/^[\s,]+|[\s,]+$/gu, "")
    // S T O P
    .replace(/^(?:\p{L} )+\p{L}$/u, (letters) => letters.replaceAll(" ", ""))

/** Nothing but the word, perhaps twice, and politeness. "End" and "cancel" may end something else and stand alone. */
const isPoliteStop = (plain: string): boolean => {
  const words = plain.replaceAll(",", "").split(" ")
  const others = words.filter((word) => !POLITE.has(word))
  return (
    others.length > 0 &&
    others.every((word) => /^(?:s+t+o+p+|stopall|unsub\w*|optout|arretez|arrete|basta|alto)$/.test(word))
  )
}

/** "You write too much, stop": one part of it says nothing else. */
const saysStop = (plain: string): boolean => plain.split(", ").some(isPoliteStop) || refusesMessages(plain)
