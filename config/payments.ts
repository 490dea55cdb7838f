/**
 * Payments by Stripe, from the environment. None set: no payments. Half set or wrong: one sentence that names the variable
 * and never its value.
 */
import { isEncryptedOrHere } from "./address.ts"
import { told } from "./setting.ts"

export interface PaymentsConfig {
  readonly secretKey: string
  /** One, or two while the secret is rotated. */
  readonly webhookSecrets: ReadonlyArray<string>
  /** Where Stripe's API is; a local server for tests and the demo. */
  readonly api: { readonly host: string; readonly port: number; readonly protocol: "https" | "http" }
  /** Where customers reach this hub. */
  readonly publicUrl: string
  /** Where a customer goes after the hub has taken note of the return; without it the hub answers as JSON. */
  readonly returnPage: string | undefined
  readonly timeoutMs: number
}

/** The message names the variable. */
export class WrongPayments extends Error {
  override readonly name = "WrongPayments"
}

const API = "https://api.stripe.com"
const KEY = /^(sk|rk)_(test|live)_[A-Za-z0-9_]{1,250}$/
const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/=_-]{8,250}$/
const WEBHOOK_SECRETS_MAX = 2
/** Checkout answers within a second or two; the rest of the time belongs to the tries that follow. */
const TIMEOUT_MS_DEFAULT = 10_000

const TIMEOUT_MS_MIN = 100
const TIMEOUT_MS_MAX = 80_000

export const paymentSettings = [
  told("STRIPE_SECRET_KEY", "a key that begins with sk_ or rk_", "Payments by Stripe; without it there are none.", {
    secret: true
  }),
  told(
    "STRIPE_WEBHOOK_SECRET",
    "a secret that begins with whsec_, or two with a comma between",
    "What Stripe signs its events with; two while it is rotated. Needed for payments.",
    { secret: true }
  ),
  told("STRIPE_API_URL", "an https address, or http on this machine", "Another Stripe, for tests.", { otherwise: API }),
  told(
    "STRIPE_TIMEOUT_MS",
    `a whole number from ${TIMEOUT_MS_MIN} to ${TIMEOUT_MS_MAX}`,
    "For so long a call to Stripe may go unanswered.",
    { otherwise: String(TIMEOUT_MS_DEFAULT) }
  ),
  told(
    "PUBLIC_URL",
    "an https address, or http on this machine",
    "Where customers reach this hub; needed for payments."
  ),
  told(
    "CHECKOUT_RETURN_PAGE",
    "an https address, or http on this machine",
    "Where a customer goes after a payment; without it the hub answers as JSON."
  )
]

/** A test key takes no money, and only test events are believed with it. */
export const isLiveKey = (secretKey: string): boolean => secretKey.includes("_live_")

/** Throws `WrongPayments`. */
export const readPayments = (environment: NodeJS.ProcessEnv): PaymentsConfig | undefined => {
  const given = (name: string): string | undefined => (environment[name] === "" ? undefined : environment[name])
  const needed = (name: string): string => {
    const value = given(name)
    if (value === undefined) throw new WrongPayments(`STRIPE_SECRET_KEY is set, so ${name} must be set too.`)
    return value
  }
  const secretKey = given("STRIPE_SECRET_KEY")
  if (secretKey === undefined) {
    const lone = ["STRIPE_WEBHOOK_SECRET", "STRIPE_API_URL"].find((name) => given(name) !== undefined)
    if (lone === undefined) return undefined
    throw new WrongPayments(`${lone} is set, so STRIPE_SECRET_KEY must be set too.`)
  }
  if (!KEY.test(secretKey)) {
    throw new WrongPayments("STRIPE_SECRET_KEY must be a secret or restricted key: it begins with sk_ or rk_.")
  }
  const page = given("CHECKOUT_RETURN_PAGE")
  return {
    secretKey,
    webhookSecrets: secretsOf(needed("STRIPE_WEBHOOK_SECRET")),
    api: apiOf(given("STRIPE_API_URL") ?? API, secretKey),
    publicUrl: address("PUBLIC_URL", needed("PUBLIC_URL")).replace(/\/+$/, ""),
    returnPage: page === undefined ? undefined : address("CHECKOUT_RETURN_PAGE", page),
    timeoutMs: timeoutOf(given("STRIPE_TIMEOUT_MS"))
  }
}

const secretsOf = (value: string): ReadonlyArray<string> => {
  const secrets = value.split(",").map((secret) => secret.trim())
  if (secrets.length <= WEBHOOK_SECRETS_MAX && secrets.every((secret) => WEBHOOK_SECRET.test(secret))) return secrets
  throw new WrongPayments(
    "STRIPE_WEBHOOK_SECRET must be the endpoint's signing secret (it begins with whsec_), or two with a comma between."
  )
}

const apiOf = (value: string, secretKey: string): PaymentsConfig["api"] => {
  const url = new URL(address("STRIPE_API_URL", value))
  if (url.protocol === "http:" && isLiveKey(secretKey)) {
    throw new WrongPayments(
      "STRIPE_API_URL is a server of this machine, and STRIPE_SECRET_KEY is a live key: use a test key."
    )
  }
  const protocol = url.protocol === "http:" ? "http" : "https"
  return { host: url.hostname, port: Number(url.port || (protocol === "http" ? 80 : 443)), protocol }
}

const address = (name: string, value: string): string => {
  if (isEncryptedOrHere(value)) return value
  throw new WrongPayments(`${name} must be an https address, or http on this machine.`)
}

const timeoutOf = (value: string | undefined): number => {
  const timeoutMs = value === undefined ? TIMEOUT_MS_DEFAULT : Number(value)
  if (Number.isInteger(timeoutMs) && timeoutMs >= TIMEOUT_MS_MIN && timeoutMs <= TIMEOUT_MS_MAX) return timeoutMs
  throw new WrongPayments(`STRIPE_TIMEOUT_MS must be a whole number from ${TIMEOUT_MS_MIN} to ${TIMEOUT_MS_MAX}.`)
}
