/**
 * The one place that speaks with Stripe: its own SDK, with what it leaves open settled.
 *
 * The SDK tries again after a lost connection, a conflict and a 5xx, with the same idempotency key and growing waits. It
 * does not after 429, so that is done here, as often and as patiently. Failures are sorted by what the caller can do.
 * Messages hold no key, no address of a customer, and nothing of Stripe's own text that may quote them.
 */
import { Effect, Schedule, Schema } from "effect"
import { Stripe } from "stripe"
import type { PaymentsConfig } from "../../config/payments.ts"

/**
 * `refused`: the same again would be refused again. `unauthorized`: the key does not do. `throttled`, `unavailable`: later;
 * what was asked may have been done, and asking again with the same key is safe.
 */
export class StripeFailed extends Schema.TaggedError<StripeFailed>()("StripeFailed", {
  reason: Schema.Literals(["refused", "unauthorized", "throttled", "unavailable"]),
  /** Stripe's own code, such as `amount_too_small`. */
  code: Schema.String,
  message: Schema.String
}) {}

/** After the first try: some 0.5, 1 and 2 seconds apart. A checkout that takes longer is one the customer has left. */
const RETRIES_MAX = 3
const THROTTLED_WAIT = "500 millis"

export type StripeCall = <A extends { readonly object: string }>(
  ask: (stripe: Stripe) => Promise<A>
) => Effect.Effect<A, StripeFailed>

export const stripeClient = ({ secretKey, api, timeoutMs }: PaymentsConfig): Stripe =>
  new Stripe(secretKey, {
    ...api,
    timeout: timeoutMs,
    maxNetworkRetries: RETRIES_MAX,
    // Figures of earlier calls, sent along with later ones: nothing of the hub's business needs them.
    telemetry: false,
    appInfo: { name: "holdfast" }
  })

const patience = Schedule.exponential(THROTTLED_WAIT).pipe(
  Schedule.jittered,
  Schedule.upTo({ times: RETRIES_MAX }),
  Schedule.setInputType<StripeFailed>(),
  Schedule.while(({ input }) => input.reason === "throttled")
)

export const stripeCall =
  (stripe: Stripe): StripeCall =>
  (ask) =>
    Effect.tryPromise({ try: () => ask(stripe), catch: failureOf }).pipe(
      // What stands between may answer an error as JSON of its own, which the SDK takes for what was asked for.
      Effect.filterOrFail(
        (answer) => typeof answer.object === "string",
        () => unreadable
      ),
      Effect.retry(patience)
    )

const unreadable = new StripeFailed({
  reason: "unavailable",
  code: "unreadable",
  message: "Stripe's answer cannot be read; try again in a moment."
})

const failureOf = (cause: unknown): StripeFailed => {
  const failed = (reason: StripeFailed["reason"], code: string, message: string) =>
    new StripeFailed({ reason, code, message })
  if (!(cause instanceof Stripe.errors.StripeError)) return unreadable
  const code = cause.code ?? cause.rawType ?? "unknown"
  switch (cause.type) {
    case "StripeRateLimitError":
      return failed("throttled", code, "Stripe takes no more calls now; try again in a moment.")
    case "StripeAuthenticationError":
    case "StripePermissionError":
      return failed(
        "unauthorized",
        code,
        "Stripe does not take the key, or it may not do this: look at STRIPE_SECRET_KEY."
      )
    case "StripeInvalidRequestError":
    case "StripeIdempotencyError":
    case "StripeCardError":
      return failed(
        "refused",
        code,
        `Stripe refused it (${code}${cause.param === undefined ? "" : `, ${cause.param}`}).`
      )
    case "StripeConnectionError":
      return failed("unavailable", "no_connection", "Stripe cannot be reached; try again in a moment.")
    default:
      return failed("unavailable", code, `Stripe answered ${cause.statusCode ?? "nothing"}; try again in a moment.`)
  }
}
