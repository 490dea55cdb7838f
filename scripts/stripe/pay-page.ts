/**
 * The page that a customer pays on. No card is asked for: a button is what the bank answers.
 */
import type { HttpAnswer } from "../marketplaces/marketplace.ts"
import type { Payment, StripeAccount } from "./account.ts"

const PAGE = "text/html; charset=utf-8"

const buttons: ReadonlyArray<readonly [Payment | "leave", string]> = [
  ["card", "Pay"],
  ["declined", "Pay with a card that is declined"],
  ["later", "Pay by a bank that takes days"],
  ["leave", "Back to the shop"]
]

const isPayment = (text: string | null): text is Payment => text === "card" || text === "declined" || text === "later"

export const payPage = (account: StripeAccount, method: string, url: URL, body: string): HttpAnswer => {
  const id = /^\/pay\/(cs_[A-Za-z0-9_]+)$/.exec(url.pathname)?.[1] ?? ""
  account.expireDue()
  const session = account.sessions.get(id)
  if (session === undefined) return page(404, "There is no such checkout.")
  if (session["status"] !== "open") return page(410, `This checkout is ${String(session["status"])}.`)
  if (method !== "POST") return page(200, form(session))
  const choice = new URLSearchParams(body).get("choice")
  if (choice === "leave") return redirect(String(session["cancel_url"]))
  if (!isPayment(choice) || !account.pay(id, choice)) return page(400, "That cannot be done.")
  if (choice === "declined") return page(200, `<p>The card was declined.</p>${form(session)}`)
  return redirect(String(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", id))
}

const redirect = (location: string): HttpAnswer => ({ status: 303, headers: { location }, body: "" })

const form = (session: Readonly<Record<string, unknown>>): string =>
  `<h1>${escaped(String(session["amount_total"]))} ${escaped(String(session["currency"]).toUpperCase())} (minor units)</h1>
<p>Cart ${escaped(String(session["client_reference_id"]))}</p>
<form method="post">${buttons.map(([choice, label]) => `<button name="choice" value="${choice}">${label}</button>`).join(" ")}</form>`

const page = (status: number, content: string): HttpAnswer => ({
  status,
  headers: { "content-type": PAGE },
  body: `<!doctype html><html lang="en"><head><title>Local checkout</title></head><body>${content}</body></html>`
})

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
