/**
 * Who may call which address, beside administrators, who may call them all. Written by hand and not read from the grants:
 * whoever changes a grant or adds an address says here, too, what is meant.
 */
import type { Role } from "../../actors/access/actions.ts"

/** `public`: without being known at all; `anybody`: whoever is known; `each-field`: the same, and each field asks. */
export type Expected = "public" | "anybody" | "each-field" | ReadonlyArray<Exclude<Role, "admin">>

const operators = ["operator"] as const
const marketers = ["marketing"] as const
const auditors = ["auditor"] as const
const personal = ["operator", "marketing", "auditor"] as const

export const EXPECTED: Readonly<Record<string, Expected>> = {
  "get /healthz": "public",
  "get /readyz": "public",
  "get /c/:token": "public",
  "post /c/:token": "public",
  "get /v1/checkout/return": "public",
  "post /v1/payments/stripe/webhooks": "public",
  "post /v1/channels/:channel/webhooks": "public",
  "post /v1/channels/:channel/webhooks/:topic": "public",
  "get /v1/outreach/:carrier/inbound": "public",
  "post /v1/outreach/:carrier/inbound": "public",
  "get /v1/outreach/:carrier/status": "public",
  "post /v1/outreach/:carrier/status": "public",
  "get /v1/outreach/:carrier/unsubscribe": "public",
  "post /v1/outreach/:carrier/unsubscribe": "public",
  "get /graphql": "each-field",
  "post /graphql": "each-field",
  "get /metrics": "anybody",
  "get /v1/status": "anybody",
  "get /v1/stock": "anybody",
  "get /v1/stock/:sku": "anybody",
  "get /v1/stock/:sku/ledger": "anybody",
  "get /v1/incidents": "anybody",
  "get /v1/alerts": "anybody",
  "get /v1/dead-letters": "anybody",
  "get /v1/channels": "anybody",
  "get /v1/channels/:channel/listings": "anybody",
  "get /v1/channels/:channel/unmapped": "anybody",
  "get /v1/channels/:channel/held": "anybody",
  "get /v1/channels/:channel/dead-letters": "anybody",
  "get /v1/carts/:cart": "anybody",
  "get /v1/promotions/:code": "anybody",
  "get /v1/cart-policy": "anybody",
  "get /v1/payments/:payment": "anybody",
  "get /v1/recovery/figures": "anybody",
  "get /v1/recovery/budget": "anybody",
  "get /v1/recovery/queue": "anybody",
  "get /v1/recovery/suppressed": "anybody",
  "get /v1/recovery/settings": "anybody",
  "get /v1/recovery/settings/versions": "anybody",
  "post /v1/recovery/preview": "anybody",
  "post /v1/leakage": "anybody",
  "post /v1/stock/requests": operators,
  "post /v1/stock/:sku/requests": operators,
  "post /v1/stock/:sku/facts": operators,
  "post /api/inventory/sync-stock": operators,
  "post /v1/carts/:cart/requests": operators,
  "post /v1/carts/:cart/facts": operators,
  "post /v1/carts/:cart/payment-link": operators,
  "post /v1/incidents/:id/resolution": operators,
  "post /v1/channels/:channel/mappings": operators,
  "post /v1/channels/:channel/mappings/by-sku": operators,
  "post /v1/channels/:channel/dead-letters/redrive": operators,
  "post /v1/channels/:channel/dead-letters/discard": operators,
  "post /v1/channels/:channel/shipments": operators,
  "post /v1/channels/:channel/reconcile": operators,
  "post /v1/channels/:channel/resume": operators,
  "post /v1/payments/:payment/refund": operators,
  "post /v1/recovery/settings": marketers,
  "put /v1/recovery/settings": marketers,
  "post /v1/promotions/:code": marketers,
  "post /v1/cart-policy": [],
  "get /v1/customers/:customer": personal,
  "get /v1/customers/:customer/timeline": personal,
  "post /v1/customers/:customer/requests": ["operator", "marketing"],
  "get /v1/customers/:customer/personal-data/accesses": auditors,
  "post /v1/customers/:customer/personal-data/export": [],
  "post /v1/customers/:customer/personal-data/erase": []
}
