/**
 * The page behind a link in a message: the cart with one button, or one sentence and the way to the shop. Plain HTML
 * without a script, so that it is there at once on any phone.
 */
import type { LinkAnswer } from "./link-desk.ts"

export interface LinkPage {
  readonly status: number
  readonly html: string
}

type Shown = Exclude<LinkAnswer, { readonly type: "pay" }>

const statuses: Readonly<Record<Shown["type"], number>> = {
  cart: 200,
  unknown: 404,
  "too-old": 410,
  bought: 200,
  moved: 200,
  empty: 200,
  changed: 200,
  "sold-out": 200,
  later: 503
}

/** `shop`: its name, where it has told one. */
export const linkPage = (answer: Shown, shop: string | undefined): LinkPage => ({
  status: statuses[answer.type],
  html: framed(shop, answer.type === "cart" ? cartPart(answer) : sentencePart(answer))
})

/** Of the form: what was shown is what may be paid. */
export const TOTAL_FIELD = "total"

export const TOO_OFTEN: LinkPage["html"] = "Too many tries; wait a few seconds and open the link again."

const titles: Readonly<Record<Exclude<Shown["type"], "cart">, readonly [title: string, sentence: string]>> = {
  unknown: ["This link does not work", "It is not whole, or none of ours: open it as it stands in the message."],
  "too-old": ["This link is too old", "Your cart may still be there."],
  bought: ["Already bought", "This cart has been paid for, or is being paid right now. There is nothing left to do."],
  moved: ["Your cart has moved", "What was in it is in your other cart."],
  empty: ["Your cart is empty", "There is nothing in it any more."],
  changed: ["Your cart has changed", "It is not what it was when we wrote to you. Look it over before you pay."],
  "sold-out": ["Sold out", "Not there any more, or not enough of it:"],
  later: ["Not possible right now", "Nothing was charged. Try again in a moment."]
}

const sentencePart = (answer: Exclude<Shown, { readonly type: "cart" }>): string => {
  const [title, sentence] = titles[answer.type]
  const missing = answer.type === "sold-out" ? list(answer.missing.map(escaped)) : ""
  const back = "cartUrl" in answer && answer.type !== "bought" ? wayToShop(answer.cartUrl) : ""
  return `<h1>${title}</h1><p>${sentence}</p>${missing}${back}`
}

const cartPart = ({ cart, cartUrl, offer }: Extract<Shown, { readonly type: "cart" }>): string => {
  const { currency = "", lines, totals } = cart
  const goods = lines.map(({ name, quantity, sku }) => `${quantity} × ${escaped(name ?? sku)}`)
  const said = offer === undefined ? "" : `<p>${offerSentence(offer, currency)}</p>`
  return `<h1>Your cart</h1>${list(goods)}${said}<p><strong>${escaped(amount(totals.totalMinor, currency))}</strong></p>
<form method="post"><input type="hidden" name="${TOTAL_FIELD}" value="${totals.totalMinor}"><button>Go to payment</button></form>${wayToShop(cartUrl)}`
}

const offerSentence = (
  { standing, takenOffMinor }: NonNullable<Extract<Shown, { readonly type: "cart" }>["offer"]>,
  currency: string
): string => {
  switch (standing) {
    case "holds":
      return takenOffMinor === 0
        ? "With our offer, once it is known what shipping costs."
        : `With our offer, ${escaped(amount(takenOffMinor, currency))} off:`
    case "idle":
      return "The offer in our message takes nothing off this cart."
    case "over":
      return "The offer in our message has ended. This is the price without it:"
  }
}

const list = (items: ReadonlyArray<string>): string => `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`

const wayToShop = (cartUrl: string): string => `<p><a href="${escaped(cartUrl)}">Look at your cart in the shop</a></p>`

const amount = (minor: number, currency: string): string => {
  const format = new Intl.NumberFormat("en", { style: "currency", currency })
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

const STYLE =
  "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:2rem auto;padding:0 1rem}button{font:inherit;padding:.7rem 1.4rem;border:0;border-radius:.4rem;background:#1a5fb4;color:#fff}"

const framed = (shop: string | undefined, content: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${escaped(shop ?? "Your cart")}</title><style>${STYLE}</style></head><body>${shop === undefined ? "" : `<p>${escaped(shop)}</p>`}${content}</body></html>`

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
