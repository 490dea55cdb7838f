/**
 * What Stripe asks of a Checkout Session beyond the types: how long it lives, how much it is about.
 */

export interface SessionForm {
  readonly mode?: string
  readonly success_url: string
  readonly cancel_url?: string
  readonly client_reference_id?: string
  readonly customer_email?: string
  readonly expires_at?: number
  readonly metadata?: Readonly<Record<string, string>>
  readonly payment_intent_data?: { readonly metadata?: Readonly<Record<string, string>> }
  readonly line_items?: ReadonlyArray<{
    readonly quantity?: number
    readonly price_data: { readonly currency: string; readonly unit_amount?: number }
  }>
  readonly shipping_options?: ReadonlyArray<{
    readonly shipping_rate_data?: { readonly fixed_amount?: { readonly amount: number; readonly currency: string } }
  }>
}

export interface FormError {
  readonly type: "invalid_request_error"
  readonly code?: string
  readonly param?: string
  readonly message: string
}

const MINUTE = 60
const LIFE_SECONDS_MIN = 30 * MINUTE
const LIFE_SECONDS_MAX = 24 * 60 * MINUTE
const ITEMS_MAX = 100
const METADATA_VALUE_LENGTH_MAX = 500
const REFERENCE_LENGTH_MAX = 200
/** Stripe's smallest amounts. */
const AMOUNT_MIN: Readonly<Record<string, number>> = { gbp: 30, eur: 50, usd: 50, jpy: 50, sek: 300 }

export const lineAmounts = ({ line_items: items = [], shipping_options: options = [] }: SessionForm) => {
  const subtotal = items.reduce(
    (sum, { quantity = 1, price_data: price }) => sum + quantity * (price.unit_amount ?? 0),
    0
  )
  const shipping = options[0]?.shipping_rate_data?.fixed_amount?.amount ?? 0
  return { subtotal, shipping, total: subtotal + shipping }
}

export const wrongInSession = (form: SessionForm, nowMs: number): FormError | undefined => {
  const wrong = (param: string, message: string, code?: string): FormError => ({
    type: "invalid_request_error",
    param,
    message,
    ...(code === undefined ? {} : { code })
  })
  const { line_items: items = [], expires_at: expiresAt, customer_email: email } = form
  if (form.mode !== "payment") return wrong("mode", "You must provide `mode`; this server knows payment only.")
  if (items.length === 0) return wrong("line_items", "The `line_items` parameter is required in payment mode.")
  if (items.length > ITEMS_MAX) return wrong("line_items", "There is a maximum of 100 line items.")
  if (items.some(({ price_data: price }) => (price.unit_amount ?? -1) < 0)) {
    return wrong(
      "line_items[0][price_data][unit_amount]",
      "This value must be greater than or equal to 0.",
      "parameter_invalid_integer"
    )
  }
  if (new Set(items.map((item) => item.price_data.currency)).size > 1)
    return wrong("line_items", "All prices must have the same currency.")
  const lives = expiresAt === undefined ? LIFE_SECONDS_MAX : expiresAt - nowMs / 1_000
  if (lives < LIFE_SECONDS_MIN || lives > LIFE_SECONDS_MAX) {
    return wrong(
      "expires_at",
      "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session creation."
    )
  }
  if (email !== undefined && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) {
    return wrong("customer_email", `Invalid email address: ${email}`, "email_invalid")
  }
  const { total } = lineAmounts(form)
  const least = AMOUNT_MIN[items[0]?.price_data.currency ?? ""] ?? 1
  if (total < least)
    return wrong("line_items", "The Checkout Session's total amount due must be more.", "amount_too_small")
  const values = Object.values({ ...form.metadata, ...form.payment_intent_data?.metadata })
  if (values.some((value) => value.length > METADATA_VALUE_LENGTH_MAX))
    return wrong("metadata", "Metadata values can have up to 500 characters.")
  if ((form.client_reference_id?.length ?? 0) > REFERENCE_LENGTH_MAX)
    return wrong("client_reference_id", "At most 200 characters.")
  return undefined
}
