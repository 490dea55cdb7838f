/**
 * Promotions and the carts' policy as a merchant sends them, with what stands for what was left out.
 */
import { type Policy, defaultPolicy } from "../../actors/cart/policy.ts"
import type { SetPolicy, SetPromotion } from "../../actors/cart/commands.ts"
import type { Promotion } from "../../actors/cart/promotions.ts"
import * as Limits from "../../config/carts.ts"
import { decodeBySchema } from "../gateway/decode-by-schema.ts"
import { type Decoded, decodeName, defined } from "../gateway/decode.ts"
import { PolicyChange, Promotion as PromotionBody } from "../gateway/openapi/cart-settings-bodies.ts"

export const decodePromotion = (name: string, body: unknown): Decoded<SetPromotion> => {
  const code = decodeName(name, "code", Limits.CODE_LENGTH_MAX)
  if (!code.ok) return code
  const decoded = decodeBySchema(PromotionBody, body)
  if (!decoded.ok) return decoded
  const { mutationId, ...fields } = decoded.value
  return { ok: true, value: { type: "promotion", mutationId, promotion: promotionOf(code.value, fields) } }
}

const momentOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text))

/** What is of another kind is left out: one content is one text. */
const promotionOf = (code: string, fields: Omit<typeof PromotionBody.Type, "mutationId">): Promotion => {
  const { amountMinor, automatic = false, basisPoints, isActive = true, kind, stackable = false } = fields
  return defined({
    code,
    kind,
    basisPoints: kind === "percentage" ? basisPoints : undefined,
    amountMinor: kind === "amount" ? amountMinor : undefined,
    currency: fields.currency,
    minimumMinor: fields.minimumMinor,
    startsAt: momentOf(fields.startsAt),
    endsAt: momentOf(fields.endsAt),
    usesMax: fields.usesMax,
    usesPerCustomerMax: fields.usesPerCustomerMax,
    customerId: fields.customerId,
    skus: fields.skus,
    stackable,
    automatic,
    isActive
  }) as Promotion
}

/** What is left out is as if it had never been set. */
export const decodePolicy = (body: unknown): Decoded<SetPolicy> => {
  const decoded = decodeBySchema(PolicyChange, body)
  if (!decoded.ok) return decoded
  const { mutationId, ...fields } = decoded.value
  return { ok: true, value: { type: "policy", mutationId, policy: policyOf(fields) } }
}

const policyOf = (fields: Omit<typeof PolicyChange.Type, "mutationId">): Policy => ({
  ...(fields.shortOrders === undefined ? {} : { shortOrders: fields.shortOrders }),
  shipping: (fields.shipping ?? []).map((row) =>
    defined({
      method: row.method,
      countries: row.countries,
      currency: row.currency,
      baseMinor: row.baseMinor ?? 0,
      perItemMinor: row.perItemMinor ?? 0,
      freeFromMinor: row.freeFromMinor
    })
  ) as Policy["shipping"],
  tax: (fields.tax ?? []).map((row) =>
    defined({
      country: row.country,
      region: row.region,
      basisPoints: row.basisPoints,
      isIncluded: row.isIncluded ?? false,
      onShipping: row.onShipping ?? false
    })
  ) as Policy["tax"],
  leftCheckoutMs: fields.leftCheckoutMs ?? defaultPolicy.leftCheckoutMs,
  idleCartMs: fields.idleCartMs ?? defaultPolicy.idleCartMs,
  idleRules: fields.idleRules ?? [],
  checkoutHoldMs: fields.checkoutHoldMs ?? defaultPolicy.checkoutHoldMs
})
