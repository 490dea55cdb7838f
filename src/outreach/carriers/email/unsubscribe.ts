/**
 * Unsubscribing with one click (RFC 8058): the address in an e-mail's header carries a token that only this hub can make,
 * and a POST to it unsubscribes with no question asked. A GET only shows a button, because mail scanners open links.
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import type { Incoming, IncomingRequest, Received } from "../../outreach.ts"

export interface Subscription {
  readonly customerId: string
  readonly attemptId: string
}

const TOKEN_LENGTH_MAX = 1_024
/** What a mail program posts. */
const ONE_CLICK = "One-Click"

const signatureOf = (secret: string, content: string): Buffer =>
  createHmac("sha256", secret).update(`unsubscribe.${content}`).digest()

/** It holds no address, and never ends: a law that lets people leave sets no date. */
export const unsubscribeToken = (secret: string, { customerId, attemptId }: Subscription): string => {
  const content = Buffer.from(JSON.stringify([customerId, attemptId])).toString("base64url")
  return `${content}.${signatureOf(secret, content).toString("base64url")}`
}

/** `undefined` when it is not one of ours. */
export const readUnsubscribeToken = (secret: string, token: string): Subscription | undefined => {
  if (token.length > TOKEN_LENGTH_MAX) return undefined
  const [content = "", signature = "", ...more] = token.split(".")
  const given = Buffer.from(signature, "base64url")
  const expected = signatureOf(secret, content)
  if (more.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  const [customerId, attemptId] = JSON.parse(Buffer.from(content, "base64url").toString("utf8")) as [string, string]
  return { customerId, attemptId }
}

export const receiveUnsubscribe = (
  { name, secret }: { readonly name: string; readonly secret: string },
  what: Incoming,
  request: IncomingRequest
): Received => {
  if (what !== "unsubscribe") return { type: "refused", status: 404, message: "E-mail takes only .../unsubscribe." }
  const given = new URLSearchParams(request.search).getAll("token")
  const subscription = given.length === 1 ? readUnsubscribeToken(secret, given[0] as string) : undefined
  if (subscription === undefined) {
    const message = "The token is not one of ours: use the link as it stands in the e-mail."
    return { type: "refused", status: 403, message }
  }
  if (request.method === "get") return { type: "answer", answer: html(button) }
  const form = new URLSearchParams(Buffer.from(request.body).toString("utf8"))
  if (form.get("List-Unsubscribe") !== ONE_CLICK) {
    return { type: "refused", status: 400, message: `Post List-Unsubscribe=${ONE_CLICK}, as RFC 8058 has it.` }
  }
  const { customerId, attemptId } = subscription
  return {
    type: "facts",
    facts: [
      {
        kind: "unsubscribed",
        id: `${name}:${attemptId}:unsubscribed`,
        carrier: name,
        channel: "email",
        customerId,
        attemptId,
        atMs: request.receivedAtMs
      }
    ],
    answer: html("<p>You get no more of these e-mails.</p>")
  }
}

const button = `<p>Do you want no more of these e-mails?</p><form method="post"><input type="hidden" name="List-Unsubscribe" value="${ONE_CLICK}"><button>Unsubscribe</button></form>`

const html = (body: string) => ({
  contentType: "text/html; charset=utf-8",
  body: `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>E-mails</title><body>${body}</body></html>`
})
