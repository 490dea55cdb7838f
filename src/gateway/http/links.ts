/**
 * Links in messages over HTTP: `GET /c/<token>` shows, `POST` holds the stock and goes on to payment.
 */
import { Effect } from "effect"
import { LINK_PRESSES_PER_SECOND_MAX } from "../../../config/recovery.ts"
import type { LinkAnswer, LinkDesk } from "../../recovery/link-desk.ts"
import { linkPage, TOO_OFTEN, TOTAL_FIELD } from "../../recovery/link-page.ts"
import { RateLimiter } from "../rate-limit.ts"
import type { Request, Response } from "../serving.ts"
import type { Respond } from "./stock.ts"

export interface LinkServices {
  /** `undefined`: messages lead to the shop's own page. */
  readonly desk: LinkDesk | undefined
  readonly shopName: string | undefined
  readonly run: (effect: Effect.Effect<void>) => void
}

export class LinkRoutes {
  private readonly services: LinkServices
  /** By attempt: whoever has a link may press it, and not all the time. */
  private readonly limiter = new RateLimiter({ requestsPerSecond: LINK_PRESSES_PER_SECOND_MAX })

  constructor(services: LinkServices) {
    this.services = services
  }

  open(respond: Respond, token: string | undefined): void {
    respond(this.responseOf(this.services.desk?.open(token ?? "") ?? { type: "unknown" }))
  }

  press({ body, receivedAtMs }: Request, respond: Respond, token = ""): void {
    const { desk, run } = this.services
    const attemptId = desk?.attemptOf(token)
    if (desk === undefined || attemptId === undefined) return respond(this.responseOf({ type: "unknown" }))
    if (!this.limiter.take(attemptId, receivedAtMs)) return respond(html(429, TOO_OFTEN))
    run(
      Effect.map(desk.press(token, { receivedAtMs, shownMinor: shownIn(body) }), (answer) =>
        respond(this.responseOf(answer))
      )
    )
  }

  private responseOf(answer: LinkAnswer): Response {
    if (answer.type === "pay") return { ...html(303, ""), headers: { ...CAREFULLY, location: answer.url } }
    const { html: content, status } = linkPage(answer, this.services.shopName)
    return html(status, content)
  }
}

/** What the page had shown, as its form says it. */
const shownIn = (body: Uint8Array | undefined): number | undefined => {
  if (body === undefined || body.byteLength > FORM_BYTES_MAX) return undefined
  const total = new URLSearchParams(new TextDecoder().decode(body)).get(TOTAL_FIELD)
  return total !== null && /^\d{1,15}$/.test(total) ? Number(total) : undefined
}

/** One number and its name; whatever else comes is not the page's form. */
const FORM_BYTES_MAX = 256

/** The address is a key to a cart: no page learns it from here, none is kept, and none may put this one into a frame. */
const CAREFULLY = {
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "x-robots-tag": "noindex",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
}

const html = (status: number, body: string): Response => ({
  status,
  contentType: "text/html; charset=utf-8",
  body,
  headers: CAREFULLY
})
