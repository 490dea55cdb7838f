/**
 * The addresses of carts, customers, what is said to them, and what they pay.
 */
import { CART_REQUEST } from "../../access/request-action.ts"
import type { CartRoutes } from "./carts.ts"
import { type Entry, PUBLIC } from "./entry.ts"
import type { HttpServices } from "./routes.ts"

export const customerEntries = ({ customers, personalData, recovery }: HttpServices): ReadonlyArray<Entry> => [
  [
    "get",
    "/v1/customers/:customer",
    "customers.read",
    (_request, respond, customer) => customers.get(respond, customer)
  ],
  [
    "post",
    "/v1/customers/:customer/requests",
    "customers.request",
    (request, respond, customer) => customers.request(request, respond, customer)
  ],
  [
    "post",
    "/v1/customers/:customer/personal-data/export",
    "personal-data.export",
    (request, respond, name) => personalData.export(request, respond, name)
  ],
  [
    "post",
    "/v1/customers/:customer/personal-data/erase",
    "personal-data.erase",
    (request, respond, name) => personalData.erase(request, respond, name)
  ],
  [
    "get",
    "/v1/customers/:customer/personal-data/accesses",
    "personal-data.accesses",
    (_request, respond, name) => personalData.accesses(respond, name)
  ],
  [
    "get",
    "/v1/customers/:customer/timeline",
    "customers.read",
    (request, respond, customer) => recovery.timeline(request, respond, customer)
  ]
]

export const recoveryEntries = ({ recovery, recoverySettings }: HttpServices): ReadonlyArray<Entry> => [
  ["get", "/v1/recovery/settings", "recovery.read", (request, respond) => recoverySettings.get(request, respond)],
  ["post", "/v1/recovery/settings", "recovery.configure", (request, respond) => recoverySettings.set(request, respond)],
  ["put", "/v1/recovery/settings", "recovery.configure", (request, respond) => recoverySettings.set(request, respond)],
  [
    "get",
    "/v1/recovery/settings/versions",
    "recovery.read",
    (request, respond) => recoverySettings.versions(request, respond)
  ],
  ["post", "/v1/recovery/preview", "recovery.read", (request, respond) => recoverySettings.preview(request, respond)],
  ["get", "/v1/recovery/figures", "recovery.read", (request, respond) => recovery.figures(request, respond)],
  ["get", "/v1/recovery/budget", "recovery.read", (request, respond) => recovery.budget(request, respond)],
  ["get", "/v1/recovery/queue", "recovery.read", (request, respond) => recovery.queue(request, respond)],
  ["get", "/v1/recovery/suppressed", "recovery.read", (request, respond) => recovery.suppressed(request, respond)]
]

export const paymentEntries = ({ payments, links }: HttpServices): ReadonlyArray<Entry> => [
  // Stripe signs what it tells; a checkout's end and the links in messages are for customers, who have no account here.
  ["post", "/v1/payments/stripe/webhooks", PUBLIC, (request, respond) => payments.webhook(request, respond)],
  [
    "post",
    "/v1/carts/:cart/payment-link",
    "carts.request",
    (request, respond, cart) => payments.link(request, respond, cart)
  ],
  ["get", "/v1/payments/:payment", "payments.read", (_request, respond, payment) => payments.get(respond, payment)],
  [
    "post",
    "/v1/payments/:payment/refund",
    "payments.refund",
    (_request, respond, payment) => payments.refund(respond, payment)
  ],
  ["get", "/v1/checkout/return", PUBLIC, (request, respond) => payments.returned(request, respond)],
  ["get", "/c/:token", PUBLIC, (_request, respond, token) => links.open(respond, token)],
  ["post", "/c/:token", PUBLIC, (request, respond, token) => links.press(request, respond, token)]
]

export const cartEntries = (carts: CartRoutes): ReadonlyArray<Entry> => [
  ["get", "/v1/carts/:cart", "carts.read", (_request, respond, cart) => carts.get(respond, cart)],
  ["post", "/v1/carts/:cart/requests", CART_REQUEST, (request, respond, cart) => carts.request(request, respond, cart)],
  ["post", "/v1/carts/:cart/facts", "carts.fact", (request, respond, cart) => carts.facts(request, respond, cart)],
  ["get", "/v1/promotions/:code", "promotions.read", (_request, respond, code) => carts.promotion(respond, code)],
  [
    "post",
    "/v1/promotions/:code",
    "promotions.configure",
    (request, respond, code) => carts.setPromotion(request, respond, code)
  ],
  ["get", "/v1/cart-policy", "carts.read", (_request, respond) => carts.policy(respond)],
  ["post", "/v1/cart-policy", "carts.configure", (request, respond) => carts.setPolicy(request, respond)]
]
