/**
 * How carts are won back, from a file: what is said and where its link leads. The bounds of the customers' host are here too.
 *
 * Everything that is wrong is said in one sentence that names the template and the field.
 */
import { isEncryptedOrHere } from "./address.ts"
import { fieldReader } from "./fields.ts"

/** Recoveries that are decided on in one turn when many are due together; the rest follow in the next. */
export const TURN_DUE_CUSTOMERS_MAX = 512

/**
 * Messages of one channel that are looked after at once: as many as a carrier may have under way (256 at most), and as many again
 * that are composed before their call or told of after it. Each is a fiber and a text, some kilobytes.
 */
export const LANE_STEPS_MAX = 512
/**
 * So long after its journal last took something a hub still calls carriers. With the longest call this is well within the
 * grace time of a hub that took its place meanwhile.
 */
export const OWNED_MS_MAX = 30_000
/** Carts left before a start that are taken up in one go, before others get their turn: a few milliseconds. */
export const LEFT_AT_ONCE_MAX = 1_000

/** Figures are of thirty days unless a period is named, and of thirteen months at most: a year beside the one before. */
export const FIGURES_DAYS_DEFAULT = 30
export const FIGURES_DAYS_MAX = 400
/** Two weeks of budgets unless said otherwise, and two months at most: so long a customer's offers are kept that are over. */
export const BUDGET_DAYS_DEFAULT = 14
export const BUDGET_DAYS_MAX = 62
/** Items of a page that may have addresses: each is opened to be masked, some twenty microseconds. */
export const MASKED_AT_ONCE_MAX = 200
/** A screen or two. */
export const RECOVERY_PAGE_DEFAULT = 50
/** One link pressed by one hand, and again by a hand that is impatient; each may ask Stripe twice. */
export const LINK_PRESSES_PER_SECOND_MAX = 1
const LINK_DAYS_DEFAULT = 7
/** What was sent is remembered for ninety days; nobody pays by an older message than this. */
const LINK_DAYS_MAX = 30
const SHOP_NAME_LENGTH_MAX = 60

export interface RecoveryTemplate {
  /** With `{link}` in it, `{items}` where the cart's first goods are to stand, and `{offer}` for what is offered, if anything is. */
  readonly text: string
  readonly subject: string
  /** Of the same name among a carrier's templates: `1` is the goods, `2` the link. */
  readonly approved: string
}

export interface RecoveryConfig {
  /** The shop's page of a cart; `{cart}`, `{attempt}` and `{offer}` are filled in. */
  readonly cartUrl: string
  /** Where `{link}` leads: to payment by way of the hub, or to `cartUrl`. `undefined`: to payment when there are payments. */
  readonly link: "checkout" | "cart" | undefined
  /** Days from its message on for which a link leads to payment. */
  readonly linkDays: number
  /** Shown above what a link leads to. */
  readonly shopName: string | undefined
  /**
   * By which offers are made until somebody saves other rules, as it stands in the file (`actors/recovery/read-incentives.ts` reads
   * it); `undefined`: none are.
   */
  readonly offers: unknown
  /** What messages say until somebody saves other words: see `src/recovery/seed.ts`. */
  readonly templates: Readonly<Record<string, RecoveryTemplate>>
  /** Where it is to be another than the built-in one: after so long a call that no list shows was never taken. */
  readonly graceMs: number | undefined
}

/** The file does not do; the message says where and what to write instead. */
export class WrongRecovery extends Error {
  override readonly name = "WrongRecovery"
}

const { fieldsOf, numberOf, parsed } = fieldReader((message) => new WrongRecovery(message))

/** Below the minute only a carrier on this machine is sure to list by then what it was given. */
const GRACE_MS_MIN = 1_000
const GRACE_MS_MAX = 30 * 60_000
const TEXT_LENGTH_MAX = 1_000
const SUBJECT_LENGTH_MAX = 150

/** What the built-in sequence says where nobody has other words. */
export const BUILT_IN_TEMPLATES: Readonly<Record<string, RecoveryTemplate>> = {
  reminder: {
    text: "You left {items} in your cart. It is still here: {link} Reply STOP to hear no more.",
    subject: "Your cart is still here",
    approved: "reminder"
  },
  "still-there": {
    text: "Still thinking about {items}? {offer} {link}",
    subject: "Still thinking about it?",
    approved: "still-there"
  },
  "last-call": {
    text: "{items} will not wait for ever. {offer} {link}",
    subject: "Before it is gone",
    approved: "last-call"
  }
}

/** Reads the text of a recovery file. Throws `WrongRecovery`. */
export const readRecovery = (text: string): RecoveryConfig => {
  const fields = parsed(text, "The recovery file")
  const given = fieldsOf(fields["templates"] ?? {}, "The recovery file: templates")
  const unknown = Object.keys(given).find((name) => BUILT_IN_TEMPLATES[name] === undefined)
  if (unknown !== undefined) {
    throw new WrongRecovery(`There is no template ${unknown}; there are ${Object.keys(BUILT_IN_TEMPLATES).join(", ")}.`)
  }
  const templates = Object.entries(BUILT_IN_TEMPLATES).map(([name, otherwise]) => [
    name,
    templateOf(name, given[name], otherwise)
  ])
  const { offers } = fields
  return {
    link: linkIn(fields["link"]),
    linkDays: linkDaysIn(fields["linkDays"] ?? LINK_DAYS_DEFAULT),
    shopName: shopNameIn(fields["shopName"]),
    cartUrl: cartUrlOf(fields["cartUrl"], offers !== undefined),
    offers,
    templates: Object.fromEntries(templates) as RecoveryConfig["templates"],
    graceMs:
      fields["graceMs"] === undefined
        ? undefined
        : numberOf(fields, "graceMs", "The recovery file", GRACE_MS_MIN, GRACE_MS_MIN, GRACE_MS_MAX)
  }
}

const linkIn = (value: unknown): RecoveryConfig["link"] => {
  if (value === undefined || value === "checkout" || value === "cart") return value
  throw new WrongRecovery("The recovery file: link must be checkout or cart.")
}

const linkDaysIn = (value: unknown): number => {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= LINK_DAYS_MAX) return value
  throw new WrongRecovery(`The recovery file: linkDays must be a whole number from 1 to ${LINK_DAYS_MAX}.`)
}

const shopNameIn = (value: unknown): string | undefined => {
  if (value === undefined) return undefined
  if (typeof value === "string" && value.trim() !== "" && value.length <= SHOP_NAME_LENGTH_MAX) return value
  throw new WrongRecovery(`The recovery file: shopName must be a text of at most ${SHOP_NAME_LENGTH_MAX} characters.`)
}

const templateOf = (name: string, value: unknown, otherwise: RecoveryTemplate): RecoveryTemplate => {
  const where = `The template ${name}`
  const fields = fieldsOf(value ?? {}, where)
  const textIn = (field: string, fallback: string, lengthMax: number): string => {
    const text = fields[field] ?? fallback
    if (typeof text === "string" && text.trim() !== "" && text.length <= lengthMax) return text
    throw new WrongRecovery(`${where}: ${field} must be a text of at most ${lengthMax} characters.`)
  }
  const text = textIn("text", otherwise.text, TEXT_LENGTH_MAX)
  if (!text.includes("{link}")) throw new WrongRecovery(`${where}: text must have {link} in it.`)
  return {
    text,
    subject: textIn("subject", otherwise.subject, SUBJECT_LENGTH_MAX),
    approved: textIn("approved", otherwise.approved, 64)
  }
}

const cartUrlOf = (value: unknown, hasOffers: boolean): string => {
  const filled = typeof value === "string" ? value.replaceAll(/\{(cart|attempt|offer)\}/g, "c") : ""
  if (
    typeof value !== "string" ||
    !isEncryptedOrHere(filled) ||
    !value.includes("{cart}") ||
    !value.includes("{attempt}")
  ) {
    throw new WrongRecovery(
      "The recovery file needs cartUrl: the https address of the shop's cart page, with {cart} and {attempt} in it."
    )
  }
  if (hasOffers && !value.includes("{offer}")) {
    throw new WrongRecovery(
      "The recovery file makes offers: its cartUrl needs {offer} in it, where the code is to stand."
    )
  }
  return value
}
